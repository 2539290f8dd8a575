"""What a row holds, told plainly and slowly: the measure of the fast way in projections/timeline.

Every entry's boundary is copied before and compared after. The order of several changes is the one thing taken from the row
that is judged: the product shows them as they were written.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from muniment.domain.boundary import State, new_state
from muniment.domain.ledger import Sealed
from muniment.projections.readmodel import IAM, Recorded
from muniment.projections.timeline import resources, row, words
from muniment.projections.timeline.past import Change

BOOKKEEPING = {"id", "version", "head", "position", "remembered"}
Line = tuple[Any, ...]


class PlainRows:
    """Rows and what they touched, of entries in the order of the log."""

    def __init__(self) -> None:
        self._states: dict[str, State] = {}

    def of(self, recorded: Recorded, judged: Line) -> tuple[Line, list[Line]]:
        """The row of the next entry, and its lines in table `resources`."""
        entry, state, changes = recorded.entry, None, []
        if recorded.stream == IAM:
            state = self._states.setdefault(entry.boundary, new_state(entry.boundary))
            before = _copied(state)
            state.apply(entry)
            changes = _in_order(_renamed(list(_changes(state, before, _copied(state)))), judged)
        named = _resources(entry, changes, state)
        actor, cause, fact, name = entry.actor, entry.command, entry.fact, type(entry.fact).__name__
        refused = name.endswith(("Refused", "Throttled"))
        record = row.Record(
            boundary=entry.boundary,
            version=entry.version,
            written=entry.time,
            actor=actor.account,
            type=actor.type,
            data=_shown(fact) if row.shape_of(type(fact)).hides else fact,  # else as it is: bytes in base64
            session=actor.session,
            mfa=actor.mfa,
            source=actor.source,
            agent=actor.agent,
            correlation=cause.correlation,
            parameters=cause.parameters,
            changes=[_difference(change) for change in changes],
            resources=named,
            code=getattr(fact, "code", "") if refused else "",
            message=getattr(fact, "message", "") if refused else "",
            issuer=actor.issuer,
            issuer_arn=actor.issuer_arn,
            issued=actor.issued,
            source_identity=actor.source_identity,
        )
        kind, _, number = entry.boundary.partition(".")
        holder = actor.id if actor.id.startswith("arn:") else actor.id.split(":")[0]
        flags = (row.HIGH if fact.severity == "high" else 0) | (row.REFUSED if refused else 0)
        flags |= row.READ_ONLY if name in ("QueryAnswered", "QueryRefused", "SecretRead") else 0
        spoken = [cause.name, name, f"{words.told(actor.arn)} {holder} {actor.name}", actor.credential]
        spoken += [words.told(arn) or called for _, arn, called in named]
        spoken += [*_texts([getattr(fact, field) for field in fact.__struct_fields__]), *_texts(cause.parameters)]
        identity = row.row_id(recorded.stream, recorded.sequence)
        line = (
            identity,
            recorded.time,
            number if kind in ("account", "activity", "vault") else actor.account,
            actor.arn,
            holder,
            resources.resource_of(actor.arn).name if actor.arn else actor.name,
            actor.credential,
            cause.name,
            name,
            flags,
            entry.id,
            cause.id,
            "".join(f"|{kind}" for kind in dict.fromkeys(kind for kind, _, _ in named)) + ("|" if named else ""),
            msgspec.json.encode(record).decode(),
            words.folded(" ".join(spoken)[: words.ROW_CHARACTERS_MAX]),
        )
        touched = [(identity, n, name, arn, recorded.time) for n, (_, arn, name) in enumerate(named)]
        return tuple(map(_clean, line)), [tuple(map(_clean, one)) for one in touched]


def _clean(value: Any) -> Any:
    return row.clean(value) if isinstance(value, str) else value


def _copied(state: State) -> dict[str, Any]:
    found = {name: getattr(state, name) for name in state.__struct_fields__ if name not in BOOKKEEPING}
    return {name: dict(value) if isinstance(value, dict) else value for name, value in found.items()}


def _changes(state: State, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    for name, new in after.items():
        old = before[name]
        if not isinstance(new, dict):
            if old != new:
                yield from (Change("", *told) for told in state.told(name, old, new))
            continue
        for key in {**old, **new}:
            was, is_ = old.get(key), new.get(key)
            if was is not is_ and isinstance(was if is_ is None else is_, msgspec.Struct):
                yield Change(name, key, was, is_)


def _renamed(changes: list[Change]) -> list[Change]:
    """One that is gone and one that came are the same where they have the same id."""
    for gone in [one for one in changes if one.table and one.after is None]:
        for come in [one for one in changes if one.table and one.before is None]:
            if getattr(gone.before, "id", 0) == getattr(come.after, "id", 1):
                changes = [one for one in changes if one is not gone and one is not come]
                changes.append(Change(come.table, come.key, gone.before, come.after))
    return changes


def _in_order(changes: list[Change], judged: Line) -> list[Change]:
    """The changes as the judged row has them, which must be the same ones."""
    shown = [one["what"] for one in msgspec.json.decode(judged[13]).get("changes", ())]
    what = {f"{change.table}/{change.key}" if change.table else change.key: change for change in changes}
    assert sorted(what) == sorted(shown)
    return [what[one] for one in shown]


def _difference(change: Change) -> dict[str, Any]:
    table, key, before, after = change
    if not table or before is None or after is None:
        return {"what": f"{table}/{key}" if table else key, "old": _shown(before), "new": _shown(after)}
    old, new = {}, {}
    for field in after.__struct_fields__:
        was, is_ = getattr(before, field), getattr(after, field)
        if was == is_ or isinstance(is_, Sealed):
            continue
        if isinstance(was, dict) and isinstance(is_, dict):
            same = {key for key in was if key in is_ and was[key] == is_[key]}
            was, is_ = ({key: one[key] for key in one if key not in same} for one in (was, is_))
        old[field], new[field] = _shown(was), _shown(is_)
    return {"what": f"{table}/{key}", "old": old, "new": new}


def _shown(value: Any) -> Any:
    if isinstance(value, (Sealed, bytes)):
        return None
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(type(value))
        return {one.name: _shown(here) for one in fields if _counts(here := getattr(value, one.name), one)}
    if isinstance(value, dict):
        return {str(key): _shown(item) for key, item in value.items() if not isinstance(item, (Sealed, bytes))}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_shown(item) for item in value if not isinstance(item, (Sealed, bytes))]
    return value


def _counts(value: Any, field: msgspec.structs.FieldInfo) -> bool:
    if isinstance(value, (Sealed, bytes)):
        return False
    if field.default_factory is not msgspec.NODEFAULT:
        return bool(value != field.default_factory())
    return field.default is msgspec.NODEFAULT or bool(value != field.default)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from [value] if value else []
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, msgspec.Struct) and not isinstance(value, Sealed):
        yield from _texts([getattr(value, field) for field in value.__struct_fields__])


def _resources(entry: Any, changes: Sequence[Change], state: State | None) -> list[resources.Resource]:
    """The entities that were changed, with the ARN they had before, then what the fact names, else the boundary."""
    found: list[resources.Resource] = []
    for change in changes:
        for noun in (change.after, change.before):
            if type(noun) in resources._TYPES:
                kind, arn, _ = resources._TYPES[type(noun)]
                named = resources._NAMES.get(type(noun), resources._named_so)
                found.append(resources.Resource(kind, arn(state, noun), named(noun)))
    for field in entry.fact.__struct_fields__:
        value = getattr(entry.fact, field)
        if value and field in resources._WANTED:
            resources._named(found, field, value, state)
    if not found and state is not None:
        found.append(resources._boundary(state))
    return list(dict.fromkeys(found))[: resources.RESOURCES_MAX]
