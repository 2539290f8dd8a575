"""Queries: one class per Get* and List* action, answered from the read models (DESIGN §6)."""

from collections.abc import Callable
from typing import Any, ClassVar, Final, Protocol

import msgspec

from muniment.domain.boundary import State
from muniment.domain.errors import AccessDenied
from muniment.domain.ledger import Actor
from muniment.domain.resource import Resource

QUERIES: Final[dict[tuple[str, str], type["Query"]]] = {}


class Views(Protocol):
    """The read models a query may ask."""

    def state(self, boundary: str) -> State:
        """The directory's state of a boundary; the empty one where nothing was recorded yet."""

    @property
    def cursor_key(self) -> bytes:
        """The secret that markers of lists are MACed with (SECURITY CVE row 30): 32 bytes, the same on every node."""

    @property
    def timeline(self) -> Any:
        """The audit timeline (projections/timeline)."""

    @property
    def credentials(self) -> Any:
        """Access keys and when they were used (projections/credentials.py)."""

    @property
    def access(self) -> Any:
        """Who may do what (projections/access)."""

    @property
    def past(self) -> Any:
        """States and decisions at past moments (projections/past)."""

    @property
    def what_if(self) -> Any:
        """Asks logged decisions again (ops/what_if.py)."""

    @property
    def unsealer(self) -> Any:
        """Opens what was sealed for a principal (ops/keys/ring.py)."""

    @property
    def rebuilds(self) -> Any:
        """Rebuilds of this process's read models (ops/rebuild.py)."""


class Disclosed(msgspec.Struct, frozen=True):
    """That an answer holds a secret: recorded, and acknowledged, before the answer leaves (SECURITY 14)."""

    account: str  # whose the secret is; the caller's account has it on record too
    fact: Any  # an activity, such as SecretRead
    boundary: str = ""  # the secret's


def _nothing_is_allowed(action: str, resources: tuple[Resource, ...]) -> None:
    raise AccessDenied(f"{action} is not allowed here")


class Asked(msgspec.Struct, frozen=True):
    """Who asks, and when. An answer adds to `disclosed` what of secrets it holds."""

    actor: Actor
    now: int  # microseconds
    allowed: Callable[[str, tuple[Resource, ...]], None] = (
        _nothing_is_allowed  # asks the gate for more; raises AccessDenied
    )
    disclosed: list[Disclosed] = msgspec.field(default_factory=list)


class Query(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One reading action. The class name is the AWS action, its fields are the parameters."""

    service: ClassVar[str] = ""
    models: ClassVar[tuple[str, ...]] = ("directory", "credentials")  # the read models that it is answered from

    def __init_subclass__(cls) -> None:
        if cls.service and not cls.__name__.endswith("Query"):
            QUERIES[cls.service, cls.__name__] = cls

    @classmethod
    def action(cls) -> str:
        """The permission: `iam:GetUser`."""
        return f"{cls.service}:{cls.__name__}"

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        """What the gate is asked about; all must be allowed."""
        raise TypeError(f"{type(self).__name__} names no resource")

    def decides(self) -> tuple[str, ...]:
        """The actions that the answer decides on for others: how old a state may be depends on them (SECURITY rule 2)."""
        return ()

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        """The response's members. Raises Refused."""
        raise TypeError(f"{type(self).__name__} answers nothing")
