"""How the past is read: entries of single boundaries, straight from stream IAM. `ops/jetstream/boundary_log.py` implements it."""

from collections.abc import Sequence
from typing import Final, Protocol

from muniment.domain import stored
from muniment.domain.errors import ServiceUnavailable
from muniment.projections.readmodel import IAM, Recorded
from muniment.projections.source import Stored
from muniment.projections.verify import entry_of

TOGETHER: Final = 1_000  # messages asked for at once: as many as one answer of JetStream's may hold


class Log(Protocol):
    """Stream IAM. Both methods may be called from any thread and block; both raise SourceLost."""

    def entries(self, boundary: str, after: int, limit: int) -> Sequence[Stored]:
        """Up to `limit` messages of one boundary after sequence `after`, in order; any replica may answer, and may lag."""

    def stretch(self, after: int, limit: int) -> Sequence[Stored]:
        """Up to `limit` messages of all boundaries after sequence `after`, in order."""

    def last(self) -> int:
        """The stream's last sequence now, as the leader knows it."""


class PastUnreadable(ServiceUnavailable):
    """The log cannot be read now, or holds an entry here that this program cannot apply."""

    code = "ServiceUnavailable"


def recorded(message: Stored) -> Recorded:
    """The entry in a message. Raises Damaged; its signature is not checked here."""
    entry = entry_of(stored.open_envelope(message.data), stored.digest(message.data))
    return Recorded(IAM, message.sequence, message.time_ns // 1_000, entry)
