"""When snapshots are taken: after a long load, every so many entries, and at the end; written on a thread of the keeper's own."""

import threading
from typing import Final

from muniment.projections.generation import Generation
from muniment.projections.snapshots import Picture, Snapshots
from muniment.projections.source import Source

INTERVAL_ENTRIES: Final = 50_000
AFTER_LOAD_ENTRIES: Final = 10_000  # read from the log at the start
AT_END_ENTRIES: Final = 1_000


class Keeper:
    """Keeps one generation's snapshot fresh. Everything but the writing happens on the feed's thread."""

    def __init__(self, snapshots: Snapshots, generation: Generation) -> None:
        self.saved = 0  # the position of the last snapshot
        self.failure = ""  # why the last one could not be written: a full disk does not stop the feed
        self._confirmed = False  # whether what the generation holds was checked to the last signature
        self._snapshots = snapshots
        self._generation = generation
        self._writing: threading.Thread | None = None

    def load(self, source: Source) -> None:
        """Begin from the snapshot. Raises SourceLost."""
        self._generation.load(self._snapshots, source)
        self.saved = self._position()

    def loaded(self) -> None:
        """The generation has reached the stream's end, and everything in it was checked."""
        self._confirmed = True
        self.consider(AFTER_LOAD_ENTRIES)

    def consider(self, entries: int = INTERVAL_ENTRIES) -> None:
        """Take a snapshot where at least so many entries came since the last one and none is being written."""
        if not self._confirmed or self._position() - self.saved < entries:
            return
        if self._writing is not None and self._writing.is_alive():
            return
        if (picture := self._generation.picture()) is None:
            return
        self.saved = picture.checkpoint.sequence
        self._writing = threading.Thread(target=self._write, args=(picture,), name="snapshot", daemon=True)
        self._writing.start()

    def close(self) -> None:
        """Take a last snapshot where it is worth it, and wait until it is written."""
        if self._writing is not None:
            self._writing.join()
        self.consider(AT_END_ENTRIES)
        if self._writing is not None:
            self._writing.join()

    def _position(self) -> int:
        return self._generation.fold.position if self._generation.fold is not None else 0

    def _write(self, picture: Picture) -> None:
        try:
            self._snapshots.save(picture)
            self.failure = ""
        except OSError as error:
            self.failure = f"the snapshot could not be written: {error}"
