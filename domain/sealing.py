"""Sealed values: whose data key protects what, and the two ways of not being able to read one (DESIGN §7).

An *owner* is the one whose erasing must make a value unreadable: a user, a role, a person, a secret; or, for callers
that are nobody, the month they called in.
"""

from datetime import UTC, datetime
from typing import Final

from muniment.domain.ids import NOBODY
from muniment.domain.ledger import Actor

SOURCE: Final = "source"  # the field name under which an entry's source address is sealed
AGENT: Final = "agent"  # the field name under which an entry's user agent is sealed

VOUCHED_FOR: Final = frozenset({"WebIdentityUser", "SAMLUser"})  # known to a provider, and nobody of ours yet


class Unreadable(Exception):
    """A sealed value that this ring does not open. Every cause reads alike: damage, another owner, a foreign key."""

    def __init__(self) -> None:
        super().__init__("the sealed value cannot be read")


class Erased(Unreadable):
    """The owner's key was erased on purpose; nobody will ever read the value again. Reads like any other cause."""


def owner(boundary: str, unique_id: str) -> str:
    """The owner of what is sealed for one entity of a boundary: `account.123456789012/AIDA…`."""
    return f"{boundary}/{unique_id}"


def owner_of_month(time: int) -> str:
    """The owner all callers share that are nobody, in the month of `time` (microseconds, UTC)."""
    return f"activity.{NOBODY}/{datetime.fromtimestamp(time // 1_000_000, UTC):%Y-%m}"


def owner_of_actor(actor: Actor, time: int) -> str:
    """The owner of an entry's source address and user agent: the acting principal, or the month of the entry's `time`.

    A role's sessions are the role's: the id `AROA…:session` counts as `AROA…`. A federated user is the user who made it.
    """
    if actor.account == NOBODY or not actor.id or actor.type in VOUCHED_FOR:
        return owner_of_month(time)
    return owner(f"account.{actor.account}", actor.issuer or actor.id.split(":", 1)[0])
