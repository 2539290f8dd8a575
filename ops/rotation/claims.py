"""Which node does what is due: a claim in IAM_SCHEDULES for each secret, which ends by itself when its node dies (decision 0033).

What is due is in the log; a claim only keeps two nodes from doing one step at the same moment. Where a claim cannot be taken
nothing is harmed but time, and where two nodes believe to have one, steps are idempotent and the log decides.
"""

import contextlib
import time
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

    def __init__(self, loop: NatsLoop, node: str, seconds: int = SECONDS) -> None:
        self._values, self._node, self._seconds = KeyValue(loop, STREAM, PREFIX), node.encode(), seconds
        self._held: dict[str, tuple[int, float]] = {}  # boundary → revision, and the moment at which it was taken

    def take(self, boundary: str) -> bool:
        """Claim a secret, or hold it longer. False where another node has it, or the log cannot be asked.

        A claim of which two thirds are left is held as it is: any step ends before.
        """
        held = self._held.get(boundary)
        if held is not None and time.monotonic() - held[1] < self._seconds / 3:
            return True
        now = time.monotonic()
        try:
            known = self._values.get(boundary)
            if known is not None and known.data not in (FREE, self._node):
                self._held.pop(boundary, None)
                return False
            revision = known.revision if known else 0
            self._held[boundary] = (
                self._values.update(boundary, self._node, revision, ttl_seconds=self._seconds),
                now,
            )
        except (Conflict, PersistenceError):
            self._held.pop(boundary, None)
            return False
        return True

    def give_back(self, boundary: str) -> None:
        """Let another node have it at once."""
        held = self._held.pop(boundary, None)
        if held is None:
            return
        with contextlib.suppress(Conflict, PersistenceError):  # else it ends by itself
            self._values.update(boundary, FREE, held[0], ttl_seconds=FREE_SECONDS)
