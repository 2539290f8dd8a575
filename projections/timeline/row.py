"""A row of the timeline: one entry as the audit tells it, and how it lies in the tables.

What is asked for lies in columns; all else is one JSON document, `record`. Sealed addresses stay sealed.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from muniment.domain.ledger import Actor, Entry, Fact, Sealed
from muniment.projections.readmodel import IAM, IAM_ACTIVITY, Recorded
from muniment.projections.timeline.past import Change
from muniment.projections.timeline.resources import Resource
from muniment.projections.timeline.shown import difference, shape_of, shown, texts
from muniment.projections.timeline.words import searchable, told

ACTIVITY_BIT: Final = 1 << 62  # ids of activity rows follow all ids of stream IAM: (stream, sequence) in one number
REFUSED: Final = 1
HIGH: Final = 2  # the fact raises an alarm
READ_ONLY: Final = 4
_READING: Final = frozenset({"QueryAnswered", "QueryRefused", "SecretRead"})


class Record(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What of a row is only shown, never asked for."""

    boundary: str
    version: int
    written: int  # microseconds: the writer's clock, by which a month's key is found
    actor: str  # the actor's account
    type: str
    data: Any  # the fact's own fields, nothing sealed
    session: str = ""
    mfa: bool | None = None
    source: Sealed | None = None
    agent: Sealed | None = None
    correlation: str = ""
    parameters: dict[str, Any] = {}
    changes: list[dict[str, Any]] = []  # what / old / new (shown.difference)
    resources: list[tuple[str, str, str]] = []  # type, ARN, name
    code: str = ""
    message: str = ""


class Stored(NamedTuple):
    """The columns of table `rows`, in their order."""

    id: int
    time: int  # microseconds: when JetStream took the entry
    account: str
    principal: str
    principal_id: str  # without a role's session
    user_name: str
    credential: str
    action: str
    fact: str
    flags: int
    entry_id: str
    request_id: str
    types: str  # of the resources touched: "|AWS::IAM::User|"
    record: str  # JSON
    words: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the log as the audit shows it."""

    stream: str
    sequence: int
    time: int
    account: str
    principal: str
    principal_id: str
    user_name: str
    credential: str
    action: str
    fact: str
    refused: bool
    severity: str
    read_only: bool
    entry_id: str
    request_id: str
    record: Record
    source: str = ""  # opened, where an unsealer was at hand
    agent: str = ""

    @property
    def actor(self) -> Actor:
        """Who did it, as far as the owner of its sealed address is concerned."""
        return Actor(self.record.actor, self.principal, self.principal_id, self.record.type)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Record).decode


def row_id(stream: str, sequence: int) -> int:
    """The id of an entry's row: it sorts as (stream, sequence) does."""
    return sequence if stream == IAM else ACTIVITY_BIT | sequence


def stored(recorded: Recorded, changes: Sequence[Change], resources: Sequence[Resource]) -> Stored:
    """The row of an entry."""
    entry = recorded.entry
    actor, cause, fact = entry.actor, entry.command, entry.fact
    name = type(fact).__name__
    refused = name.endswith("Refused")
    code, message = (getattr(fact, "code", ""), getattr(fact, "message", "")) if refused else ("", "")
    principal_id = actor.id.split(":", 1)[0]
    record = Record(
        entry.boundary,
        entry.version,
        entry.time,
        actor.account,
        actor.type,
        _public(fact),
        actor.session,
        actor.mfa,
        actor.source,
        actor.agent,
        cause.correlation,
        cause.parameters,
        [difference(change) for change in changes],
        [(resource.type, resource.arn, resource.name) for resource in resources],
        code,
        message,
    )
    found = [cause.name, name, told(actor.arn), principal_id, actor.name, actor.credential]
    for resource in resources:
        found.append(told(resource.arn) or resource.name)
    texts(fact, found)
    if cause.parameters:
        texts(cause.parameters, found)
    return Stored(
        row_id(recorded.stream, recorded.sequence),
        recorded.time,
        account_of(entry),
        clean(actor.arn),
        clean(principal_id),
        clean(actor.name or actor.session or ("root" if actor.type == "Root" else "")),
        clean(actor.credential),
        clean(cause.name),
        name,
        (REFUSED if refused else 0) | (HIGH if fact.severity == "high" else 0) | (READ_ONLY if name in _READING else 0),
        clean(entry.id),
        clean(cause.id),
        _types(resources),
        _encode(record).decode(),
        searchable(found),
    )


def account_of(entry: Entry) -> str:
    """Whose timeline it is: the account's it happened in; of what is above all accounts, the account of who did it."""
    kind, _, number = entry.boundary.partition(".")
    return number if kind in ("account", "activity", "vault") else entry.actor.account


def shown_row(columns: Sequence[Any]) -> Row:
    """The row in columns `Stored` up to `record`."""
    flags = columns[9]
    return Row(
        stream=IAM if columns[0] < ACTIVITY_BIT else IAM_ACTIVITY,
        sequence=columns[0] & ~ACTIVITY_BIT,
        time=columns[1],
        account=columns[2],
        principal=columns[3],
        principal_id=columns[4],
        user_name=columns[5],
        credential=columns[6],
        action=columns[7],
        fact=columns[8],
        refused=bool(flags & REFUSED),
        severity="high" if flags & HIGH else "low",
        read_only=bool(flags & READ_ONLY),
        entry_id=columns[10],
        request_id=columns[11],
        record=_decode(columns[13]),
    )


def _public(fact: Fact) -> Any:
    """The fact itself, for the encoder; or, where one of its fields is sealed, its other fields."""
    return shown(fact) if shape_of(type(fact)).hides else fact


def _types(resources: Sequence[Resource]) -> str:
    if not resources:
        return ""
    if len(resources) == 1:
        return clean(f"|{resources[0].type}|")
    return clean("|" + "|".join(dict.fromkeys(resource.type for resource in resources)) + "|")


def clean(value: str) -> str:
    """A text as it lies in a column, and as it is asked for: PostgreSQL stores no NUL."""
    return value.replace("\0", "\ufffd") if "\0" in value else value
