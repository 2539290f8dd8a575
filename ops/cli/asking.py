"""What the commands that ask about permissions share: condition keys, moments, pages."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from muniment.ops.api_client import call
from muniment.ops.replay.moment import BadMoment, iso, parse_moment
from muniment.ops.settings import BadSetting

FILE_BYTES_MAX: Final = 1_048_576  # as much as a request may hold

Context = Annotated[
    list[str] | None,
    typer.Option("--context", help="A condition key of the request, as KEY=VALUE; again for more.", show_default=False),
]
AsOf = Annotated[
    str,
    typer.Option("--as-of", help="A position, a time such as 2026-03-01T12:00, or '2 hours ago'.", show_default="now"),
]


def keys(given: list[str]) -> dict[str, list[str]]:
    """Condition keys from KEY=VALUE; a key that is given twice has two values. Raises BadSetting."""
    found: dict[str, list[str]] = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals or not key:
            raise BadSetting(f"`{one}` is no condition key: give KEY=VALUE, such as aws:SourceIp=10.0.0.7")
        found.setdefault(key, []).append(value)
    return found


def moment(text: str) -> str | int:
    """A moment as the server reads it. What is neither a time nor a number may be a position that the server gave out."""
    try:
        found = parse_moment(text, datetime.now(UTC))
    except BadMoment:
        return text
    if found.sequence is not None:
        return found.sequence
    return iso(found.time) if found.time is not None else iso(int(datetime.now(UTC).timestamp() * 1_000_000))


def pages(action: str, params: dict[str, Any], member: str, most: int = 0) -> list[dict[str, Any]]:
    """Everything a list holds, or `most` of it."""
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        answer = call("muniment", action, {**params, **token})
        found += answer[member]
        if "NextToken" not in answer or (most and len(found) >= most):
            return found[:most] if most else found
        token = {"NextToken": answer["NextToken"]}


def file_text(path: Path) -> str:
    """A policy's text. Raises BadSetting where it cannot be read."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise BadSetting(f"{path} is larger than any policy")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadSetting(f"{path} cannot be read: {reason}") from None
