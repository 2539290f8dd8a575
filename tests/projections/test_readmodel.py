"""What every read model does: positions, waiting, lag, stopping."""

import threading
import time
from collections.abc import Sequence

import pytest

from muniment.domain.account.users import UserCreated
from muniment.domain.errors import ReadModelBehind
from muniment.domain.ledger import Actor, Cause, Entry
from muniment.projections.readmodel import Checkpoint, Condition, ReadModel, Recorded
from tests.projections.recorders import Witness


def recorded(sequence: int, stream: str = "IAM") -> Recorded:
    entry = Entry(
        f"e{sequence}",
        "account.111122223333",
        sequence,
        0,
        Actor("111122223333", "", ""),
        Cause("iam:CreateUser", "r"),
        b"",
        UserCreated(f"u{sequence}", f"AIDA{sequence}"),
        digest=sequence.to_bytes(32),
    )
    return Recorded(stream, sequence, sequence, entry)


def batch(first: int, last: int) -> list[Recorded]:
    return [recorded(sequence) for sequence in range(first, last + 1)]


@pytest.fixture
def witness() -> Witness:
    witness = Witness()
    witness.live()
    return witness


def test_a_batch_moves_the_position_and_the_checkpoint(witness: Witness) -> None:
    witness.take(batch(1, 5), "e1")
    assert witness.position() == 5
    assert witness.checkpoints["IAM"] == Checkpoint("e1", 5, (5).to_bytes(32))
    assert (witness.counters.entries, witness.counters.batches) == (5, 1)


@pytest.mark.parametrize(("first", "last", "seen"), [(1, 5, [5]), (1, 4, []), (3, 9, [5, 6, 7, 8, 9]), (5, 5, [5])])
def test_only_what_is_new_in_a_batch_is_taken(first: int, last: int, seen: list[int], witness: Witness) -> None:
    witness.take(batch(1, 4), "e1")
    witness.seen["IAM"].clear()
    witness.take(batch(first, last), "e1")
    assert witness.seen["IAM"] == seen


def test_a_stream_that_is_not_read_is_passed_over() -> None:
    class OnlyIAM(Witness):
        STREAMS = ("IAM",)

    model = OnlyIAM()
    model.take([recorded(1, "IAM_ACTIVITY")], "e1")
    assert model.position("IAM_ACTIVITY") == 0
    assert not model.seen["IAM_ACTIVITY"]


def test_a_model_stops_before_the_entry_that_fails_and_stays_there() -> None:
    model = Witness(3)
    model.live()
    model.take(batch(1, 5), "e1")
    assert model.stopped
    assert (model.status.stream, model.status.sequence, model.status.reason) == ("IAM", 3, "ValueError: cannot take 3")
    assert model.seen["IAM"] == [1, 2]
    assert model.position() == 2
    model.refused.clear()
    model.take(batch(3, 5), "e1")
    model.live()
    assert model.position() == 2
    assert model.stopped
    assert model.counters.stops == 1


def test_a_batch_that_fails_only_as_a_whole_is_taken_one_by_one() -> None:
    class Single(Witness):
        def apply(self, batch: Sequence[Recorded]) -> None:
            if len(batch) > 1:
                raise OSError("too much at once")
            super().apply(batch)

    model = Single()
    model.take(batch(1, 3), "e1")
    assert model.position() == 3
    assert not model.stopped


def test_the_checkpoint_of_a_batch_is_known_while_it_is_applied() -> None:
    class Durable(Witness):
        written: Checkpoint | None = None

        def apply(self, batch: Sequence[Recorded]) -> None:
            self.written = self.checkpoint_after(batch)

    model = Durable()
    model.take(batch(1, 3), "e7")
    assert model.written == model.checkpoints["IAM"] == Checkpoint("e7", 3, (3).to_bytes(32))


def test_waiting_ends_when_the_position_is_reached(witness: Witness) -> None:
    waited: list[float] = []

    def wait() -> None:
        began = time.monotonic()
        witness.wait(5, 5)
        waited.append(time.monotonic() - began)

    threads = [threading.Thread(target=wait) for _ in range(4)]
    for thread in threads:
        thread.start()
    witness.take(batch(1, 4), "e1")
    time.sleep(0.02)
    assert not waited
    witness.take(batch(5, 5), "e1")
    for thread in threads:
        thread.join(5)
    assert len(waited) == 4
    assert max(waited) < 4


def test_waiting_ends_when_the_model_stops(witness: Witness) -> None:
    timer = threading.Timer(0.02, lambda: witness.stop("poison", "IAM", 1))
    timer.start()
    with pytest.raises(ReadModelBehind, match="`witness` stopped at IAM 1 and cannot reach position 5: poison"):
        witness.wait(5, 5)
    timer.join()


def test_a_loading_model_answers_nobody() -> None:
    model = Witness()
    model.take(batch(1, 5), "e1")
    with pytest.raises(ReadModelBehind, match="is loading at position 5, asked for 1"):
        model.wait(1, 0.01)
    timer = threading.Timer(0.02, model.live)
    timer.start()
    model.wait(1, 5)
    timer.join()


def test_the_refusal_asks_to_try_again(witness: Witness) -> None:
    with pytest.raises(ReadModelBehind) as refused:
        witness.wait(1, 0.01)
    assert refused.value.status == 503
    assert refused.value.retry_after_seconds >= 1
    assert witness.counters.waits_expired == 1


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Plain(ReadModel):
    name = "plain"

    def apply(self, batch: Sequence[Recorded]) -> None:
        """Take it."""


def test_lag_counts_from_when_the_first_missing_entry_was_known(clock: Clock) -> None:
    model = Plain(clock)
    assert (model.lag().entries, model.lag().milliseconds) == (0, 0.0)
    model.head_seen("IAM", 1)
    clock.now += 1
    model.head_seen("IAM", 4)
    clock.now += 1
    assert (model.lag().entries, model.lag().milliseconds) == (4, 2_000)
    model.take(batch(1, 2), "e1")
    assert (model.lag().entries, model.lag().milliseconds) == (2, 1_000)
    model.take(batch(3, 4), "e1")
    assert (model.lag().entries, model.lag().milliseconds) == (0, 0.0)
    model.head_seen("IAM", 3)
    assert model.lag().entries == 0


def test_steady_work_is_not_lag(clock: Clock) -> None:
    """A model that is always a moment behind the head, for a long time, is not old: each entry is applied in time."""
    model = Plain(clock)
    for sequence in range(1, 1_000):
        model.head_seen("IAM", sequence + 1)
        clock.now += 0.01
        model.take(batch(sequence, sequence), "e1")
        assert model.lag().entries == 1
        assert model.lag().milliseconds < 20


def test_a_stopped_model_falls_ever_further_behind(clock: Clock) -> None:
    model = Plain(clock)
    model.stop("poison", "IAM", 1)
    model.head_seen("IAM", 1)
    clock.now += 60
    assert model.lag().milliseconds == 60_000


def test_a_reset_model_is_loading_again(witness: Witness) -> None:
    witness.take(batch(1, 5), "e1")
    witness.stop("poison", "IAM", 6)
    witness.reset()
    assert witness.status.condition is Condition.LOADING
    assert witness.position() == 0
    assert witness.counters.resets == 1
