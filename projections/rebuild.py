"""Rebuilding the in-memory models: a new generation is filled from the log beside the live one, compared with it at the same
position, and put in its place from one moment to the next. No read fails meanwhile (DESIGN §4).
"""

import gc
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Protocol

import msgspec

from muniment.domain.boundary import State
from muniment.projections.directory import Directory
from muniment.projections.filling import Filling
from muniment.projections.fold import Fold, FoldedModel
from muniment.projections.generation import Generation
from muniment.projections.readmodel import IAM
from muniment.projections.snapshots import Snapshots
from muniment.projections.source import Source
from muniment.projections.turns import Turns
from muniment.projections.verify import Broken, Verifier

JOIN_ATTEMPTS_MAX: Final = 100
STAGE_ENTRIES: Final = 250_000  # two or three seconds' work
Progress = Callable[[int, int], None]  # entries done, entries known


def _silent(done: int, known: int) -> None: ...


class Live(Protocol):
    """What a rebuild asks of the feed."""

    generation: Generation
    rebuilding: threading.Lock

    def between(self, task: Callable[[], Any]) -> Any: ...
    def join(self, generation: Generation) -> bool: ...
    def leave(self, generation: Generation) -> None: ...


class RebuildRunning(Exception):
    """One rebuild at a time."""


class Compared(msgspec.Struct, frozen=True):
    """One model's digests at `position`, from the log and from the live model; equal unless the live one was wrong."""

    model: str
    position: int
    rebuilt: bytes
    live: bytes

    @property
    def equal(self) -> bool:
        return self.rebuilt == self.live


class Rebuilt(msgspec.Struct, frozen=True):
    """What a rebuild did."""

    entries: int
    seconds: float
    compared: tuple[Compared, ...]  # empty for a live model that had stopped elsewhere

    @property
    def equal(self) -> bool:
        return all(one.equal for one in self.compared)


def rebuild(
    live: Live,
    source: Source,
    verifier: Verifier,
    progress: Progress = _silent,
    prepared: Snapshots | None = None,
) -> Rebuilt:
    """Fill a twin of the live generation, compare, swap. The log is the truth: an unequal live model is replaced all the same.

    Call it on a thread of its own, with a source of its own. `prepared` is a snapshot that a child process has just made from
    the whole log (`prepare`): only what came after it is then read here, and threads that answer are hardly disturbed.
    Raises RebuildRunning, Broken, SourceLost; the live models are then as they were.
    """
    if not live.rebuilding.acquire(blocking=False):
        raise RebuildRunning("a rebuild is running already: wait for its end")
    began, twin = time.monotonic(), live.generation.twin()
    try:
        with uncollected():
            if prepared is not None:
                twin.load(prepared, source, Turns().pass_on)
            _fill(live, twin, source, verifier, progress)
        compared = tuple(_compare(*pair) for pair in live.between(lambda: _pictures(live.generation, twin)))
        _let_go(live.between(lambda: _swap(live, twin)))
    finally:
        live.between(lambda: live.leave(twin))
        live.rebuilding.release()
    return Rebuilt(twin.position(IAM), time.monotonic() - began, compared)


@contextmanager
def uncollected() -> Iterator[None]:
    """Let Python's collector alone while much is made that stays: it would walk through it again and again, and all would wait."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def prepare(source: Source, verifier: Verifier, snapshots: Snapshots, progress: Progress = _silent) -> int:
    """The part of a rebuild that is for a child process: fold the whole log and leave a snapshot; its position.

    It leaves one on the way, too, whenever so much is folded and its signatures are checked that doing it again would take a
    while, and goes on from what an earlier attempt has left. Raises Broken, SourceLost, OSError.
    """
    fold = Fold()
    generation = Generation(fold, [Directory(fold)])
    known = source.bounds().last
    generation.load(snapshots, source)
    gc.disable()
    try:
        while fold.position < known:
            _stage(
                source,
                verifier,
                generation,
                min(fold.position + STAGE_ENTRIES, known),
                lambda done: progress(done, known),
            )
            if (picture := generation.picture()) is not None:
                snapshots.save(picture)
    finally:
        gc.enable()
    return fold.position


def _stage(source: Source, verifier: Verifier, generation: Generation, until: int, told: Callable[[int], None]) -> None:
    """Fold up to `until`, with every chain's last signature checked there."""
    filling = Filling(source, verifier, generation, pause=lambda: told(generation.position(IAM)), until=until)
    filling.run()
    if filling.broken is not None:
        raise filling.broken


def _fill(live: Live, twin: Generation, source: Source, verifier: Verifier, progress: Progress) -> None:
    """Bring the twin level with the live generation, and leave it where every new batch goes to both."""
    known = source.bounds().last

    def pause() -> None:
        done = twin.position(IAM)
        progress(done, max(done, known))

    for _ in range(JOIN_ATTEMPTS_MAX):
        filling = Filling(source, verifier, twin, pause=pause, considerate=True)
        filling.run()
        if filling.broken is not None:
            raise filling.broken
        if live.between(lambda: live.join(twin)):
            return
    raise Broken(IAM, twin.position(IAM), "the rebuild does not come level with the live models")


Picture = tuple[FoldedModel, Mapping[str, Any], Mapping[str, Any], int]


def _pictures(live: Generation, twin: Generation) -> list[Picture]:
    """Both sides of every model at one moment; they are whole states, so their digests can be taken later."""
    return [
        (new, old.picture(), new.picture(), new.position())
        for old, new in zip(live.folded(), twin.folded(), strict=True)
        if old.position() == new.position()
    ]


def _swap(live: Live, twin: Generation) -> list[State]:
    live.leave(twin)  # before anything is shared: no batch may reach the same states twice
    return live.generation.adopt(twin)


def _let_go(states: list[State]) -> None:
    """Free the old states one by one: all at once would hold up every thread for as long as it takes."""
    while states:
        states.pop()
        time.sleep(0)


def _compare(model: FoldedModel, live: Mapping[str, Any], rebuilt: Mapping[str, Any], position: int) -> Compared:
    return Compared(model.name, position, model.digest_of(rebuilt), model.digest_of(live))
