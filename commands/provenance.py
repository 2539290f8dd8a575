"""Who and by which command, as an entry records it: addresses sealed, secrets left out (DESIGN §3, §7)."""

import time
from typing import Any

import msgspec
from muniment.commands.keys import Sealer
from muniment.commands.task import Task
from muniment.domain import ids
from muniment.domain.caller import Caller
from muniment.domain.ledger import Actor, Cause, Fact


def owner_of(actor: Actor, now: int) -> str:
    """Whose data key seals what is personal about this actor: its own, or the month's for nobody (DESIGN §7)."""
    if actor.account == ids.NOBODY:
        return f"activity.{ids.NOBODY}/{time.strftime('%Y-%m', time.gmtime(now / 1_000_000))}"
    return f"account.{actor.account}/{actor.id.split(':', 1)[0]}"


def sealed_actor(sealer: Sealer, caller: Caller, now: int) -> Actor:
    """The caller as entries keep it: source address and user agent are ciphertext under its own data key."""
    if not (caller.address or caller.agent):
        return caller.actor
    owner = owner_of(caller.actor, now)
    return msgspec.structs.replace(
        caller.actor,
        source=sealer.seal(owner, "source", caller.address.encode()) if caller.address else None,
        agent=sealer.seal(owner, "agent", caller.agent.encode()) if caller.agent else None,
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
