"""`muniment audit`: the audit timeline of an account, from a running server."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from muniment.ops.api_client import call
from muniment.ops.cli.options import AsJSON
from muniment.ops.replay.brief import brief_lines
from muniment.ops.replay.moment import BadMoment, parse_moment
from muniment.ops.settings import BadSetting

PIPE_WIDTH = 160

out = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit")(audit)


def audit(
    principal: Annotated[str, typer.Option(help="Who: an ARN or a unique id.")] = "",
    user: Annotated[str, typer.Option(help="Who: a user's name.")] = "",
    resource: Annotated[str, typer.Option(help="What was touched: an ARN or a name.")] = "",
    action: Annotated[str, typer.Option(help="iam:CreateUser, or CreateUser of whatever service.")] = "",
    text: Annotated[str, typer.Option(help="Words that must all occur; one that ends in * may go on.")] = "",
    since: Annotated[str, typer.Option(help="Not before: 2026-11-23T10:00, or '2 hours ago'.")] = "",
    until: Annotated[str, typer.Option(help="Before.")] = "",
    refused: Annotated[
        bool | None, typer.Option("--refused/--done", help="Only what was refused, or only what was done.")
    ] = None,
    alarms: Annotated[bool, typer.Option("--alarms", help="Only what raised an alarm.")] = False,
    changes: Annotated[bool, typer.Option("--changes", help="Leave out reads.")] = False,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="Begin at the beginning.")] = False,
    limit: Annotated[int, typer.Option(help="How many rows at the most; 0 for all.", min=0)] = 50,
    cloudtrail: Annotated[bool, typer.Option("--cloudtrail", help="Print CloudTrail records as JSON lines.")] = False,
    as_json: AsJSON = False,
) -> None:
    """Who did what, when, from where, and what it replaced; newest first.

    Finds the server and your credentials as AWS tools do.

    Example: `muniment audit --user ana --since '1 day ago' --changes`
    """
    params = {
        "Principal": principal,
        "UserName": user,
        "Resource": resource,
        "ActionName": action,
        "Text": text,
        "Since": _microseconds(since) if since else None,
        "Until": _microseconds(until) if until else None,
        "Refused": refused,
        "Alarms": True if alarms else None,
        "ReadOnly": False if changes else None,
        "OldestFirst": oldest_first,
        "CloudTrail": cloudtrail,
    }
    rows = _rows({name: value for name, value in params.items() if value not in ("", None)}, limit)
    if as_json or cloudtrail:
        for row in rows:
            sys.stdout.write(msgspec.json.encode(row).decode() + "\n")
    else:
        out.print(_table(rows))


def _microseconds(text: str) -> int:
    try:
        moment = parse_moment(text, datetime.now(UTC))
    except BadMoment as error:
        raise BadSetting(str(error)) from None
    if moment.time is None:
        raise BadSetting(f'`{text}` is a position; give a time, or one such as "5 minutes ago"')
    return moment.time


def _rows(params: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    token = ""
    while not limit or len(rows) < limit:
        size = min(1_000, limit - len(rows)) if limit else 1_000
        page = call(
            "muniment", "ListTimeline", {**params, "MaxResults": size, **({"NextToken": token} if token else {})}
        )
        rows += page["Rows"]
        if not (token := page.get("NextToken", "")):
            break
    return rows


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("when (UTC)", "who", "did", "to", Column("what changed", overflow="fold"), "from", box=SIMPLE)
    for row in rows:
        when = datetime.fromtimestamp(row["Time"] / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        done = row["Action"] if not row["Refused"] else f"[red]{row['Action']}\nrefused: {row['ErrorCode']}[/]"
        touched = "\n".join(each["Name"] or each["Arn"] for each in row["Resources"])
        changed = [line for change in row["Changes"] for line in brief_lines(change)]
        style = "bold red" if row["Severity"] == "high" else None
        table.add_row(
            when,
            row["Principal"].rpartition(":")[2] or "nobody",
            done,
            touched,
            Text("\n").join(Text(line.text, line.style) for line in changed),
            row["SourceAddress"],
            style=style,
        )
    return table
