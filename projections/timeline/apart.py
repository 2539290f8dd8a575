"""A timeline on a thread of its own: a slow or absent database delays the timeline alone, never the feed and its decisions."""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from muniment.domain.position import Position
from muniment.projections.readmodel import IAM, WAIT_SECONDS_DEFAULT, Checkpoint, Condition, Recorded
from muniment.projections.timeline.database import Database, Touched
from muniment.projections.timeline.opening import Unsealer
from muniment.projections.timeline.row import Columns
from muniment.projections.timeline.timeline import Timeline

LOADING_ENTRIES_MAX: Final = 20_000  # entries that wait while the log is read in bulk: its reader waits too
WAITING_ENTRIES_MAX: Final = (
    200_000  # entries that wait while live; with more the timeline stops, for the feed must go on
)
RETRY_SECONDS: Final = 1.0
GATHER_SECONDS: Final = 0.1

TOGETHER_MAX: Final = 1_000  # entries in one transaction, where several batches wait

T = TypeVar("T")
_Batch = tuple[Sequence[Recorded], str]  # with its epoch
_Item = Callable[[], None] | _Batch


class TimelineApart(Timeline):
    """The same timeline; what the feed asks of it is done in order, a moment later. A lost database is tried again."""

    def __init__(self, database: Database, *, unsealer: Unsealer | None = None) -> None:
        super().__init__(database, unsealer=unsealer)
        self.trouble = ""  # why the database cannot be written now
        self._tasks: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._entries = 0
        self._room = threading.Condition()
        self._closing = threading.Event()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._run, name="timeline", daemon=True)
        self._thread.start()

    # What the feed calls: put in order, and done on our thread

    def take(self, batch: Sequence[Recorded], epoch: str) -> None:
        if self._here():
            super().take(batch, epoch)
        elif batch and not self.stopped and self._admit(len(batch)):
            self._tasks.put((batch, epoch))

    def begin_bulk(self, entries: int) -> None:
        self._later(partial(super().begin_bulk, entries))

    def live(self) -> None:
        self._later(super().live)

    def expired(self, stream: str, first: int) -> None:
        self._later(partial(super().expired, stream, first))

    def stop(self, reason: str, stream: str, sequence: int) -> None:
        self._later(partial(super().stop, reason, stream, sequence))

    def reset(self) -> None:
        self._now(super().reset)

    def adopt(self, other: Timeline) -> None:
        self.adopting(other)()

    def adopting(self, other: Timeline) -> Callable[[], None]:
        """Adopt `other` in its turn: whatever is asked from here on comes after it. What is answered waits for it, and raises."""
        return self._asked(partial(super().adopt, other))

    def digest_at(
        self, positions: Mapping[str, int], first_activity: int = 0, after: Mapping[str, int] = MappingProxyType({})
    ) -> bytes:
        self.flush()
        return super().digest_at(positions, first_activity, after)

    def flush(self) -> None:
        """Return once everything that was asked before is done."""
        self._now(lambda: None)

    def close(self) -> None:
        """Do what waits, unless the database is away, and let go of it."""
        self._closing.set()
        self._hurry.set()
        if self._thread.is_alive():
            self._tasks.put(_end)
            self._thread.join()
        super().close()

    # The thread

    def _run(self) -> None:
        following: _Item | None = None
        while (item := following or self._tasks.get()) is not _end:
            following = None
            try:
                if isinstance(item, tuple):
                    self._gather()
                    batches, following = self._together(item)
                    for batch, epoch in batches:
                        self._take(batch, epoch)
                else:
                    item()
            except Exception as error:
                super().stop(f"{type(error).__name__}: {error}", IAM, self.position())

    def _gather(self) -> None:
        """Let a moment's entries come together: a commit each would take more of the processor than all else of a command.

        Whoever waits for a position cuts it short.
        """
        if (
            self.status.condition is Condition.LIVE
            and not self._closing.is_set()
            and self._tasks.qsize() < TOGETHER_MAX
        ):
            self._hurry.wait(GATHER_SECONDS)
        self._hurry.clear()

    def wait(self, position: Position | int, timeout: float = WAIT_SECONDS_DEFAULT) -> None:
        self._hurry.set()
        super().wait(position, timeout)

    def _together(self, item: _Batch) -> tuple[list[_Batch], _Item | None]:
        """A batch with those that wait behind it, one of each stream, and what comes after them.

        One commit costs as much as many rows, and the order in which two streams meet says nothing: rows are sorted by time.
        """
        gathered: dict[tuple[str, str], list[Recorded]] = {}
        number = 0
        following: _Item | None = item
        while isinstance(following, tuple):
            batch, epoch = following
            gathered.setdefault((batch[0].stream, epoch), []).extend(batch)
            number += len(batch)
            following = None if number >= TOGETHER_MAX or self._tasks.empty() else self._tasks.get()
        return [(batch, epoch) for (_, epoch), batch in gathered.items()], following

    def _take(self, batch: Sequence[Recorded], epoch: str) -> None:
        try:
            super().take(batch, epoch)
        finally:
            with self._room:
                self._entries -= len(batch)
                self._room.notify_all()

    def _insert(
        self, after: Checkpoint, batch: Sequence[Recorded], rows: list[Columns], touched: list[Touched]
    ) -> None:
        """Until it is done: whether a lost answer meant success is seen from the checkpoint that is there."""
        while True:
            try:
                super()._insert(after, batch, rows, touched)
            except DBAPIError as error:
                if not _passing(error) or self._closing.wait(RETRY_SECONDS):
                    raise
                self.trouble = f"the timeline's database cannot be written: {type(error.orig).__name__}"
            else:
                self.trouble = ""
                return

    def _admit(self, entries: int) -> bool:
        """Count a batch in, waiting for room while loading. Where there is none while live, the timeline stops."""
        with self._room:
            if self.status.condition is Condition.LOADING:
                self._room.wait_for(
                    lambda: self._entries < LOADING_ENTRIES_MAX or self._closing.is_set() or self.stopped
                )
            elif self._entries + entries > WAITING_ENTRIES_MAX:
                super().stop(self.trouble or "the timeline's database is too slow", IAM, self.position())
                return False
            self._entries += entries
        return True

    def _here(self) -> bool:
        return threading.current_thread() is self._thread

    def _later(self, task: Callable[[], None]) -> None:
        if self._here():
            task()
        else:
            self._tasks.put(task)

    def _now(self, task: Callable[[], T]) -> T:
        """Do `task` in its turn and wait for its answer."""
        return self._asked(task)()

    def _asked(self, task: Callable[[], T]) -> Callable[[], T]:
        """Have `task` done in its turn; what is answered waits for its result."""
        if self._here() or not self._thread.is_alive():
            result = task()
            return lambda: result
        self._hurry.set()
        answer: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

        def run() -> None:
            try:
                answer.put((task(), None))
            except BaseException as error:
                answer.put((None, error))

        def wait() -> T:
            result, failure = answer.get()
            if failure is not None:
                raise failure
            done: T = result
            return done

        self._tasks.put(run)
        return wait


def _end() -> None:
    """The last item in the queue."""


def _passing(error: DBAPIError) -> bool:
    """Whether trying again may help: a lost connection, a full disk, a lock; not a damaged file or a wrong value."""
    return error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
