"""Facts and entries: what happened, and the envelope that says who did it, when, and by which command (DESIGN §3)."""

from typing import Any, ClassVar, Final

import msgspec

DECIDING: Final = frozenset({"access", "credentials"})  # the read models that a command waits for

FACTS: Final[dict[tuple[str, int], type["Fact"]]] = {}


class Sealed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A value only the key ring can read: the data key's name and nonce + AES-256-GCM ciphertext (DESIGN §7)."""

    key: str
    box: bytes

    def __repr__(self) -> str:
        return f"Sealed(key={self.key!r}, box=***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("hidden", "***")]


class Fact(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What happened, in the field's own words. The stored name is the class's name; `version` counts its shapes.

    A fact says itself what it changes: `evolve` writes into a draft of its boundary's state, which the fold has made
    for this purpose (domain/boundary.py). Facts of a boundary without state leave it as it is.
    """

    kind: ClassVar[str] = ""  # the boundary it belongs to, "account", "site", …; set by a child such as AccountFact
    version: ClassVar[int] = 1
    changes: ClassVar[frozenset[str]] = DECIDING  # which of those it can change: after the others nobody has to wait
    severity: ClassVar[str] = "low"  # "high" raises an alarm (log, metric, timeline)

    def __init_subclass__(cls) -> None:
        if Fact not in cls.__bases__:  # the direct children only name a boundary: AccountFact, SiteFact, …
            FACTS[cls.__name__, cls.version] = cls

    def evolve(self, state: Any, entry: "Entry") -> None:
        """Change `state`, a draft that belongs to the fold, by this fact."""


class Actor(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who did it. Address and user agent are personal data, so they are sealed (DESIGN §7)."""

    account: str  # 12 digits; "000000000000" for nobody
    arn: str  # the principal; "" for nobody
    id: str  # its unique id: AIDA…, AROA…:session, the account number for root
    type: str = "IAMUser"  # CloudTrail's userIdentity.type
    name: str = ""  # the user's name, where it has one
    credential: str = ""  # access key id
    session: str = ""
    mfa: bool | None = None
    source: Sealed | None = None  # source IP address
    agent: Sealed | None = None  # user agent
    issuer: str = ""  # of a role's or federated user's session: the unique id of whose rights it has
    issuer_arn: str = ""
    issued: int = 0  # of a session: when it began (microseconds)
    source_identity: str = ""  # of a session: who is behind it, whatever roles it went through


class Cause(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The command that recorded the entry."""

    name: str  # "iam:CreateUser"
    id: str  # the request id, a UUIDv7
    correlation: str = ""
    parameters: dict[str, Any] = {}  # public ones that the fact does not carry
    key: bytes = b""  # SHA-256 over (principal, action, client's idempotency key); empty where none was given
    body: bytes = b""  # SHA-256 over the parameters


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One fact in its envelope. `originator_*` make it an event of the `eventsourcing` library."""

    id: str  # UUIDv7 (RFC 9562)
    boundary: str  # "account.123456789012"
    version: int  # 1, 2, 3 … within the boundary
    time: int  # microseconds since the Unix epoch, UTC: the writer's clock
    actor: Actor
    command: Cause
    prev: bytes  # SHA-256 of the boundary's previous stored message; empty for the first
    fact: Fact
    writer: str = ""  # activity only: the process that wrote it, whose entries are one chain (DESIGN §3)
    digest: bytes = b""  # SHA-256 of the stored message; set when read or written, never encoded

    @property
    def originator_id(self) -> str:
        return self.boundary

    @property
    def originator_version(self) -> int:
        return self.version
