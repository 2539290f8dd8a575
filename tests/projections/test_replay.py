"""Replay equals live: in bulk or entry by entry, from the beginning or from a snapshot, at every position."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.domain.boundary import State, fold
from muniment.domain.ledger import Entry
from muniment.domain.remembered import Remembered
from muniment.projections.access.model import Access
from muniment.projections.credentials import Credentials
from muniment.projections.directory import Directory
from muniment.projections.filling import Filling
from muniment.projections.fold import Fold, digest_of
from muniment.projections.generation import Generation
from muniment.projections.snapshots import Snapshots
from muniment.projections.verify import Chains
from tests.projections.histories import logs
from tests.projections.logs import Log, Signer

slow = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def models() -> Generation:
    shared = Fold()
    return Generation(shared, [Directory(shared), Access(shared), Credentials(shared)])


def digests(generation: Generation) -> list[bytes]:
    return [model.digest() for model in generation.models]


def fill(generation: Generation, log: Log, until: int | None = None, batch: int = 100) -> None:
    filling = Filling(log.source(batch), log.signer, generation, until=until)
    filling.run()
    assert filling.broken is None


def replayed(entries: list[Entry], sequences: list[int]) -> bytes:
    """The directory's digest by the domain's own fold, boundary by boundary, without any read model."""
    states: dict[str, State] = {}
    for boundary in {entry.boundary for entry in entries}:
        own = [entry for entry in entries if entry.boundary == boundary]
        state = fold(None, own)
        assert state is not None
        state.position = max(n for n, entry in zip(sequences, entries, strict=True) if entry.boundary == boundary)
        state.remembered = Remembered()
        states[boundary] = state
    return digest_of("directory", 1, states.items())


@slow
@given(logs())
def test_the_live_directory_equals_the_domains_replay_at_every_position(log: Log) -> None:
    live, chains = models(), Chains("IAM", log.signer)
    entries: list[Entry] = []
    for message in log.messages:
        opened, broken = chains.open([message])
        assert broken is None
        live.take(opened, "e1")
        entries.append(opened[0].entry)
        assert live.models[0].digest() == replayed(entries, list(range(1, len(entries) + 1)))


@slow
@given(logs(), st.integers(1, 7), st.data())
def test_a_bulk_replay_to_any_position_equals_the_live_models_there(log: Log, batch: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(log.messages)))
    live, chains = models(), Chains("IAM", log.signer)
    for message in log.messages[:position]:
        opened, _ = chains.open([message])
        live.take(opened, "e1")
    bulk = models()
    fill(bulk, log, until=position, batch=batch)
    assert digests(bulk) == digests(live)
    assert all(model.position() == position for model in bulk.models)


@slow
@given(logs(), st.data())
def test_restarting_from_snapshots_anywhere_changes_nothing(log: Log, data: st.DataObject) -> None:
    whole = models()
    fill(whole, log)
    points = sorted(data.draw(st.lists(st.integers(0, len(log.messages)), max_size=4)))
    with tempfile.TemporaryDirectory() as folder:
        snapshots = Snapshots(Path(folder), log.signer, lambda text: (_ for _ in ()).throw(AssertionError(text)))
        for point in points:
            resumed = models()
            resumed.load(snapshots, log.source())
            fill(resumed, log, until=point)
            if (picture := resumed.picture()) is not None:
                snapshots.save(picture)
        last = models()
        last.load(snapshots, log.source())
        fill(last, log)
    assert digests(last) == digests(whole)


@slow
@given(logs(), st.integers(0, 40))
def test_bulk_and_then_live_leaves_earlier_states_untouched(log: Log, position: int) -> None:
    """What a reader holds never changes under it: states handed out after a bulk load are whole values."""
    generation = models()
    fill(generation, log, until=position)
    held = dict(generation.models[0].table)  # type: ignore[attr-defined]
    before = digest_of("held", 1, held.items())
    chains = Chains("IAM", Signer(), generation.position("IAM"), anchored=True)
    for message in log.messages[generation.position("IAM") :]:
        opened, _ = chains.open([message])
        generation.take(opened, "e1")
    assert digest_of("held", 1, held.items()) == before
