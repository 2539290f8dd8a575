"""`muniment rebuild`: makes a read model of a running server anew."""

import time
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from muniment.ops.api_client import call
from muniment.ops.cli.options import AsJSON

LOOK_SECONDS = 0.2

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rebuild")(rebuild)


def rebuild(
    projection: Annotated[str, typer.Argument(help="access, credentials, directory or timeline.")],
    as_json: AsJSON = False,
) -> None:
    """Rebuild a read model from the log, beside the live one; compare the two; swap. No read fails meanwhile.

    Finds the server and your credentials as AWS tools do. access, credentials and directory share their states and are
    rebuilt together.

    Example: `muniment rebuild directory`
    """
    state = call("muniment", "RebuildProjection", {"Projection": projection})
    columns = (TextColumn("rebuilding {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(projection, total=None)
        while state["State"] == "RUNNING":
            bar.update(task, completed=state["Done"], total=state["Known"] or None)
            time.sleep(LOOK_SECONDS)
            state = call("muniment", "DescribeRebuild", {})
    _show(state, as_json)


def _show(state: dict[str, Any], as_json: bool) -> None:
    if as_json:
        out.print(msgspec.json.encode(state).decode())
    elif state["State"] == "FAILED":
        err.print(f"[bold red]failed:[/] {state['Reason']}")
    else:
        verdict = (
            "equal to the live one"
            if state["Equal"]
            else "[bold red]different from the live one, and now in its place[/]"
        )
        out.print(f"{state['Projection']}: {state['Entries']} entries in {state['Seconds']:.2f} s, {verdict}")
        for digest in state.get("Digests", ()):
            out.print(f"  {digest['Projection']:<12} at {digest['Position']:>8}  {digest['Rebuilt'][:16]}…")
    if state["State"] == "FAILED" or not state["Equal"]:
        raise typer.Exit(1)
