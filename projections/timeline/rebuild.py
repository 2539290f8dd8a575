"""Rebuilding the timeline: a new generation is filled from the log beside the live one, compared, and put in its place.

No read fails meanwhile: readers ask the old tables until the new ones are level and promoted (DESIGN §4).
"""

import gc
import time
from collections.abc import Mapping
from typing import Final

from muniment.projections.filling import Filling
from muniment.projections.generation import Generation
from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from muniment.projections.rebuild import FREEZE_ENTRIES, Compared, Live, Progress, RebuildRunning, Rebuilt
from muniment.projections.source import Source
from muniment.projections.timeline.apart import TimelineApart
from muniment.projections.timeline.timeline import Timeline
from muniment.projections.verify import Broken, Verifier

JOIN_ATTEMPTS_MAX: Final = 100


def rebuild_timeline(
    feed: Live,
    live: TimelineApart,
    sources: Mapping[str, Source],
    verifier: Verifier,
    progress: Progress = lambda done, known: None,
) -> Rebuilt:
    """Fill, compare, swap. The log is the truth: an unequal live timeline is replaced all the same.

    Call it on a thread of its own, with sources of its own. Raises RebuildRunning, Broken, SourceLost; the live timeline is
    then as it was.
    """
    if not feed.rebuilding.acquire(blocking=False):
        raise RebuildRunning("a rebuild is running already: wait for its end")
    began = time.monotonic()
    twin = Timeline(live.database.beside())
    generation = Generation(None, (twin,))
    try:
        _fill(feed, live, generation, twin, sources, verifier, progress)
        compared = _compare(live, twin, sources[IAM_ACTIVITY].bounds().first)
        if twin.stopped:
            raise Broken(twin.status.stream, twin.status.sequence, twin.status.reason)
        feed.between(lambda: _swap(feed, live, generation, twin))
    except BaseException:
        twin.close()
        twin.database.discard()
        raise
    finally:
        feed.between(lambda: feed.leave(generation))
        feed.rebuilding.release()
    entries = twin.position(IAM) + twin.position(IAM_ACTIVITY)
    return Rebuilt(entries, time.monotonic() - began, compared)


def _fill(
    feed: Live,
    live: TimelineApart,
    generation: Generation,
    twin: Timeline,
    sources: Mapping[str, Source],
    verifier: Verifier,
    progress: Progress,
) -> None:
    """Bring the twin level, and leave it where every new batch goes to both."""
    known, frozen = sum(source.bounds().last for source in sources.values()), 0

    def pause() -> None:
        nonlocal frozen
        done = twin.position(IAM) + twin.position(IAM_ACTIVITY)
        if done - frozen > FREEZE_ENTRIES:
            frozen = done
            gc.freeze()  # Python's collector would walk through all of the twin's states again and again
        progress(done, max(done, known))

    def catch_up(stream: str, until: int | None = None) -> None:
        filling = Filling(sources[stream], verifier, generation, pause=pause, until=until)
        filling.run()
        if filling.broken is not None:
            raise filling.broken

    def join() -> bool:
        """On the feed's thread: nothing moves on. The few activity entries since are read here."""
        live.flush()
        if twin.position(IAM_ACTIVITY) < live.position(IAM_ACTIVITY):
            catch_up(IAM_ACTIVITY, live.position(IAM_ACTIVITY))
        return feed.join(generation)

    for _ in range(JOIN_ATTEMPTS_MAX):
        catch_up(IAM)
        catch_up(IAM_ACTIVITY)
        twin.finish()
        if twin.stopped:
            raise Broken(twin.status.stream, twin.status.sequence, twin.status.reason)
        if feed.between(join):
            return
    raise Broken(IAM, twin.position(IAM), "the rebuild does not come level with the live timeline")


def _swap(feed: Live, live: TimelineApart, generation: Generation, twin: Timeline) -> None:
    """On the feed's thread, so that no batch goes to both: they write to the same tables from here on."""
    feed.leave(generation)
    live.adopt(twin)


def _compare(live: Timeline, twin: Timeline, first_activity: int) -> tuple[Compared, ...]:
    """Both digests at a position that both have reached."""
    if live.stopped:
        return ()
    at = {stream: min(live.position(stream), twin.position(stream)) for stream in twin.STREAMS}
    rebuilt, there = twin.digest_at(at, first_activity), live.digest_at(at, first_activity)
    return (Compared(live.name, at[IAM], rebuilt, there),)
