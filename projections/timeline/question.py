"""A question to the timeline: which rows are wanted, and the condition that SQL understands."""

import struct
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from muniment.domain import arn
from muniment.projections.queries.pagination import BadCursor, Cursors
from muniment.projections.timeline.database import Database
from muniment.projections.timeline.resources import resource_of
from muniment.projections.timeline.row import HIGH, READ_ONLY, REFUSED, Row, clean, row_id
from muniment.projections.timeline.words import wanted

LIKE_ESCAPE: Final = "\\"
_KEY: Final = struct.Struct(">QQ")


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that is given must hold; an empty question finds every row. Texts are compared exactly, but for `text`."""

    account: str = ""  # 12 digits
    principal: str = ""  # an ARN or a unique id: who did it
    user_name: str = ""  # its name, or the name of its session
    credential: str = ""  # access key id
    resource: str = ""  # an ARN or a name: what it touched
    resource_type: str = ""  # AWS::IAM::User
    action: str = ""  # iam:CreateUser; or CreateUser, of whatever service
    services: tuple[str, ...] = ()  # iam
    fact: str = ""  # UserCreated
    text: str = ""  # words, all of them; one that ends in * may go on
    entry_id: str = ""
    request_id: str = ""
    refused: bool | None = None
    high: bool | None = None  # raises an alarm
    read_only: bool | None = None
    since: int | None = None  # microseconds, inclusive
    until: int | None = None  # microseconds, exclusive
    oldest_first: bool = False


class After(msgspec.Struct, frozen=True):
    """The last row that was shown."""

    time: int
    id: int


_TEXTS: Final = tuple(field.name for field in msgspec.structs.fields(Question) if field.type is str)


def cursors_about(secret: bytes, now: int, question: Question) -> Cursors:
    """Cursors that are good for this question alone (SECURITY part 2, row 30). `now` is in microseconds."""
    return Cursors.about(secret, now, "timeline", msgspec.to_builtins(question))


def key_of(row: Row) -> bytes:
    """A row's place in the order, for a cursor."""
    return _KEY.pack(row.time, row_id(row.stream, row.sequence))


def place_of(key: bytes) -> After:
    """The place a cursor names. Raises BadCursor."""
    if len(key) != _KEY.size:
        raise BadCursor
    return After(*_KEY.unpack(key))


def condition(database: Database, question: Question) -> sa.ColumnElement[bool]:
    """What a row must fulfil."""
    question = _clean(question)
    rows = database.tables.rows.c
    terms: list[sa.ColumnElement[bool]] = [
        rows[name] == value
        for name in ("account", "user_name", "credential", "fact", "entry_id", "request_id")
        if (value := getattr(question, name))
    ]
    if question.principal:
        if question.principal.startswith("arn:"):  # the name is indexed, and is the ARN's last part
            terms.append(rows.user_name == clean(resource_of(question.principal).name))
            terms.append(rows.principal == question.principal)
        else:
            terms.append(rows.principal_id == question.principal)
    if question.action:
        whole = ":" in question.action
        terms.append(rows.action == question.action if whole else _like(rows.action, f"%:{_escaped(question.action)}"))
    if question.services:
        terms.append(sa.or_(*(_like(rows.action, f"{_escaped(service)}:%") for service in question.services)))
    if question.resource_type:
        terms.append(_like(rows.types, f"%|{_escaped(question.resource_type)}|%"))
    if question.resource:
        terms.append(rows.id.in_(_touching(database, question.resource)))
    for flag, value in ((REFUSED, question.refused), (HIGH, question.high), (READ_ONLY, question.read_only)):
        if value is not None:
            terms.append(rows.flags.op("&")(flag) == (flag if value else 0))
    if question.since is not None:
        terms.append(rows.time >= question.since)
    if question.until is not None:
        terms.append(rows.time < question.until)
    if question.text:
        search = wanted(question.text)
        terms.append(database.matching(search) if search else sa.false())
    return sa.and_(sa.true(), *terms)


def following(database: Database, question: Question, after: After | None) -> sa.ColumnElement[bool]:
    """The rows behind `after`, in the order of the question."""
    if after is None:
        return sa.true()
    rows = database.tables.rows.c
    if question.oldest_first:
        return sa.and_(rows.time >= after.time, sa.or_(rows.time > after.time, rows.id > after.id))
    return sa.and_(rows.time <= after.time, sa.or_(rows.time < after.time, rows.id < after.id))


def select(database: Database, question: Question, after: After | None, limit: int) -> sa.Select[Any]:
    """The rows in order: by JetStream's time, stream and sequence, newest first unless asked otherwise."""
    rows = database.tables.rows
    order = (rows.c.time, rows.c.id) if question.oldest_first else (rows.c.time.desc(), rows.c.id.desc())
    columns = [column for column in rows.columns if column.name != "words"]
    return (
        sa.select(*columns)
        .where(condition(database, question), following(database, question, after))
        .order_by(*order)
        .limit(limit)
    )


def _clean(question: Question) -> Question:
    """The question in the terms of the columns."""
    texts = {name: clean(getattr(question, name)) for name in _TEXTS}
    return msgspec.structs.replace(question, **texts, services=tuple(map(clean, question.services)))


def _touching(database: Database, resource: str) -> sa.Select[Any]:
    touched = database.tables.resources.c
    found = sa.select(touched.id)
    if resource.startswith("arn:"):
        return found.where(touched.name == arn.name_of(resource.split(":", 5)[-1]), touched.arn == resource)
    return found.where(touched.name == resource)


def _like(column: sa.ColumnElement[str], pattern: str) -> sa.ColumnElement[bool]:
    return column.like(pattern, escape=LIKE_ESCAPE)


def _escaped(text: str) -> str:
    for character in (LIKE_ESCAPE, "%", "_"):
        text = text.replace(character, LIKE_ESCAPE + character)
    return text
