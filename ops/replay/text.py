"""Replayed states, differences and timelines as lines for people: one entity a paragraph, grouped by what it is."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from muniment.domain.account.state import Account
from muniment.domain.boundary import State
from muniment.ops.replay.difference import Change, Field, arn_of, entity_tables
from muniment.ops.replay.dump import public
from muniment.ops.replay.moment import iso
from muniment.projections.timeline.row import Row

_BOOKKEEPING: Final = frozenset({"id", "version", "head", "position", "remembered"})
_SIGNS: Final = {"added": "+", "removed": "-", "changed": "~"}
_STYLES: Final = {"added": "green", "removed": "red", "changed": "yellow"}
_NAMES: Final = frozenset({"name", "number", "arn"})  # told in an entity's heading


class Line(NamedTuple):
    """One line and how it stands out on a terminal: a style of rich's, or ""."""

    text: str
    style: str = ""


def state_lines(states: Mapping[str, State]) -> Iterator[Line]:
    """Every boundary with its own values and its entities."""
    for boundary in sorted(states):
        state = states[boundary]
        yield Line(f"{boundary}  (version {state.version}, position {state.position})", "bold")
        for name in state.__struct_fields__:
            value = getattr(state, name)
            if name not in _BOOKKEEPING and type(value) is not dict:
                yield from _value(name, public(value, name), "  ")
        for table in entity_tables(state):
            entities = getattr(state, table)
            if entities:
                yield Line(f"  {table}", "cyan")
            for key in sorted(entities):
                yield from _entity(state, table, key, entities[key])


def _entity(state: State, table: str, key: str, entity: Any) -> Iterator[Line]:
    body = public(entity)
    if not isinstance(body, dict):
        yield Line(f"    {key}: {body}")
        return
    arn = arn_of(state, table, entity)
    yield Line(f"    {body.get('name') or key}" + (f"  {arn}" if arn else ""), "bold")
    for name, value in body.items():
        if name == "groups" and isinstance(state, Account):
            value = [f"{state.ids.get(one, '?')} ({one})" for one in value]
        if name not in _NAMES:
            yield from _value(name, value, "      ")


def _value(name: str, value: Any, indent: str) -> Iterator[Line]:
    """One value, or nothing where it is empty. Policies are laid out, however short they were written."""
    if value is None or value in ("", [], {}) or value is False:
        return
    if isinstance(value, dict):
        yield Line(f"{indent}{name}:")
        for key, item in value.items():
            yield from _value(str(key), item, indent + "  ")
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        yield Line(f"{indent}{name}:")
        for item in value:
            first, *rest = _flat(item)
            yield Line(f"{indent}  - {first}")
            yield from (Line(f"{indent}    {each}") for each in rest)
    elif (document := document_lines(value)) is not None:
        yield Line(f"{indent}{name}:")
        yield from (Line(f"{indent}  {line}") for line in document)
    else:
        yield Line(f"{indent}{name}: {plain(value)}")


def _flat(item: Any) -> list[str]:
    if not isinstance(item, dict):
        return [plain(item)]
    return [f"{key}: {plain(value)}" for key, value in item.items() if value not in (None, "", [], {})]


def plain(value: Any) -> str:
    """A value in words."""
    if isinstance(value, list):
        return ", ".join(map(plain, value)) or "(none)"
    if isinstance(value, dict):
        return ", ".join(_flat(value))
    if value is None or value == "":
        return "(none)"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def document_lines(value: Any) -> list[str] | None:
    """A JSON document's lines, or None where the text is none."""
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return None
    try:
        return json.dumps(json.loads(value), indent=2).splitlines()
    except ValueError:
        return None


def difference_lines(changes: Iterable[Change]) -> Iterator[Line]:
    """What came (+), went (-) and changed (~), by boundary and table; old → new."""
    boundary = table = None
    for change in changes:
        if change.boundary != boundary:
            boundary, table = change.boundary, None
            yield Line(boundary, "bold")
        if change.table != table:
            table = change.table
            if table:
                yield Line(f"  {table}", "cyan")
        sign, style = _SIGNS[change.what], _STYLES[change.what]
        if table:
            yield Line(f"  {sign} {change.name}" + (f"  {change.arn}" if change.arn else ""), style)
        for field in change.fields:
            yield from _changed(field, change.what, "      " if table else "    ")


def _changed(field: Field, what: str, indent: str) -> Iterator[Line]:
    if what == "added":
        yield from _value(field.name, field.new, indent)
        return
    if what == "removed":
        yield from _value(field.name, field.old, indent)
        return
    old, new = document_lines(field.old), document_lines(field.new)
    if old is not None and new is not None:
        yield Line(f"{indent}{field.name}:")
        for line in list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]:
            if not line.startswith("@@"):
                yield Line(f"{indent}  {line}", {"+": "green", "-": "red"}.get(line[:1], ""))
    elif isinstance(field.old, list) and isinstance(field.new, list):
        for item in [item for item in field.old if item not in field.new]:
            yield Line(f"{indent}{field.name}: - {plain(item)}", "red")
        for item in [item for item in field.new if item not in field.old]:
            yield Line(f"{indent}{field.name}: + {plain(item)}", "green")
        if sorted(map(str, field.old)) == sorted(map(str, field.new)):
            yield Line(f"{indent}{field.name}: in another order")
    elif (old or new) is not None:
        yield from _value(f"{field.name} ({'new' if new else 'was'})", field.new if new else field.old, indent)
    else:
        yield Line(f"{indent}{field.name}: {plain(field.old)} → {plain(field.new)}")


def timeline_lines(rows: Iterable[Row]) -> Iterator[Line]:
    """One paragraph a row: when, who, what, on what; then what was replaced by what."""
    for row in rows:
        style = "red" if row.refused else "bold yellow" if row.severity == "high" else "bold"
        where = f"{row.stream} {row.sequence}"
        yield Line(f"{iso(row.time)}  {row.action}  {row.fact}  ({where})", style)
        yield Line(f"  by {row.principal or 'nobody'}" + (f" with {row.credential}" if row.credential else ""))
        if row.record.source is not None:
            yield Line("  from an address that is sealed")
        for _, arn, name in row.record.resources:
            yield Line(f"  on {arn or name}")
        if row.refused:
            yield Line(f"  refused: {row.record.code}: {row.record.message}", "red")
        for change in row.record.changes:
            yield from _told(change)


def _told(change: dict[str, Any]) -> Iterator[Line]:
    """A change as the timeline records it: `{"what": "users/ana", "old": …, "new": …}`."""
    what = str(change["what"]).split("/", 1)[-1]
    old, new = dated(change["old"], what), dated(change["new"], what)
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            was, is_ = old.get(name), new.get(name)
            parts = [name]
            if isinstance(was, dict) and isinstance(is_, dict):
                parts = [f"{name}.{key}" for key in dict.fromkeys([*was, *is_])]
                pairs = [(was.get(key), is_.get(key)) for key in dict.fromkeys([*was, *is_])]
            else:
                pairs = [(was, is_)]
            for part, (before, after) in zip(parts, pairs, strict=True):
                yield from _changed(Field(f"{what}.{part}", before, after), "changed", "    ")
    elif old is None and isinstance(new, dict):
        yield Line(f"    + {what}", "green")
        for name, value in new.items():
            yield from _value(name, value, "        ")
    elif new is None and isinstance(old, dict):
        yield Line(f"    - {what}", "red")
    else:
        yield from _changed(Field(what, old, new), "changed", "    ")


def dated(value: Any, field: str = "") -> Any:
    """The same, times told as such."""
    if isinstance(value, dict):
        return {name: dated(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [dated(item) for item in value]
    return public(value, field) if type(value) is int else value
