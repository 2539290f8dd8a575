"""Issues: actions that give out temporary credentials. They change no state, so no boundary decides them: they are judged from
the states that this process knows, recorded in the activity stream, and only then answered (docs/decisions/0025).
"""

from typing import Any, ClassVar, Final, Protocol

import msgspec

from muniment.domain.account.state import Account
from muniment.domain.caller import Caller
from muniment.domain.federation import SAMLProof, WebProof
from muniment.domain.resource import Resource
from muniment.domain.session import Session

ISSUES: Final[dict[tuple[str, str], type["Issue"]]] = {}


class Accounts(Protocol):
    """Account states, as of now."""

    def account(self, number: str) -> Account:
        """The account with this number; an empty one where there is none."""


class Drawing(Protocol):
    """Time and randomness for a new session."""

    now: int  # microseconds

    def unique_id(self, prefix: str) -> str:
        """A new identifier such as AIDA…"""

    def secret(self) -> str:
        """A new 40-character secret access key."""


class Asking(msgspec.Struct, frozen=True):
    """One question to the gate; all must be allowed."""

    action: str
    resource: Resource


class Vouched(msgspec.Struct, frozen=True):
    """What was proven beside the request's signature."""

    caller: Caller
    mfa: int | None = None  # when a second factor was proven (microseconds); None: the request brought none
    proof: WebProof | SAMLProof | None = None  # what an identity provider says, where the caller has no credentials


class Issue(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One action. The class name is the AWS action, its fields are the parameters."""

    service: ClassVar[str] = ""
    signed: ClassVar[bool] = True  # False: the proof is in the parameters, and nobody has credentials yet
    secret_parameters: ClassVar[frozenset[str]] = frozenset()  # never recorded, never shown

    def __init_subclass__(cls) -> None:
        if cls.service and not cls.__name__.endswith("Issue"):
            ISSUES[cls.service, cls.__name__] = cls

    @classmethod
    def action(cls) -> str:
        """The permission: `sts:AssumeRole`."""
        return f"{cls.service}:{cls.__name__}"

    def factor(self) -> tuple[str, str]:
        """Serial number and code of the second factor that the request brings; both empty where it brings none."""
        return "", ""

    def asks(self, vouched: Vouched, accounts: Accounts) -> tuple[Asking, ...]:
        """What the gate is asked. Raises Refused for a caller who may never call this."""
        raise TypeError(f"{type(self).__name__} asks nothing")

    def session(self, vouched: Vouched, accounts: Accounts, drawing: Drawing) -> Session:
        """The new session, now that the gate has allowed it. Raises Refused."""
        raise TypeError(f"{type(self).__name__} begins nothing")

    def answer(self, session: Session, accounts: Accounts) -> dict[str, Any]:
        """The response's members beside the credentials."""
        return {}

    def told(self, vouched: Vouched) -> dict[str, Any]:
        """What of a proof the response repeats."""
        return {}
