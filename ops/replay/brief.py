"""A recorded change in few short lines, for the cell of a table: `attached + IAMReadOnlyAccess`."""

import difflib
from collections.abc import Iterator
from typing import Any, Final

from muniment.domain import arn
from muniment.ops.replay.text import Line, dated, document_lines, plain

LINES: Final = 5  # of one change
WIDTH: Final = 60  # of a value
_SILENT: Final = frozenset({"name", "id", "number", "created"})  # of what was made: the other columns tell it


def brief_lines(change: dict[str, Any]) -> list[Line]:
    """What came (+), went (-) or changed, of a change as the timeline records it: `{"what": "users/ana", "old": …, "new": …}`."""
    what = str(change.get("what", "")).split("/", 1)[-1]
    old, new = dated(change.get("old"), what), dated(change.get("new"), what)
    if new is None and old is not None:
        return [Line(f"- {what}", "red")]
    lines: list[Line] = []
    if old is None and isinstance(new, dict):
        lines.append(Line(f"+ {what}", "green"))
        old, new = {}, {name: value for name, value in new.items() if name not in _SILENT}
    lines += _between("" if isinstance(new, dict) else what, old, new)
    kept = lines[: LINES if len(lines) == LINES else LINES - 1]
    return [*kept, Line(f"… {len(lines) - len(kept)} more")] if len(kept) < len(lines) else lines


def _between(name: str, old: Any, new: Any) -> Iterator[Line]:
    """The parts that differ. What has an id of its own came or went whole."""
    if _is_entity(old or new) and not (old and new):
        yield Line(f"+ {name}", "green") if new else Line(f"- {name}", "red")
    elif isinstance(old or new, dict):
        was, is_ = old or {}, new or {}
        for key in dict.fromkeys([*was, *is_]):
            path = key if not name or _is_entity(was.get(key) or is_.get(key)) else f"{name}.{key}"
            yield from _between(path, was.get(key), is_.get(key))
    elif isinstance(old or new, list) and all(map(_is_entity, [*(old or ()), *(new or ())])):
        yield from _between(name, {item["id"]: item for item in old or ()}, {item["id"]: item for item in new or ()})
    elif old != new:
        yield from _value(name, old, new)


def _is_entity(value: Any) -> bool:
    return isinstance(value, dict) and "id" in value


def _value(name: str, old: Any, new: Any) -> Iterator[Line]:
    before, after = document_lines(old), document_lines(new)
    if before is not None or after is not None:
        yield Line(f"{name}: {_document_change(before or [], after or [])}")
    elif isinstance(old or new, list):
        was, is_ = old or (), new or ()
        yield from (Line(f"{name} - {_short(item)}", "red") for item in was if item not in is_)
        yield from (Line(f"{name} + {_short(item)}", "green") for item in is_ if item not in was)
    elif old in (None, ""):
        yield Line(f"{name}: {_short(new)}")
    else:
        yield Line(f"{name}: {_short(old)} → {_short(new)}")


def _document_change(old: list[str], new: list[str]) -> str:
    marks = [line[:1] for line in difflib.ndiff(old, new)]
    return f"policy, +{marks.count('+')} −{marks.count('-')} lines"


def _short(value: Any) -> str:
    text = plain(value)
    if text.startswith("arn:"):
        text = arn.name_of(text)
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
