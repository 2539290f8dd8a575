"""Which node does what is due: a claim in IAM_SCHEDULES for each secret, which ends by itself when its node dies (decision 0033).

What is due is in the log; a claim only keeps two nodes from doing one step at the same moment. Where a claim cannot be taken
nothing is harmed but time, and where two nodes believe to have one, steps are idempotent and the log decides.
"""

from typing import Final

from eventsourcing.persistence import PersistenceError

from muniment.ops.jetstream.kv import Conflict, KeyValue
from muniment.ops.jetstream.loop import NatsLoop

STREAM: Final = "IAM_SCHEDULES"
PREFIX: Final = "iam.due."
SECONDS: Final = 60  # longer than any step takes
FREE: Final = b"-"
FREE_SECONDS: Final = 1


class Claims:
    """The claims of one node. A node that comes back takes its own up again at once."""

    def __init__(self, loop: NatsLoop, node: str) -> None:
        self._values, self._node = KeyValue(loop, STREAM, PREFIX), node.encode()

    def take(self, boundary: str) -> bool:
        """Claim a secret, or hold it longer. False where another node has it, or the log cannot be asked."""
        try:
            known = self._values.get(boundary)
            if known is not None and known.data not in (FREE, self._node):
                return False
            self._values.update(boundary, self._node, known.revision if known else 0, ttl_seconds=SECONDS)
        except (Conflict, PersistenceError):
            return False
        return True

    def give_back(self, boundary: str) -> None:
        """Let another node have it at once."""
        try:
            known = self._values.get(boundary)
            if known is not None and known.data == self._node:
                self._values.update(boundary, FREE, known.revision, ttl_seconds=FREE_SECONDS)
        except (Conflict, PersistenceError):
            return  # it ends by itself
