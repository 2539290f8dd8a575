"""The same as tables: one row an entity, a changed field, or an entry."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.table import Table

from muniment.domain.boundary import State
from muniment.ops.replay.difference import Change, entity_tables
from muniment.ops.replay.dump import public
from muniment.ops.replay.moment import iso
from muniment.projections.timeline.row import Row

_COLUMNS: Final = ("boundary", "what", "name", "id", "created", "holds")
_TOLD: Final = frozenset(
    {"name", "id", "number", "arn", "created", "versions"}
)  # in a column of their own, or too long


def state_table(states: Mapping[str, State]) -> Table:
    """One row an entity."""
    table = _table(*_COLUMNS)
    for boundary in sorted(states):
        state = states[boundary]
        for kind in entity_tables(state):
            entities = getattr(state, kind)
            for key in sorted(entities):
                body = public(entities[key])
                values = body if isinstance(body, dict) else {"value": body}
                table.add_row(
                    boundary,
                    kind,
                    str(values.get("name") or key),
                    str(values.get("id", "")),
                    str(values.get("created") or ""),
                    _holds(values),
                )
    return table


def _holds(values: dict[str, Any]) -> str:
    told = []
    for name, value in values.items():
        if name in _TOLD or value in (None, "", [], {}, 0, False):
            continue
        if isinstance(value, dict):
            told.append(f"{name}: {', '.join(map(str, value))}")
        elif isinstance(value, list):
            told.append(f"{name}: {', '.join(item['id'] if isinstance(item, dict) else str(item) for item in value)}")
        else:
            told.append(f"{name}: {_short(value)}")
    return "\n".join(told)


def difference_table(changes: Iterable[Change]) -> Table:
    """One row a changed field."""
    table = _table("boundary", "what", "name", "", "field", "old", "new")
    for change in changes:
        for field in change.fields:
            table.add_row(
                change.boundary,
                change.table,
                change.name,
                change.what,
                field.name,
                _short(field.old),
                _short(field.new),
            )
    return table


def timeline_table(rows: Iterable[Row]) -> Table:
    """One row an entry."""
    table = _table("time", "entry", "who", "action", "fact", "on")
    for row in rows:
        table.add_row(
            iso(row.time),
            f"{row.stream} {row.sequence}",
            row.principal or "nobody",
            row.action,
            f"{row.fact}: {row.record.code}" if row.refused else row.fact,
            "\n".join(arn or name for _, arn, name in row.record.resources),
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _short(value: Any) -> str:
    text = "" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 120 else text[:117] + "…"
