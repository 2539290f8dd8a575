"""`muniment escalations`: who can become an administrator, and whether anybody can who could not before."""

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from muniment.ops.cli.asking import Context, file_text, keys, pages
from muniment.ops.cli.options import AsJSON
from muniment.ops.settings import BadSetting

PIPE_WIDTH = 140
NEW_PATHS = 3  # the exit status where there are paths that the baseline does not have

out = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("escalations")(escalations)


def escalations(
    context: Context = None,
    as_json: AsJSON = False,
    fail_on_new: Annotated[
        Path | None,
        typer.Option(
            "--fail-on-new",
            metavar="BASELINE",
            help="Exit with status 3 where there is a path that this file, an earlier output of --json, does not hold; "
            "only new ones are shown.",
        ),
    ] = None,
) -> None:
    """Who is no administrator and can become one, by which steps, and which policies allow each.

    Example: `muniment escalations --json > known.json`, and from then on `muniment escalations --fail-on-new known.json`
    """
    found = pages("FindEscalationPaths", {"Context": keys(context or [])}, "Paths")
    if fail_on_new is not None:
        known = {trace(path) for path in baseline(file_text(fail_on_new), fail_on_new)}
        found = [path for path in found if trace(path) not in known]
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
    else:
        out.print(table(found) if found else "no path" if fail_on_new is None else "no new path")
    if fail_on_new is not None and found:
        raise typer.Exit(NEW_PATHS)


def baseline(text: str, path: Path) -> list[dict[str, Any]]:
    """The paths of an earlier output. Raises BadSetting."""
    try:
        return msgspec.json.decode(text, type=list[dict[str, Any]])
    except msgspec.MsgspecError:
        raise BadSetting(f"{path} is no output of `muniment escalations --json`") from None


def trace(path: dict[str, Any]) -> tuple[str, ...]:
    """What makes a path the same path: who takes which steps on what; not by which policies."""
    return (
        str(path.get("Principal")),
        *(f"{step.get('Principal')} {step.get('Action')} {step.get('Resource')}" for step in path.get("Steps", ())),
    )


def table(found: list[dict[str, Any]]) -> Table:
    """The paths, one row a step."""
    shown = Table("who", Column("does", overflow="fold"), Column("on", overflow="fold"), "by", box=SIMPLE)
    for path in found:
        for number, step in enumerate(path["Steps"]):
            who = (
                _short(step["Principal"])
                if not number or step["Principal"] != path["Steps"][number - 1]["Principal"]
                else ""
            )
            shown.add_row(Text(who), Text(step["Action"]), Text(_short(step["Resource"])), Text(_by(step)))
        shown.add_section()
    return shown


def _short(arn: str) -> str:
    return arn.split(":", 5)[-1]


def _by(step: dict[str, Any]) -> str:
    """The policies that allow a step, and through which groups."""
    ways = []
    for way in step["Paths"]:
        policies = ", ".join(dict.fromkeys(one["Policy"] for one in way.get("Policies", ())))
        if policies:
            ways.append(f"{policies} (group {way['Group']})" if way["Via"] == "group" else policies)
    return "; ".join(ways) or "-"
