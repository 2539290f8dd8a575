"""The same as JSON: one document, its members in a fixed order."""

from collections.abc import Iterable
from typing import Any

import msgspec

from muniment.ops.replay.difference import Change
from muniment.ops.replay.dump import state_dump
from muniment.ops.replay.moment import iso
from muniment.ops.replay.replay import Replayed
from muniment.projections.timeline.row import Row


def moment_document(replayed: Replayed) -> dict[str, Any]:
    """Where in the log a moment is."""
    return {"position": replayed.position, "time": iso(replayed.time) if replayed.position else None}


def states_document(replayed: Replayed) -> dict[str, Any]:
    """`{"position", "time", "boundaries": {id: state}}`."""
    boundaries = {name: state_dump(replayed.states[name]) for name in sorted(replayed.states)}
    return {**moment_document(replayed), "boundaries": boundaries}


def difference_document(before: Replayed, after: Replayed, changes: Iterable[Change]) -> dict[str, Any]:
    """`{"from", "to", "changes": [{"boundary", "table", "name", "what", "fields": [{"name", "old", "new"}], "arn"}]}`."""
    return {
        "from": moment_document(before),
        "to": moment_document(after),
        "changes": [msgspec.to_builtins(change) for change in changes],
    }


def timeline_document(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """One object an entry. What is sealed is left out, and `sealed` names it."""
    return [_row(row) for row in rows]


def _row(row: Row) -> dict[str, Any]:
    record = row.record
    return {
        "time": iso(row.time),
        "stream": row.stream,
        "sequence": row.sequence,
        "entry_id": row.entry_id,
        "request_id": row.request_id,
        "account": row.account,
        "principal": row.principal,
        "principal_id": row.principal_id,
        "credential": row.credential,
        "action": row.action,
        "fact": row.fact,
        "refused": row.refused,
        "code": record.code,
        "message": record.message,
        "severity": row.severity,
        "resources": [{"type": kind, "arn": arn, "name": name} for kind, arn, name in record.resources],
        "parameters": record.parameters,
        "data": record.data,
        "changes": record.changes,
        "sealed": [name for name in ("source", "agent") if getattr(record, name) is not None],
    }
