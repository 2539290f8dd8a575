"""`muniment erase`: ends everything that was sealed for one principal."""

from typing import Annotated

import msgspec
import typer
from rich.console import Console

from muniment.commands.drawn import uuid7
from muniment.commands.muniment.erasure import ErasePrincipal
from muniment.commands.task import Context
from muniment.domain import arn, ids
from muniment.domain.account.state import Account
from muniment.domain.sealing import owner
from muniment.ops.cli.options import AsJSON, Data, Nats, NatsCredentials
from muniment.ops.host import Host, on_host
from muniment.ops.jetstream.keystore import JetStreamKeyShredder
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.keys.erase import Erasure, erase
from muniment.ops.operator import operator
from muniment.ops.settings import BadSetting, default_data

out = Console(highlight=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("erase")(erase_principal)


def erase_principal(
    principal: Annotated[
        str, typer.Argument(help="Its ARN, or `ACCOUNT/UNIQUE-ID` where it is deleted already (123456789012/AIDA…).")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
    nats: Nats = "",
    nats_credentials: NatsCredentials = None,
    as_json: AsJSON = False,
) -> None:
    """Make everything sealed for a user, role or root user unreadable for ever: access keys, addresses, user agents.

    Its data key is overwritten in the log's store, and a scan proves it. The log still verifies. There is no way back.
    """
    with on_host((data or default_data()).expanduser(), nats, nats_credentials) as host:
        account, unique_id = _find(host, principal)
        if not yes:
            typer.confirm(f"Erase everything sealed for {unique_id} in account {account}, for ever?", abort=True)
        with host.ledger() as ledger:
            command = ErasePrincipal(account_id=account, unique_id=unique_id)
            ledger.execute(command, Context(operator(), uuid7(ledger.now())))
        erasure = _erase(host, owner(f"{Account.kind}.{account}", unique_id))
    if as_json:
        out.print(msgspec.json.encode(erasure).decode())
        return
    out.print(
        f"erased {erasure.owner}: {erasure.messages_overwritten} messages overwritten, "
        f"{erasure.messages_scanned} looked at, nothing left"
    )


def _erase(host: Host, sealed_for: str) -> Erasure:
    loop = NatsLoop(host.as_role("erasure"))
    try:
        return erase(host.ring, JetStreamKeyShredder(loop), sealed_for)
    finally:
        loop.close()


def _find(host: Host, principal: str) -> tuple[str, str]:
    """The account's number and the principal's unique id. Raises BadSetting."""
    number, slash, unique_id = principal.partition("/")
    if slash and ids.is_account_number(number):
        return number, unique_id
    parts = arn.ARN.parse(principal)
    if parts is None:
        raise BadSetting(f"`{principal}` is neither an ARN nor ACCOUNT/UNIQUE-ID")
    if principal == arn.root(parts.account):
        return parts.account, parts.account
    with host.ledger() as ledger:
        state = ledger.boundaries.get(f"{Account.kind}.{parts.account}")
    found = state.id_of(principal) if isinstance(state, Account) else None
    if found is None:
        raise BadSetting(f"`{principal}` does not exist; where it was deleted, name it as ACCOUNT/UNIQUE-ID")
    return parts.account, found
