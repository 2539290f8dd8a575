"""The feed: the one thread that reads the streams, checks their entries, and applies them to every read model (DESIGN §4)."""

import contextlib
import gc
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import msgspec

from muniment.domain.position import Position
from muniment.projections.filling import Filling
from muniment.projections.fold import Fold
from muniment.projections.generation import Generation
from muniment.projections.keeper import Keeper
from muniment.projections.readmodel import IAM, IAM_ACTIVITY, Condition, Monotonic, ReadModel, Recorded
from muniment.projections.snapshots import Snapshots
from muniment.projections.source import Bounds, Deliver, Ended, Heard, Source, SourceLost, Stored
from muniment.projections.turns import YIELD_SECONDS
from muniment.projections.verify import Broken, Chains, Verifier, first_unsigned

__all__ = ["Bounds", "Feed", "Heard", "Readiness", "Source", "SourceLost", "Stored"]

TOGETHER_MAX: Final = 1_000  # messages applied as one batch when many wait
EVERY_SIGNATURE_MAX: Final = (
    256  # more at once are a backlog: then each chain's last signature vouches, as in a bulk replay
)
TICK_SECONDS: Final = 0.5
EXPIRY_SECONDS: Final = 60.0  # between two looks at where a stream begins
RETRY_SECONDS: Final = 0.5
FREEZE_ENTRIES: Final = 100_000  # live entries after which Python's collector is told to leave the models alone again
RECENT_ENTRIES: Final = 2_000  # kept for a generation that comes level with the live one
JOIN_ENTRIES_MAX: Final = 200  # applied to such a one on the feed's thread at once

T = TypeVar("T")


class ModelReport(msgspec.Struct, frozen=True):
    """One model's readiness."""

    name: str
    version: int
    condition: str
    reason: str
    positions: dict[str, int]
    lag_entries: int
    lag_milliseconds: float


class Readiness(msgspec.Struct, frozen=True):
    """What `/readyz` shows of the feed."""

    ready: bool
    broken: str  # the break in the log that stopped everything, or ""
    lost: str  # why a stream cannot be read now, or ""
    models: tuple[ModelReport, ...]


class Feed:
    """Reads `sources` on one thread and keeps `models` level with them. Models over `fold` share its states."""

    def __init__(
        self,
        sources: Sequence[Source],
        verifier: Verifier,
        models: Sequence[ReadModel],
        fold: Fold | None = None,
        *,
        snapshots: Snapshots | None = None,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self.models = tuple(models)
        self.generation = Generation(fold, self.models)
        self.epochs: dict[str, str] = {}
        self.broken: Broken | None = None
        self.lost = ""
        self.rebuilding = threading.Lock()  # held while a generation is filled beside the live one
        self._sources = {source.stream: source for source in sources}
        self._verifier = verifier
        self._monotonic = monotonic
        self._keeper = Keeper(snapshots, self.generation) if snapshots is not None else None
        self._beside: list[Generation] = []  # filled besides the live one, and level with it
        self._recent: deque[Recorded] = deque(maxlen=RECENT_ENTRIES)
        self._chains: dict[str, Chains] = {}
        self._contact: dict[str, float] = {}  # when a stream was read to its end
        self._inbox: queue.SimpleQueue[tuple[str, Sequence[Stored]] | Callable[[], None] | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self._stops: list[Callable[[], None]] = []
        self._loaded = threading.Event()
        self._since_freeze = 0
        self._looked = 0.0
        self._expiry_asked = monotonic()
        self.failure: BaseException | None = None  # a fault of ours that ended the thread

    # For the composition

    def start(self) -> None:
        """Begin reading, on a thread of its own."""
        self._thread.start()

    def wait_loaded(self, timeout: float) -> bool:
        """Whether the models have reached what was the streams' end, or have stopped, within `timeout` seconds."""
        return self._loaded.wait(timeout)

    def close(self) -> None:
        """Stop reading. The models keep what they have."""
        self._closing.set()
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def saw(self, sequence: int, stream: str = IAM) -> None:
        """Note that this process knows `stream` to reach `sequence`: an append of ours was acknowledged."""
        for model in self.models:
            model.head_seen(stream, sequence)

    def between(self, task: Callable[[], Any]) -> Any:
        """Run `task` on the feed's thread between two batches, and answer its result."""
        box: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

        def run() -> None:
            try:
                box.put((task(), None))
            except BaseException as error:
                box.put((None, error))

        if threading.current_thread() is self._thread:
            return task()
        self._inbox.put(run)
        while True:
            alive = self._thread.is_alive()
            try:
                result, error = box.get(timeout=TICK_SECONDS if alive else 0)
            except queue.Empty:
                if not alive:
                    return task()  # nobody else touches the models any more
            else:
                break
        if error is not None:
            raise error
        return result

    def join(self, generation: Generation) -> bool:
        """Apply every batch to `generation` too from now on; False where it is too far behind yet. Called between two batches."""
        behind = [one for one in self._recent if one.sequence > generation.position(IAM)]
        if len(behind) > JOIN_ENTRIES_MAX or len(behind) != self._chains[IAM].position - generation.position(IAM):
            return False
        if behind:
            generation.take(behind, self.epochs[IAM])
        self._beside.append(generation)
        return True

    def leave(self, generation: Generation) -> None:
        """Leave `generation` alone from now on."""
        if generation in self._beside:
            self._beside.remove(generation)

    # For readers

    def position(self) -> Position:
        """How far stream IAM was applied, by the model that is furthest behind of those that go on."""
        going = [model.position() for model in self.models if not model.stopped and IAM in model.STREAMS]
        return Position(self.epochs.get(IAM, ""), min(going, default=0))

    def heard_seconds_ago(self, stream: str = IAM) -> float:
        """How long ago the server was last heard of."""
        return self._monotonic() - max(self._sources[stream].heard().at, self._contact.get(stream, 0.0))

    def readiness(self) -> Readiness:
        """Each model's condition, position and lag, and what stands in the way."""
        models = tuple(map(_report, self.models))
        broken = str(self.broken or self.failure or "")
        ready = not broken and all(model.condition == Condition.LIVE.value for model in models)
        return Readiness(ready, broken, self.lost, models)

    # The thread

    def _run(self) -> None:
        try:
            self._load()
            self._follow()
        except Broken as broken:
            self._break(broken)
            self._idle()
        except _Closed:
            pass
        except BaseException as failure:
            self.failure = failure
            self._stop_all(f"the feed failed: {type(failure).__name__}: {failure}", "", 0)
            raise
        finally:
            self._loaded.set()
            for stop in self._stops:
                stop()
            if self._keeper is not None:
                self._keeper.close()

    def _load(self) -> None:
        """Bring every model to the streams' end, in bulk."""
        gc.disable()
        try:
            for source in self._sources.values():
                if self._keeper is not None and source.stream == IAM:
                    self._patiently(partial(self._keeper.load, source))
                filling = Filling(source, self._verifier, self.generation, pause=self._check_closing)
                chains = self._chains[source.stream] = self._patiently(filling.run)
                chains.changes_only = False  # what comes live goes to generations beside ours, too
                self.epochs[source.stream] = filling.epoch
                self._contact[source.stream] = self._monotonic()
                if filling.broken is not None:
                    raise filling.broken
        finally:
            gc.freeze()
            gc.enable()
        for model in self.models:
            model.live()
        self._loaded.set()
        if self._keeper is not None:
            self._keeper.loaded()

    def _patiently(self, work: Callable[[], T]) -> T:
        """Do `work`, again after a while as long as the stream cannot be read."""
        while True:
            try:
                done = work()
            except SourceLost as lost:
                self.lost = str(lost)
                self._closing.wait(RETRY_SECONDS)
                self._check_closing()
            else:
                self.lost = ""
                return done

    def _check_closing(self) -> None:
        if self._closing.is_set():
            raise _Closed

    def _follow(self) -> None:
        for stream, source in self._sources.items():
            self._stops.append(source.follow(self._chains[stream].position, *self._callbacks(stream)))
        while not self._closing.is_set():
            try:
                item = self._inbox.get(timeout=TICK_SECONDS)
            except queue.Empty:
                self._tick()
                continue
            while item is not None:
                item = self._handle(item)
            if self._monotonic() - self._looked > TICK_SECONDS:
                self._tick()

    def _callbacks(self, stream: str) -> tuple[Deliver, Ended]:
        def ended(reason: str) -> None:
            raise Broken(stream, self._chains[stream].position + 1, reason)

        return lambda messages: self._inbox.put((stream, messages)), lambda reason: self._inbox.put(
            lambda: ended(reason)
        )

    def _handle(self, item: tuple[str, Sequence[Stored]] | Callable[[], None]) -> Any:
        """Do one thing from the inbox, together with what waits behind it for the same stream; answer what comes next."""
        if not isinstance(item, tuple):
            item()
            return None
        stream, messages = item
        following: Any = None
        if len(messages) < TOGETHER_MAX and not self._inbox.empty():
            gathered = list(messages)
            while len(gathered) < TOGETHER_MAX and not self._inbox.empty():
                following = self._inbox.get()
                if not isinstance(following, tuple) or following[0] != stream:
                    break
                gathered.extend(following[1])
                following = None
            messages = gathered
        self._take(stream, messages)
        return following

    def _take(self, stream: str, messages: Sequence[Stored]) -> None:
        chains = self._chains[stream]
        began = self._monotonic()
        opened, broken = chains.open(messages, every=len(messages) <= EVERY_SIGNATURE_MAX)
        if not chains.confirm() and (forged := first_unsigned(self._verifier, messages)) is not None:
            opened, broken = [one for one in opened if one.sequence < forged.sequence], forged
        self._apply(opened, stream)
        if broken is not None:
            raise broken
        if self._monotonic() - began > YIELD_SECONDS:
            time.sleep(0)

    def _apply(self, batch: Sequence[Recorded], stream: str) -> None:
        if not batch:
            return
        epoch = self.epochs[stream]
        self.generation.take(batch, epoch)
        for generation in self._beside:
            generation.take(batch, epoch)
        if stream == IAM:
            self._recent.extend(batch)
            if self._keeper is not None:
                self._keeper.consider()
        self._since_freeze += len(batch)
        if self._since_freeze > FREEZE_ENTRIES:
            self._since_freeze = 0
            gc.freeze()

    def _tick(self) -> None:
        """Note how far the streams reach; a stream that got shorter is not the one that was read."""
        self._looked = self._monotonic()
        for stream, source in self._sources.items():
            head, position = source.heard().head, self._chains[stream].position
            if 0 < head < position and self._shrunk(source, position):
                raise Broken(stream, position, f"the stream ends at {head}, before what was already read")
            for model in self.models:
                model.head_seen(stream, head)
        if IAM_ACTIVITY in self._sources and self._monotonic() - self._expiry_asked > EXPIRY_SECONDS:
            self._expiry_asked = self._monotonic()
            threading.Thread(target=self._ask_expiry, name="expiry", daemon=True).start()

    def _ask_expiry(self) -> None:
        """Find out where activity begins now, which may take its time, and let the models drop what lies before."""
        try:
            first = self._sources[IAM_ACTIVITY].bounds().first
        except SourceLost:
            return
        self._inbox.put(partial(self.generation.expire, IAM_ACTIVITY, first))

    def _shrunk(self, source: Source, position: int) -> bool:
        try:
            return source.bounds().last < position
        except SourceLost:
            return False

    def _break(self, broken: Broken) -> None:
        self.broken = broken
        self._stop_all(broken.reason, broken.stream, broken.sequence)

    def _stop_all(self, reason: str, stream: str, sequence: int) -> None:
        for model in self.models:
            model.stop(reason, stream, sequence)

    def _idle(self) -> None:
        """After a break: nothing is read any more, but tasks still get their answer."""
        self._loaded.set()
        while not self._closing.is_set():
            item = self._inbox.get()
            if callable(item):
                with contextlib.suppress(Broken):  # one break is enough
                    item()


class _Closed(Exception):
    """The feed was told to end."""


def _report(model: ReadModel) -> ModelReport:
    lags = [model.lag(stream) for stream in model.STREAMS]
    return ModelReport(
        model.name,
        model.VERSION,
        model.status.condition.value,
        model.status.reason,
        {stream: model.position(stream) for stream in model.STREAMS},
        sum(lag.entries for lag in lags),
        max((lag.milliseconds for lag in lags), default=0.0),
    )
