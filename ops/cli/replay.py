"""`muniment replay`: what was, from the log alone."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from muniment.domain.boundary import STATES
from muniment.domain.ids import is_account_number
from muniment.ops.cli.options import AsJSON, Data, Nats, NatsCredentials
from muniment.ops.cli.reading import OpenLog, fail, opened_log, out, progress
from muniment.ops.replay import Moment, Replayed, diff, parse_moment, replay_at
from muniment.ops.replay.document import difference_document, states_document, timeline_document
from muniment.ops.replay.moment import NOW, BadMoment, iso
from muniment.ops.replay.table import difference_table, state_table, timeline_table
from muniment.ops.replay.text import Line, difference_lines, state_lines, timeline_lines
from muniment.ops.replay.timeline import Asked, timeline
from muniment.projections.readmodel import IAM, IAM_ACTIVITY

PIPE_WIDTH: Final = 240


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    boundary: Annotated[
        list[str] | None,
        typer.Argument(help="Boundaries: an account's number, or an id such as site.muniment.", show_default="all"),
    ] = None,
    at: Annotated[
        str, typer.Option(help='A position (42), a time (2026-03-01T12:00:00Z) or "5 minutes ago".', show_default="now")
    ] = "",
    from_: Annotated[str, typer.Option("--from", help="Show what changed since this moment.", show_default=False)] = "",
    to: Annotated[str, typer.Option(help="… up to this one.", show_default="now")] = "",
    as_timeline: Annotated[bool, typer.Option("--timeline", help="Show who did what, entry by entry.")] = False,
    principal: Annotated[
        str, typer.Option(help="Only what this one did: ARN or unique id (with --timeline).", show_default=False)
    ] = "",
    resource: Annotated[
        str, typer.Option(help="Only what touched this: ARN or name (with --timeline).", show_default=False)
    ] = "",
    as_table: Annotated[bool, typer.Option("--table", help="Print a table.")] = False,
    as_json: AsJSON = False,
    data: Data = None,
    nats: Nats = "",
    nats_credentials: NatsCredentials = None,
) -> None:
    """Show what was, at any moment, from the log alone. Reads only; changes nothing; needs no running server.

    Every entry's chain and signature is checked on the way: a log that was tampered with is not shown but refused, with
    the first bad position. Secrets, addresses and user agents are sealed in the log and stay so here.

    * `muniment replay` shows everything as it is now
    * `muniment replay 123456789012 --at "5 minutes ago"` shows one account as it was
    * `muniment replay --from 2026-03-01 --to 2026-03-02` shows what changed that day
    * `muniment replay --timeline --principal arn:aws:iam::123456789012:user/ana` shows what Ana did
    * `muniment replay --timeline --resource arn:aws:iam::123456789012:role/admin` shows who touched the role
    """
    if (principal or resource) and not as_timeline:
        fail("`--principal` and `--resource` choose lines of the timeline: add `--timeline`")
    if at and (from_ or to):
        fail("give either `--at`, or `--from` and `--to`")
    if as_json and as_table:
        fail("give either `--json` or `--table`")
    with opened_log(data, nats, nats_credentials) as log:
        wanted = [_boundary(name) for name in boundary or ()] or None
        if as_timeline:
            asked = Asked(principal, resource, _moment(from_, Moment(sequence=0)), _moment(to or at, NOW))
            _timeline(log, asked, as_json, as_table)
        elif from_ or to:
            _difference(log, wanted, _moment(from_, Moment(sequence=0)), _moment(to, NOW), as_json, as_table)
        else:
            _state(log, wanted, _moment(at, NOW), as_json, as_table)


def _state(log: OpenLog, wanted: list[str] | None, moment: Moment, as_json: bool, as_table: bool) -> None:
    (replayed,) = _replayed(log, [moment], wanted)
    missing = [name for name in wanted or () if name not in replayed.states]
    if missing:
        fail(f"`{missing[0]}` has no entry up to position {replayed.position}")
    if as_json:
        _json(states_document(replayed))
    elif as_table:
        _table(state_table(replayed.states))
    else:
        _lines([Line(_where(replayed)), Line(""), *state_lines(replayed.states)])


def _difference(
    log: OpenLog, wanted: list[str] | None, since: Moment, until: Moment, as_json: bool, as_table: bool
) -> None:
    before, after = _replayed(log, [since, until], wanted)
    if before.position > after.position:
        fail(f"`--from` (position {before.position}) lies behind `--to` (position {after.position})")
    changes = diff(before.states, after.states)
    if as_json:
        _json(difference_document(before, after, changes))
    elif as_table:
        _table(difference_table(changes))
    else:
        heading = [Line(f"from {_where(before)}"), Line(f"to   {_where(after)}"), Line("")]
        _lines([*heading, *(difference_lines(changes) if changes else [Line("nothing changed")])])


def _timeline(log: OpenLog, asked: Asked, as_json: bool, as_table: bool) -> None:
    with progress("reading") as show:
        rows = timeline([log.source(IAM), log.source(IAM_ACTIVITY)], log.verifier, asked, show)
    if as_json:
        _json(timeline_document(rows))
    elif as_table:
        _table(timeline_table(rows))
    else:
        _lines(timeline_lines(rows) if rows else [Line("nothing was recorded")])


def _replayed(log: OpenLog, moments: list[Moment], wanted: list[str] | None) -> list[Replayed]:
    with progress("reading") as show:
        return replay_at(log.source(IAM), log.verifier, moments, wanted, lambda done, total: show(IAM, done, total))


def _moment(text: str, default: Moment) -> Moment:
    return parse_moment(text, datetime.now(UTC)) if text else default


def _boundary(name: str) -> str:
    """An id as people write it. Raises BadMoment's sibling for what can be none."""
    if is_account_number(name):
        return f"account.{name}"
    kind, dot, _ = name.partition(".")
    if not dot or kind not in STATES:
        raise BadMoment(f"`{name}` is not a boundary: give an account's number, or an id such as site.muniment")
    return name


def _where(replayed: Replayed) -> str:
    return f"position {replayed.position}" + (
        f", {iso(replayed.time)}" if replayed.position else ", before the first entry"
    )


def _lines(lines: Iterable[Line]) -> None:
    for line in lines:
        out.print(line.text, style=line.style or None, markup=False)


def _table(table: Table) -> None:
    """A pipe has no width: what is cut there would be lost."""
    (out if out.is_terminal else Console(width=PIPE_WIDTH, highlight=False)).print(table)


def _json(document: Any) -> None:
    out.print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode(), markup=False)
