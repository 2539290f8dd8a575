"""Logged decisions: what was asked, and what was answered, many to a message (DESIGN §2, stream IAM_DECISIONS).

A message holds decisions about principals of one account by one writing process: msgpack `[body, key id, signature]`, signed
like an entry. The requesters of a message stand in it once. Condition keys that may be about a person are sealed.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from muniment.domain import stored
from muniment.domain.ids import NOBODY
from muniment.domain.ledger import Sealed
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.sealing import owner, owner_of_month
from muniment.domain.session import Passed

SIGNING_CONTEXT: Final = b"muniment-decisions-v1\0"
FIELD: Final = "decision"  # the field name under which a decision's own condition keys are sealed
GATE: Final = "gate"  # a call of this API
EVALUATION: Final = "evaluation"  # an application asked, by AuthZEN or muniment:Evaluate

# What says nothing about a person. Every other key, applications' own first of all, is sealed.
CLEAR: Final = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:securetransport",
        "aws:requestedregion",
        "aws:viaawsservice",
        "aws:multifactorauthpresent",
        "aws:multifactorauthage",
        "aws:tokenissuetime",
        "iam:policyarn",
        "iam:permissionsboundary",
        "iam:passedtoservice",
        "iam:awsservicename",
    }
)

APPLICATIONS: Final = "applications"
TAG: Final = "\0"  # begins the name under which a session's tag is sealed: no condition key begins so

Keys = dict[str, tuple[str, ...]]
Verify = Callable[[str, bytes, bytes], bool]  # key id, signature, payload


class Row(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One decision. `who` counts in the message's requesters; `withheld` says that keys could not be sealed and are left out."""

    time: int  # microseconds
    who: int
    action: str
    resource: str
    allowed: bool
    effect: str
    layer: str
    position: int  # of stream IAM, that it was made from
    source: str
    context: Keys = {}
    sealed: Sealed | None = None
    owner_account: str = ""  # AccessRequest.resource_account
    withheld: bool = False


class Asker(msgspec.Struct, frozen=True, array_like=True):
    """Who asked: the requester without its session's tags, and the policies passed when its session began."""

    principal: Principal
    passed: Passed | None = None


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """The body of one message. `number` counts the writer's messages of this account; `dropped` are decisions that found no room
    in memory since the one before."""

    account: str
    writer: str
    number: int
    rate: float  # of all decisions, the share that is logged: 1.0 is every one
    dropped: int
    count: int
    askers: tuple[Asker, ...] = ()
    rows: tuple[Row, ...] = ()


class Heading(msgspec.Struct, frozen=True, array_like=True):
    """The beginning of a message's body, for whoever only counts."""

    account: str
    writer: str
    number: int
    rate: float
    dropped: int
    count: int


class Found(msgspec.Struct, frozen=True, gc=False):
    """One decision of the log. `request` is None where keys that were sealed cannot be read any more, or never were kept."""

    row: Row
    asker: Asker
    request: AccessRequest | None


class Window(msgspec.Struct, kw_only=True):
    """What a reading covers. Filled while it is read; complete once the decisions have been gone through."""

    decisions: int = 0
    began: int = 0  # microseconds: the oldest decision
    ended: int = 0
    rates: tuple[float, float] = (1.0, 1.0)  # the lowest and highest share of decisions that was logged
    dropped: int = 0  # decisions that the writers had no room for
    missing: int = 0  # messages that are not there: their writers counted on
    unbelievable: int = 0  # messages that no key of ours signed
    unreadable: int = 0  # decisions whose sealed keys are gone


class Unbelievable(Exception):
    """A message of the decision log that no key of ours signed, or that is none."""


_encode = msgspec.msgpack.Encoder().encode
_batches = msgspec.msgpack.Decoder(Batch)
_headings = msgspec.msgpack.Decoder(Heading)
_keys = msgspec.msgpack.Decoder(Keys)


def subject(account: str) -> str:
    """Where the decisions about an account's principals are logged."""
    return f"decisions.{account or NOBODY}"


def encode(batch: Batch) -> bytes:
    """The signed bytes of a message."""
    return _encode(batch)


def signed(body: bytes) -> bytes:
    """What is signed of a message: its body is large, and signatures are remembered with what they are over."""
    return SIGNING_CONTEXT + stored.digest(body)


def heading(message: bytes) -> Heading:
    """What a stored message says of itself. Raises Unbelievable."""
    try:
        return _headings.decode(stored.open_envelope(message).body)
    except (stored.Damaged, msgspec.MsgspecError) as error:
        raise Unbelievable(f"not a message of the decision log: {error}") from None


def open_batch(message: bytes, verify: Verify) -> Batch:
    """The decisions in a stored message. Raises Unbelievable."""
    try:
        envelope = stored.open_envelope(message)
        if not verify(envelope.key, envelope.signature, signed(envelope.body)):
            raise Unbelievable("no key of ours signed it")
        return _batches.decode(envelope.body)
    except (stored.Damaged, msgspec.MsgspecError) as error:
        raise Unbelievable(f"not a message of the decision log: {error}") from None


def encode_keys(keys: Keys) -> bytes:
    """Condition keys as the bytes that are sealed."""
    return _encode(keys)


def decode_keys(plain: bytes) -> Keys:
    """The keys again. Raises MsgspecError."""
    return _keys.decode(plain)


def owner_of(principal: Principal, time: int) -> str:
    """Whose erasing makes a decision's own keys unreadable: the user's or role's, the account's root, or the month's."""
    if not principal.account or principal.account == NOBODY:
        return owner_of_month(time)
    holder = principal.unique_id or principal.issuer_id or principal.account
    if principal.kind is PrincipalKind.APPLICATION:
        holder = APPLICATIONS  # an application's subjects have no keys of their own
    return owner(f"account.{principal.account}", holder)


def request_of(row: Row, asker: Asker, private: Keys) -> AccessRequest:
    """The request as it was asked."""
    principal, context = asker.principal, row.context
    if private:
        tags = {key[1:]: values[0] for key, values in private.items() if key.startswith(TAG)}
        context = {**context, **{key: values for key, values in private.items() if not key.startswith(TAG)}}
        principal = msgspec.structs.replace(principal, tags=tags) if tags else principal
    return AccessRequest(
        action=row.action,
        resource=row.resource,
        principal=principal,
        context=context,
        resource_account=row.owner_account,
    )
