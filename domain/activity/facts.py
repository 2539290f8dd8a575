"""What happened without changing any state. Activity is recorded beside the boundaries, in its own stream (DESIGN §2)."""

from typing import ClassVar

from muniment.domain.ledger import Fact


class ActivityFact(Fact):
    """A fact of the `activity` boundary of an account."""

    kind: ClassVar[str] = "activity"


class CommandRefused(ActivityFact, frozen=True, gc=False, omit_defaults=True):
    """A request was answered with an error. The entry's cause names the action; unauthenticated ones are counted (SECURITY 14)."""

    error_code: str
    error_message: str
    resources: tuple[str, ...] = ()  # the ARNs that the gate was asked about
    count: int = 1
