"""What became of requests that changed nothing: answered, confirmed, refused, or never authenticated (SECURITY 14)."""

from typing import Any, ClassVar

from muniment.domain.ledger import Fact


class ActivityFact(Fact, frozen=True, gc=False, omit_defaults=True):
    """A fact of the `activity` boundary."""

    kind: ClassVar[str] = "activity"


class CommandConfirmed(ActivityFact, frozen=True, gc=False, omit_defaults=True):
    """A command was accepted and had nothing to change: it was already so, or it was a repeat."""

    repeated: bool = False


class CommandRefused(ActivityFact, frozen=True, gc=False, omit_defaults=True):
    """A command was refused: by the gate, by a rule, or for its parameters."""

    code: str
    message: str
    resources: tuple[str, ...] = ()


class QueryRefused(ActivityFact, frozen=True, gc=False, omit_defaults=True):
    """A query was refused."""

    code: str
    message: str
    resources: tuple[str, ...] = ()


class QueryAnswered(ActivityFact, frozen=True, gc=False, omit_defaults=True):
    """A query was answered. Recorded in batches after the answer; an operator may switch it off (DESIGN §6)."""

    resources: tuple[str, ...] = ()


class RequestsThrottled(ActivityFact, frozen=True, gc=False, omit_defaults=True):
    """Requests of one account that came too fast or too many at once, counted over ten seconds into one entry."""

    code: ClassVar[str] = "Throttling"
    message: ClassVar[str] = "Rate exceeded"

    count: int
    principals: dict[str, int] = {}  # ARN → how many; "" for those beyond the first hundred
    first: int = 0  # microseconds
    last: int = 0


class UnauthenticatedRefused(ActivityFact, frozen=True, gc=False, omit_defaults=True):
    """Requests of one source that proved nobody's identity, counted over ten seconds into one entry (SECURITY 14)."""

    count: int
    codes: dict[str, int] = {}
    first: int = 0  # microseconds
    last: int = 0
    details: dict[str, Any] = {}
