"""A session: temporary credentials, and everything a node must know about them. It travels sealed, in the session token.

Nothing about a session is looked up but whether what it stands on still stands: `steps` names that (docs/decisions/0025).
"""

import zlib
from typing import Any, Final

import msgspec

from muniment.domain.account.state import Tags

ROLE: Final = "AssumedRole"
USER: Final = "IAMUser"
ROOT: Final = "Root"
FEDERATED: Final = "FederatedUser"


class Step(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One thing a session stands on: a principal and the credential it used. `issued` is when that credential was given out; of
    a long-term key and of a proof from outside, when it was used to begin a session."""

    account: str
    principal: str  # AIDA…, AROA…, the account's number for root, or a provider's ARN
    credential: str  # AKIA…, ASIA…; empty for a proof from outside
    issued: int  # microseconds


class Passed(msgspec.Struct, frozen=True, array_like=True):
    """What the caller passed when the session began."""

    policy: str = ""  # the inline session policy
    policies: tuple[str, ...] = ()  # ARNs of managed session policies
    tags: Tags = {}  # session tags, those inherited over a chain included
    transitive: tuple[str, ...] = ()  # keys of tags that go on to the next session of a chain

    @property
    def limits(self) -> bool:
        """Whether any session policy was passed."""
        return bool(self.policy or self.policies)

    def packed_bytes(self) -> int:
        """How much room this takes in the token."""
        return 0 if self == Passed() else len(zlib.compress(msgspec.msgpack.encode(self)))


class Session(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Temporary credentials. `repr` shows no secret."""

    id: str  # ASIA…
    secret: str
    type: str  # CloudTrail's userIdentity.type: AssumedRole, IAMUser, Root, FederatedUser
    account: str
    principal: str  # whose rights it has: AROA…, AIDA…, or the account's number for root
    name: str = ""  # of the session of a role, of the federated user
    issued: int  # microseconds
    expires: int
    mfa: int | None = None  # when a second factor was proven, 0: none was, None: nobody asked
    source_identity: str = ""
    provider: str = ""  # the Federated principal it came from
    claims: dict[str, tuple[str, ...]] = {}  # condition keys that the provider's proof brought: `accounts.example:sub`
    passed: Passed = Passed()
    lineage: tuple[Step, ...] = ()  # what it was begun with, and what that stands on, oldest first
    padding: str = ""

    @property
    def itself(self) -> Step:
        """The session as a step for those that come from it."""
        return Step(self.account, self.principal, self.id, self.issued)

    @property
    def steps(self) -> tuple[Step, ...]:
        """All it stands on, itself included."""
        return (*self.lineage, self.itself)

    def __repr__(self) -> str:
        return f"Session(id={self.id!r}, type={self.type!r}, account={self.account!r}, principal={self.principal!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for rich, which asks msgspec's own otherwise, and that shows everything."""
        return [(name, getattr(self, name)) for name in ("id", "type", "account", "principal")]


_ASSUMING: Final = frozenset({"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"})
_FROM_KEYS: Final = frozenset({"sts:GetSessionToken", "sts:GetFederationToken"})  # long-term keys only
_ALWAYS: Final = frozenset({"sts:GetCallerIdentity"})


def may_call(session: Session, action: str) -> bool:
    """Whether credentials of this kind may call an action at all (FEATURES 1d; IAM User Guide, "Compare AWS STS credentials").

    GetSessionToken's: no IAM without a second factor, of STS only AssumeRole. GetFederationToken's: no IAM, no STS.
    """
    service = action.partition(":")[0]
    if session.type == ROLE or service not in ("iam", "sts") or action in _ALWAYS:
        return action not in _FROM_KEYS
    if session.type == FEDERATED:
        return False
    return action in _ASSUMING if service == "sts" else bool(session.mfa)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Session).decode


def encoded(session: Session) -> bytes:
    """The session as bytes, to be sealed."""
    return zlib.compress(_encode(session))


def decoded(data: bytes) -> Session:
    """The session in bytes that were sealed by us. Raises ValueError where they are none."""
    try:
        return _decode(zlib.decompress(data))
    except (zlib.error, msgspec.MsgspecError) as error:
        raise ValueError("the bytes are no session") from error
