"""An explanation as people read it: the answer, a table of layers, statements in their lines, and the values that were compared."""

from collections.abc import Iterator
from datetime import UTC, datetime
from textwrap import dedent
from typing import Any, Final

from rich.box import SIMPLE
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from muniment.domain.policy.decision import Layer

SAYS: Final = {
    "allowed": Text("allows", "green"),
    "explicitDeny": Text("denies", "bold red"),
    "implicitDeny": Text("does not allow", "yellow"),
}
OF_ORGANIZATIONS: Final = (Layer.SCP.value, Layer.RCP.value)
DIFFERS: Final = {
    "principal": "it names other principals",
    "resource": "it is about other resources",
    "condition": "a condition does not hold",
    "unknown element": "it holds something that is not understood",
}


def parts(told: dict[str, Any]) -> Iterator[RenderableType]:
    """What `muniment:ExplainDecision` answered, from the answer to its reasons."""
    yield _headline(told)
    yield _layers(told["Layers"])
    if absent := [one["Layer"] for one in told["Layers"] if not one["Applies"]]:
        yield Text(f"Not part of this decision: {', '.join(absent)}\n", "dim")
    applying = [one for one in told["Statements"] if one["Applies"]]
    nearly = [one for one in told["Statements"] if not one["Applies"]]
    yield Text("Statements that apply" if applying else "No statement applies.", "bold")
    for one in applying:
        yield from _statement(one)
    if nearly:
        yield Text("Statements that speak of this action and do not apply", "bold")
        for one in nearly:
            yield from _statement(one)
    if told["StatementsLeftOut"]:
        yield Text(f"… and {told['StatementsLeftOut']} more, which differ in more.")
    if told["MissingKeys"]:
        yield Text("\nCondition keys that policies ask for and the request does not bring: ").append(
            ", ".join(told["MissingKeys"]), "cyan"
        )


def _headline(told: dict[str, Any]) -> Text:
    yes = told["Decision"]
    line = Text("YES" if yes else "NO", "bold green" if yes else "bold red")
    line.append(f"  {told['Principal']['Arn']} ", "default")
    line.append("may " if yes else "may not ", "bold")
    line.append(f"{told['Action']} on {told['Resource']}\n")
    line.append(f"    {told['Reason']}\n", "dim" if yes else "default")
    line.append(f"    as of position {told['Position']}", "dim")
    return line


def _layers(layers: list[dict[str, Any]]) -> Table:
    table = Table("layer", "says", "", box=SIMPLE)
    for one in layers:
        if one["Applies"]:
            decides = Text("← decides", "bold") if one["Decides"] else Text("")
            table.add_row(Text(one["Layer"]), SAYS[one["Effect"]], decides)
    return table


def _statement(one: dict[str, Any]) -> Iterator[RenderableType]:
    mark = Text("● ", ("green" if one["Effect"] == "Allow" else "red") if one["Applies"] else "dim")
    name = f'"{one["Sid"]}"' if one["Sid"] else f"number {one['Index'] + 1}"
    first, last = one["Start"]["Line"], one["End"]["Line"]
    lines = f"line {first}" if first == last else f"lines {first}–{last}"
    mark.append(f"{one['Effect']}: statement {name} of {one['Policy']}", "bold")
    mark.append(f" ({one['Layer']}, {lines})", "dim")
    yield mark
    yield indented(_text(one), 4)
    for differs in one["Differs"]:
        yield indented(Text(f"✗ {DIFFERS[differs]}", "yellow"), 2)
    for condition in one["Conditions"]:
        yield indented(_condition(condition), 4)
    for way in one["BroughtIn"]:
        yield indented(_way(way, one["Layer"]), 2)
    yield Text("")


def indented(text: Text, columns: int) -> Text:
    """Every line moved to the right, and nothing behind any."""
    return Text("\n").join(Text(" " * columns).append_text(line) for line in text.split("\n"))


def _text(one: dict[str, Any]) -> Text:
    """The statement as it stands in its document, with the numbers of its lines."""
    shown = Text()
    lines = dedent(" " * (one["Start"]["Column"] - 1) + one.get("Text", "")).splitlines()
    for number, line in enumerate(lines, one["Start"]["Line"]):
        shown.append(f"{number:>4} ", "dim")
        shown.append(line + ("\n" if number < one["Start"]["Line"] + len(lines) - 1 else ""))
    return shown


def _condition(one: dict[str, Any]) -> Text:
    wanted = ", ".join(map(repr, one["PolicyValues"])) or "nothing that can match"
    given = ", ".join(map(repr, one["RequestValues"])) or "nothing"
    shown = Text("✓ " if one["Holds"] else "✗ ", "green" if one["Holds"] else "red")
    return shown.append(f"{one['Operator']} {one['Key']}: ", "bold").append(
        f"the policy says {wanted}; the request has {given}", "default"
    )


def _way(way: dict[str, Any], layer: str) -> Text:
    shown = Text(_held(way["Via"], layer), "dim")
    for entry in way["Entries"]:
        shown.append(f"\n  {entry['What']}: ", "default")
        if "EntryId" in entry:
            shown.append(f"{when(entry['Time'])} by {entry['Principal'].rpartition(':')[2] or 'nobody'}", "default")
            shown.append(f" ({entry['Action']}, entry {entry['EntryId']})", "dim")
        else:
            shown.append("further back than was looked", "dim")
    return shown


def _held(via: str, layer: str) -> str:
    if via == "direct":
        return "held directly"
    if layer not in OF_ORGANIZATIONS:
        return f"held through group {via}"
    return f"attached to account {via}" if via.isdecimal() else f"attached to {via} of the organization"


def when(time: int) -> str:
    """Microseconds as people write them, to the second, in UTC."""
    return datetime.fromtimestamp(time / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def history_parts(intervals: list[dict[str, Any]]) -> Iterator[RenderableType]:
    """What `muniment:AccessHistory` answered, oldest first."""
    table = Table("from (UTC)", "to", "may they?", "because", "changed by", box=SIMPLE)
    for one in intervals:
        began, ended = one.get("Began"), one.get("Ended")
        who = f"{began['Principal'].rpartition(':')[2]}, {began['Action']}" if began else ""
        table.add_row(
            Text(when(began["Time"]) if began else "the beginning"),
            Text(when(ended["Time"]) if ended else "now"),
            Text("yes", "green") if one["Allowed"] else Text("no", "red"),
            Text(one["Reason"] or one["DecidedBy"]),
            Text(who),
        )
    yield table
