"""Replay: the log folded to a moment is what the live read model held there, and time means the running maximum."""

from datetime import UTC, datetime

import pytest

from muniment.domain.account.users import UserCreated, UserTagged
from muniment.ops.replay import BadMoment, Moment, ReplayFailed, parse_moment, replay, replay_at, state_dump
from muniment.ops.replay.moment import at_time
from muniment.projections.directory import Directory
from muniment.projections.fold import Fold
from muniment.projections.generation import Generation
from muniment.projections.verify import Broken, Chains
from tests.golden.story import STORY
from tests.golden.story.account import BOUNDARY as ACCOUNT
from tests.golden.story.values import SECRET
from tests.projections.logs import Log, Message, Signer

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def log() -> Log:
    log = Log()
    for boundary, fact in STORY:
        log.append(boundary, fact)
    return log


def live(log: Log) -> list[dict[str, object]]:
    """What the directory showed after every entry, told as replay tells it."""
    fold = Fold()
    directory = Directory(fold)
    generation, chains = Generation(fold, [directory]), Chains("IAM", log.signer)
    pictures: list[dict[str, object]] = [{}]
    for message in log.messages:
        opened, broken = chains.open([message])
        assert broken is None
        generation.take(opened, log.epoch)
        pictures.append(dumps(directory.picture()))
    return pictures


def dumps(states):
    return {boundary: state_dump(state) for boundary, state in states.items()}


def timed(log: Log, *times: int) -> Log:
    """The log, as if JetStream had taken its entries at these microseconds."""
    log.messages = [
        Message(m.stream, m.sequence, time * 1_000, m.subject, m.data)
        for m, time in zip(log.messages, times, strict=True)
    ]
    return log


def test_the_replay_of_every_fact_equals_the_live_directory_at_every_position(log):
    pictures = live(log)
    moments = [Moment(sequence=position) for position in range(len(pictures))]
    together = replay_at(log.source(batch=7), log.signer, moments)
    assert [dumps(one.states) for one in together] == pictures
    for position in (0, 1, 30, len(log.messages)):
        assert dumps(replay(log.source(), log.signer, Moment(sequence=position))) == pictures[position]


def test_states_of_an_earlier_moment_are_not_changed_by_reading_on(log):
    halfway = len(STORY) // 2
    early, late = replay_at(log.source(), log.signer, [Moment(sequence=halfway), Moment()])
    assert dumps(early.states) == live(log)[halfway]
    assert early.states[ACCOUNT] != late.states[ACCOUNT]


def test_moments_may_be_asked_for_in_any_order(log):
    late, early = replay_at(log.source(), log.signer, [Moment(), Moment(sequence=3)])
    assert (early.position, late.position) == (3, len(log.messages))


def test_one_boundary_is_replayed_alone(log):
    states = replay(log.source(), log.signer, boundaries=[ACCOUNT])
    assert list(states) == [ACCOUNT]
    assert state_dump(states[ACCOUNT]) == live(log)[-1][ACCOUNT]


def test_as_of_a_time_is_the_last_sequence_whose_running_maximum_is_not_later():  # DESIGN §4
    log = Log()
    log.append(ACCOUNT, *(UserCreated(f"u{n}", f"AIDA{n}") for n in range(5)))
    timed(log, 10, 30, 20, 30, 40)  # the clock was set back after the second entry
    positions = {
        at: replay_at(log.source(), log.signer, [Moment(time=at)])[0].position for at in (9, 10, 25, 30, 39, 99)
    }
    assert positions == {9: 0, 10: 1, 25: 1, 30: 4, 39: 4, 99: 5}


def test_a_position_beyond_the_log_is_refused(log):
    with pytest.raises(BadMoment, match=f"ends at {len(log.messages)}"):
        replay(log.source(), log.signer, Moment(sequence=len(log.messages) + 1))


def test_a_forged_entry_stops_the_replay_and_is_named(log):
    log.store(log.entry(ACCOUNT, UserCreated("eve", "AIDAEVE")), signer=Signer(b"x" * 32))
    log.append(
        ACCOUNT, UserCreated("ana", "AIDAANA2")
    )  # its good signature vouches for a chain: it names the forged one
    log.store(log.entry("account.999999999999", UserCreated("mallory", "AIDAM")), signer=Signer(b"x" * 32))
    with pytest.raises(Broken) as broken:
        replay(log.source(), log.signer)
    assert broken.value.sequence == len(STORY) + 1


def test_what_lies_behind_the_moment_does_not_matter(log):
    log.put(f"iam.{ACCOUNT}.UserCreated", b"rubbish")
    assert replay(log.source(), log.signer, Moment(sequence=len(STORY)))
    with pytest.raises(Broken):
        replay(log.source(), log.signer)


def test_an_entry_that_cannot_be_applied_is_named():
    log = Log()
    log.append(ACCOUNT, UserCreated("ana", "AIDAANA"), UserTagged("nobody", {"a": "b"}))
    with pytest.raises(ReplayFailed, match="IAM entry 2 cannot be applied"):
        replay(log.source(), log.signer)


def test_a_dump_shows_nothing_sealed_and_tells_sealed_values_apart(log):
    text = str(dumps(replay(log.source(), log.signer)))
    assert "ciphertext" not in text
    assert SECRET.box.hex() not in text
    assert "sealed:" in text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("42", Moment(sequence=42)),
        ("now", Moment()),
        ("5 minutes ago", at_time(datetime(2026, 3, 1, 11, 55, tzinfo=UTC))),
        ("1 week ago", at_time(datetime(2026, 2, 22, 12, tzinfo=UTC))),
        ("90s ago", at_time(datetime(2026, 3, 1, 11, 58, 30, tzinfo=UTC))),
        ("2026-03-01T12:00:00Z", at_time(NOW)),
        ("2026-03-01 12:00", at_time(NOW)),
        ("2026-03-01T14:00:00+02:00", at_time(NOW)),
        ("2026-03-01", at_time(datetime(2026, 3, 1, tzinfo=UTC))),
    ],
)
def test_moments_are_understood(text, moment):
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "-1", "5 parsecs ago", "999999999 weeks ago", "2026-13-01", "²"])
def test_what_is_no_moment_is_refused_with_examples(text):
    with pytest.raises(BadMoment):
        parse_moment(text, NOW)
