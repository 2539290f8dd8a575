"""Who and by which command, as an entry records it: addresses sealed, secrets left out (DESIGN §3, §7)."""

from typing import Any

import msgspec

from muniment.commands.keys import Sealer
from muniment.commands.task import Task
from muniment.domain.caller import Caller
from muniment.domain.ledger import Actor, Cause, Fact
from muniment.domain.sealing import AGENT, SOURCE, owner_of_actor


def sealed_actor(sealer: Sealer, caller: Caller, now: int) -> Actor:
    """The caller as entries keep it: source address and user agent are ciphertext under its own data key."""
    if not (caller.address or caller.agent):
        return caller.actor
    owner = owner_of_actor(caller.actor, now)
    return msgspec.structs.replace(
        caller.actor,
        source=sealer.seal(owner, SOURCE, caller.address.encode()) if caller.address else None,
        agent=sealer.seal(owner, AGENT, caller.agent.encode()) if caller.agent else None,
    )


def cause(task: Task, fact: Fact | None) -> Cause:
    """The command, and those of its public parameters that the fact does not already carry."""
    return Cause(
        task.command.action(),
        task.context.request_id,
        task.context.correlation,
        _not_carried(task.public, fact),
        task.key,
        task.body if task.key else b"",
    )


def _not_carried(public: dict[str, Any], fact: Fact | None) -> dict[str, Any]:
    carried = () if fact is None else fact.__struct_fields__
    return {
        _pascal(name): msgspec.to_builtins(value)
        for name, value in public.items()
        if name not in carried or getattr(fact, name) != value
    }


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
