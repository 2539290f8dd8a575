"""`muniment decisions`: the decision log of an account, readable."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from muniment.domain.ids import is_account_number
from muniment.domain.logged import Found, Window
from muniment.ops.cli.options import AsJSON, Data, Nats, NatsCredentials
from muniment.ops.cli.reading import opened_log
from muniment.ops.decision_log.reader import DecisionReader
from muniment.ops.founding import first_account
from muniment.ops.settings import BadSetting

LAST_DEFAULT = 50

out = Console(highlight=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("decisions")(decisions)


def decisions(
    account: Annotated[str, typer.Option(help="Whose principals' decisions.", show_default="the first account")] = "",
    last: Annotated[int, typer.Option(help="How many of the newest.", min=1, max=1_000_000)] = LAST_DEFAULT,
    denied: Annotated[bool, typer.Option("--denied", help="Only requests that were not allowed.")] = False,
    data: Data = None,
    nats: Nats = "",
    nats_credentials: NatsCredentials = None,
    as_json: AsJSON = False,
) -> None:
    """Show what was asked and answered, the newest last: by calls of the API and by applications.

    The share of decisions that was logged, and what the log lost, is told with it.
    """
    folder: Path | None = data
    with opened_log(folder, nats, nats_credentials) as log:
        if account and not is_account_number(account):
            raise BadSetting(f"`{account}` is not an account number: give 12 digits")
        if not account:
            with log.host.ledger() as ledger:
                account = first_account(ledger)
        window = Window()
        every = [
            found
            for found in DecisionReader(log.host.loop, log.host.ring).last(account, last, window)
            if not (denied and found.row.allowed)
        ]
    if as_json:
        for found in every:
            out.print(json.dumps(_plain(found)), markup=False)
        return
    for found in every:
        row = found.row
        answer = "[green]allowed[/]" if row.allowed else f"[red]{row.effect}[/]"
        who = escape(f"{found.asker.principal.name} {row.action} {row.resource}")
        out.print(f"{_moment(row.time)}  {answer}  {who}  ({row.layer}; {row.source})")
    out.print(_said(window))


def _said(window: Window) -> str:
    low, high = window.rates
    share = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
    losses = [
        f"{count} {what}"
        for count, what in (
            (window.dropped, "dropped for want of memory"),
            (window.missing, "messages missing"),
            (window.unbelievable, "messages not signed by us"),
            (window.unreadable, "with keys that cannot be read: erased, or left out by a process that only decides"),
        )
        if count
    ]
    return f"{window.decisions} decisions; share logged: {share}; {', '.join(losses) or 'nothing lost'}"


def _plain(found: Found) -> dict[str, Any]:
    row = found.row
    return {
        "time": _moment(row.time),
        "principal": found.asker.principal.name,
        "action": row.action,
        "resource": row.resource,
        "allowed": row.allowed,
        "effect": row.effect,
        "layer": row.layer,
        "position": row.position,
        "source": row.source,
        "context": None if found.request is None else {key: list(each) for key, each in found.request.context.items()},
    }


def _moment(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat(timespec="milliseconds")
