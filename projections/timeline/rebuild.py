"""Rebuilding the timeline: a new generation is filled from the log beside the live one, compared, and put in its place.

No read fails meanwhile: readers ask the old tables until the new ones are level and promoted (DESIGN §4).
"""

import gc
import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from muniment.domain import stored
from muniment.projections.filling import Filling
from muniment.projections.generation import Generation
from muniment.projections.readmodel import IAM, IAM_ACTIVITY, Checkpoint
from muniment.projections.rebuild import Compared, Live, Progress, RebuildRunning, Rebuilt, uncollected
from muniment.projections.source import Source
from muniment.projections.timeline import digest
from muniment.projections.timeline.apart import TimelineApart
from muniment.projections.timeline.database import Database
from muniment.projections.timeline.saved import Saved
from muniment.projections.timeline.timeline import Timeline
from muniment.projections.verify import Broken, Verifier

JOIN_ATTEMPTS_MAX: Final = 100


def rebuild_timeline(
    feed: Live,
    live: TimelineApart,
    sources: Mapping[str, Source],
    verifier: Verifier,
    progress: Progress = lambda done, known: None,
    prepared: Callable[[Database], "Prepared | None"] = lambda database: None,
) -> Rebuilt:
    """Fill, compare, swap. The log is the truth: an unequal live timeline is replaced all the same.

    Call it on a thread of its own, with sources of its own. `prepared` may have a child process fill the new generation first
    (`prepare`): then only what came after it is read here, and threads that answer are hardly disturbed. Raises RebuildRunning,
    Broken, SourceLost; the live timeline is then as it was.
    """
    if not feed.rebuilding.acquire(blocking=False):
        raise RebuildRunning("a rebuild is running already: wait for its end")
    began = time.monotonic()
    database = live.database.beside()
    try:
        already = prepared(database)
        with uncollected():
            twin = Timeline(database)
        generation = Generation(None, (twin,))
        try:
            with uncollected():
                _fill(feed, live, generation, sources, verifier, progress)
            compared = _compare(live, twin, sources[IAM_ACTIVITY].bounds().first, already)
            _refuse_stopped(twin)
            feed.between(lambda: _swap(feed, live, generation, twin))()
        except BaseException:
            feed.between(lambda: feed.leave(generation))
            twin.close()
            raise
    except BaseException:
        database.discard()
        raise
    finally:
        feed.rebuilding.release()
    entries = twin.position(IAM) + twin.position(IAM_ACTIVITY)
    return Rebuilt(entries, time.monotonic() - began, compared)


class Prepared(msgspec.Struct, frozen=True):
    """What a child process has found when it had filled a generation: both digests at `positions`."""

    positions: dict[str, int]
    rebuilt: bytes
    live: bytes


def prepare(
    database: Database, live: Database | None, sources: Mapping[str, Source], verifier: Verifier, progress: Progress
) -> Prepared | None:
    """The part of a rebuild that is for a child process: fill the empty generation `database` from the whole log.

    What is there at the end is whole, whatever comes after it in the log; it is compared with the generation `live`, as far
    as both reach. Rows that an attempt which was killed has left stay, where the log says the same: entries up to there are folded
    alone. Raises Broken, SourceLost.
    """
    timeline = Timeline(database, admits=lambda reached: _of_the_log(reached, sources))
    generation = Generation(None, (timeline,))
    pause = _teller(timeline, sources, progress)
    gc.disable()  # nothing here is ever garbage in a cycle, and there is much of it
    try:
        for stream in (IAM, IAM_ACTIVITY):
            _run(Filling(sources[stream], verifier, generation, pause=pause))
        timeline.finish()
        timeline.expired(IAM_ACTIVITY, sources[IAM_ACTIVITY].bounds().first)  # what was left may be from before it
        _refuse_stopped(timeline)
        reached = dict(timeline.checkpoints)
    finally:
        gc.enable()
        timeline.close()
    if live is None:
        return None
    there = Saved(live.tables).reached(live.engine)
    at = {stream: min(point.sequence, there.get(stream, 0)) for stream, point in reached.items()}
    first = sources[IAM_ACTIVITY].bounds().first
    return Prepared(at, digest.of_rows(database, at, first), digest.of_rows(live, at, first))


def _fill(
    feed: Live,
    live: TimelineApart,
    generation: Generation,
    sources: Mapping[str, Source],
    verifier: Verifier,
    progress: Progress,
) -> None:
    """Bring the twin level, and leave it where every new batch goes to both."""
    (twin,) = generation.models
    assert isinstance(twin, Timeline)
    pause = _teller(twin, sources, progress)

    def join() -> bool:
        """On the feed's thread: nothing moves on. The few activity entries since are read here."""
        live.flush()
        if twin.position(IAM_ACTIVITY) < (until := live.position(IAM_ACTIVITY)):
            _run(Filling(sources[IAM_ACTIVITY], verifier, generation, until=until))
        return feed.join(generation)

    for _ in range(JOIN_ATTEMPTS_MAX):
        for stream in (IAM, IAM_ACTIVITY):
            _run(Filling(sources[stream], verifier, generation, pause=pause, considerate=True))
        twin.finish()
        _refuse_stopped(twin)
        live.flush()  # here, so that little is left to do while the feed stands still
        if feed.between(join):
            return
    raise Broken(IAM, twin.position(IAM), "the rebuild does not come level with the live timeline")


def _of_the_log(reached: Mapping[str, Checkpoint], sources: Mapping[str, Source]) -> bool:
    """Whether the log holds the entries that the rows end with."""
    for stream, at in reached.items():
        bounds = sources[stream].bounds()
        message = sources[stream].message(at.sequence) if bounds.first <= at.sequence <= bounds.last else None
        if at.epoch != bounds.epoch or message is None or stored.digest(message.data) != at.digest:
            return False
    return True


def _run(filling: Filling) -> None:
    filling.run()
    if filling.broken is not None:
        raise filling.broken


def _teller(timeline: Timeline, sources: Mapping[str, Source], progress: Progress) -> Callable[[], None]:
    known = sum(source.bounds().last for source in sources.values())

    def tell() -> None:
        done = timeline.position(IAM) + timeline.position(IAM_ACTIVITY)
        progress(done, max(done, known))

    return tell


def _refuse_stopped(timeline: Timeline) -> None:
    if timeline.stopped:
        raise Broken(timeline.status.stream, timeline.status.sequence, timeline.status.reason)


def _swap(feed: Live, live: TimelineApart, generation: Generation, twin: Timeline) -> Callable[[], None]:
    """On the feed's thread, so that no batch goes to both: they write to the same tables from here on.

    Decisions do not wait for the disk: what is answered is called elsewhere, and waits for the end of it.
    """
    feed.leave(generation)
    return live.adopting(twin)


def _compare(live: Timeline, twin: Timeline, first_activity: int, already: Prepared | None) -> tuple[Compared, ...]:
    """Both digests at a position that both have reached; where a child has compared the most of it, of the rest alone."""
    if live.stopped:
        return ()
    done = (
        () if already is None else (Compared(live.name, already.positions.get(IAM, 0), already.rebuilt, already.live),)
    )
    after = {} if already is None else already.positions
    at = {stream: min(live.position(stream), twin.position(stream)) for stream in twin.STREAMS}
    rebuilt, there = (timeline.digest_at(at, first_activity, after) for timeline in (twin, live))
    return (*done, Compared(live.name, at[IAM], rebuilt, there))
