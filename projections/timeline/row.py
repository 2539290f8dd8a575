"""A row of the timeline: one entry as the audit tells it, and how it lies in the tables.

What is asked for lies in columns; all else is one JSON document, `record`. Sealed addresses stay sealed.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from muniment.domain.ledger import Actor, Entry, Fact, Sealed
from muniment.projections.readmodel import IAM, IAM_ACTIVITY, Recorded
from muniment.projections.timeline.past import Change
from muniment.projections.timeline.resources import Resource, resource_of
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
    resources: Sequence[tuple[str, str, str]] = []  # type, ARN, name
    code: str = ""
    message: str = ""
    issuer: str = ""  # of a session: whose rights it has
    issuer_arn: str = ""
    issued: int = 0  # microseconds
    source_identity: str = ""


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
        return Actor(self.record.actor, self.principal, self.principal_id, self.record.type, issuer=self.record.issuer)


Columns = tuple[Any, ...]  # of one row, as `Stored` orders them
_values: Final = msgspec.structs.astuple
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Record).decode


def row_id(stream: str, sequence: int) -> int:
    """The id of an entry's row: it sorts as (stream, sequence) does."""
    return sequence if stream == IAM else ACTIVITY_BIT | sequence


def stored(recorded: Recorded, changes: Sequence[Change], resources: Sequence[Resource]) -> Stored:
    """The row of an entry, with names."""
    return Stored(*columns_of(recorded, changes, resources))


def columns_of(recorded: Recorded, changes: Sequence[Change], resources: Sequence[Resource]) -> Columns:
    """The row of an entry, as `Stored` orders it."""
    entry = recorded.entry
    actor, cause, fact = entry.actor, entry.command, entry.fact
    name, flags, hides = _kinds.get(type(fact)) or _kind_of(type(fact))
    code, message = (getattr(fact, "code", ""), getattr(fact, "message", "")) if flags & REFUSED else ("", "")
    record = Record(
        entry.boundary,
        entry.version,
        entry.time,
        actor.account,
        actor.type,
        shown(fact) if hides else fact,
        actor.session,
        actor.mfa,
        actor.source,
        actor.agent,
        cause.correlation,
        cause.parameters,
        [difference(change) for change in changes] if changes else [],
        resources,
        code,
        message,
        actor.issuer,
        actor.issuer_arn,
        actor.issued,
        actor.source_identity,
    )
    who = _who(actor.arn, actor.id, actor.name)
    types = _types(resources)
    columns = (  # the order of `Stored`
        recorded.sequence if recorded.stream == IAM else ACTIVITY_BIT | recorded.sequence,
        recorded.time,
        _number_of(entry.boundary) or actor.account,
        actor.arn,
        who.id,
        who.name,
        actor.credential,
        cause.name,
        name,
        flags,
        entry.id,
        cause.id,
        types,
        _encode(record).decode(),
        _words(entry, name, who.words, resources),
    )
    if "\0" in f"{actor.arn}{actor.id}{actor.name}{actor.credential}{cause.name}{cause.id}{entry.id}{types}":
        return tuple(clean(column) if type(column) is str else column for column in columns)
    return columns


class _Kind(NamedTuple):
    name: str
    flags: int
    hides: bool  # a field of it is sealed


_kinds: Final[dict[type, _Kind]] = {}


def _kind_of(fact: type[Fact]) -> _Kind:
    """What a row says of every fact of this class."""
    name = fact.__name__
    flags = HIGH if fact.severity == "high" else 0
    flags |= REFUSED if name.endswith(("Refused", "Throttled")) else 0
    flags |= READ_ONLY if name in _READING else 0
    _kinds[fact] = _Kind(name, flags, shape_of(fact).hides)
    return _kinds[fact]


class _Who(NamedTuple):
    id: str
    name: str
    words: str


@lru_cache(maxsize=16_384)
def _who(arn: str, unique_id: str, name: str) -> _Who:
    """What a row says of its principal. The name is the ARN's last part: a user's, a session's, or `root`."""
    principal_id = (
        unique_id if unique_id.startswith("arn:") else unique_id.split(":", 1)[0]
    )  # a provider's word stays whole
    return _Who(principal_id, resource_of(arn).name if arn else name, f"{told(arn)} {principal_id} {name}")


@lru_cache(maxsize=16_384)
def _number_of(boundary: str) -> str:
    """Whose timeline it is: the account's it happened in; "" where it is above all accounts: then that of who did it."""
    kind, _, number = boundary.partition(".")
    if kind == "secret":
        return number.partition("-")[0]
    return number if kind in ("account", "activity", "vault") else ""


def _words(entry: Entry, name: str, who: str, resources: Sequence[Resource]) -> str:
    cause = entry.command
    found = [cause.name, name, who, entry.actor.credential]
    for _, arn, named in resources:
        found.append((arn.split(":", 4)[-1] or named) if arn else named)  # as `told` does
    for value in _values(entry.fact):
        if value:
            if type(value) is str:
                found.append(value)
            else:
                texts(value, found)
    if cause.parameters:
        texts(cause.parameters, found)
    return searchable(found)


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


def _types(resources: Sequence[Resource]) -> str:
    if not resources:
        return ""
    first, number = resources[0][0], len(resources)
    if number == 1 or (number == 2 and resources[1][0] == first):
        return f"|{first}|"
    if number == 2:
        return f"|{first}|{resources[1][0]}|"
    return "|" + "|".join(dict.fromkeys([resource[0] for resource in resources])) + "|"


def clean(value: str) -> str:
    """A text as it lies in a column, and as it is asked for: PostgreSQL stores no NUL."""
    return value.replace("\0", "\ufffd") if "\0" in value else value
