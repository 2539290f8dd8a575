"""What people see: a difference told field by field, nothing sealed in clear, whole documents compared line by line."""

import re
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from muniment.domain.account.users import UserCreated, UserDeleted, UserRenamed
from muniment.ops.replay import Moment, diff, replay, replay_at
from muniment.ops.replay.document import difference_document, states_document, timeline_document
from muniment.ops.replay.table import difference_table, state_table, timeline_table
from muniment.ops.replay.text import difference_lines, state_lines, timeline_lines
from muniment.ops.replay.timeline import Asked, timeline
from tests.golden.story import STORY
from tests.golden.story.values import GROUP_ID, KEY, POLICY_ID, READ, SECRET, USER_ID
from tests.projections.logs import ACCOUNT, Log


@pytest.fixture(scope="module")
def log() -> Log:
    log = Log()
    for boundary, fact in STORY:
        log.append(boundary, fact)
    return log


def between(log, since, until):
    before, after = replay_at(log.source(), log.signer, [Moment(sequence=since), Moment(sequence=until)])
    return before, after, diff(before.states, after.states)


def position_of(name, nth=1):
    """The sequence of the nth fact of that name in the story."""
    return [number for number, (_, fact) in enumerate(STORY, 1) if type(fact).__name__ == name][nth - 1]


def told(log, name, nth=1):
    """The difference that one fact made, as lines."""
    at = position_of(name, nth)
    *_, changes = between(log, at - 1, at)
    return [line.text.strip() for line in difference_lines(changes)]


def test_a_created_user_is_told_with_its_arn_and_values(log):
    lines = told(log, "UserCreated")
    assert "+ ana  arn:aws:iam::123456789012:user/team/ana" in lines
    assert "tags.Team: blue" in lines


def test_a_renamed_user_is_one_change(log):
    lines = told(log, "UserRenamed")
    assert "~ Anna  arn:aws:iam::123456789012:user/Anna" in lines
    assert "name: ana → Anna" in lines
    assert not any(line.startswith(("+", "-")) for line in lines)


def test_a_name_that_was_given_again_is_two_changes():
    log = Log()
    log.append(ACCOUNT, UserCreated("ana", "AIDA1"), UserDeleted("ana"), UserCreated("ana", "AIDA2"))
    *_, changes = between(log, 1, 3)
    assert [(change.name, change.what) for change in changes] == [("ana", "added"), ("ana", "removed")]


def test_a_renamed_and_deleted_user_is_removed_under_its_old_name():
    log = Log()
    log.append(ACCOUNT, UserCreated("ana", "AIDA1"), UserRenamed("ana", "anna"), UserDeleted("anna"))
    *_, changes = between(log, 1, 3)
    assert [(change.name, change.what) for change in changes] == [("ana", "removed")]


def test_what_was_attached_is_told_with_its_arn(log):
    assert f"attached: + {READ}" in told(log, "UserPolicyAttached")


def test_documents_are_compared_line_by_line(log):
    lines = told(log, "RoleTrustPolicyReplaced", nth=2)
    assert f'-        "AWS": "{USER_ID}"' in lines
    assert '+        "AWS": "*"' in lines
    assert not any("2012-10-17" in line and line.startswith(("+", "-")) for line in lines)


def test_a_key_is_told_and_its_secret_is_not(log):
    lines = told(log, "AccessKeyCreated")
    assert any(line.startswith(f"keys.{KEY}.secret: (none) → sealed:") for line in lines), lines
    assert not any("ciphertext" in line for line in lines)


def test_nothing_sealed_is_shown_anywhere(log):
    replayed = replay_at(log.source(), log.signer, [Moment(sequence=position_of("UserRenamed")), Moment()])
    before, after = replayed
    rows = timeline([log.source()], log.signer, Asked())
    changes = diff(before.states, after.states)
    shown = [
        *(line.text for one in replayed for line in state_lines(one.states)),
        *(line.text for line in difference_lines(changes)),
        *(line.text for line in timeline_lines(rows)),
        *(printed(table) for table in (state_table(before.states), difference_table(changes), timeline_table(rows))),
        msgspec.json.encode([states_document(before), difference_document(before, after, changes)]).decode(),
        msgspec.json.encode(timeline_document(rows)).decode(),
    ]
    assert len(shown) > 100
    for text in shown:
        assert "ciphertext" not in text
        assert SECRET.box.hex() not in text


def printed(table) -> str:
    file = StringIO()
    Console(file=file, width=240).print(table)
    return file.getvalue()


def test_every_entry_of_a_state_is_in_its_text(log):
    states = replay(log.source(), log.signer, Moment(sequence=position_of("UserPolicyDetached")))
    text = "\n".join(line.text for line in state_lines(states))
    table = printed(state_table(states))
    for name in ("Anna", READ):
        assert name in text
    for name in ("Anna", POLICY_ID, USER_ID):
        assert name in table


def test_a_timeline_is_of_one_principal_or_one_resource():
    log = Log()
    log.append(ACCOUNT, UserCreated("ana", "AIDA1"), UserCreated("ben", "AIDA2"), UserDeleted("ana"))
    ana = "arn:aws:iam::111122223333:user/ana"
    assert [row.sequence for row in timeline([log.source()], log.signer, Asked(resource=ana))] == [1, 3]
    assert [row.sequence for row in timeline([log.source()], log.signer, Asked(resource="ben"))] == [2]
    root = "arn:aws:iam::111122223333:root"
    assert len(timeline([log.source()], log.signer, Asked(principal=root))) == 3
    assert timeline([log.source()], log.signer, Asked(principal=ana)) == []
    between_ = Asked(since=Moment(sequence=1), until=Moment(sequence=2))
    assert [row.sequence for row in timeline([log.source()], log.signer, between_)] == [2]


def test_an_account_s_groups_are_told_by_name(log):
    states = replay(log.source(), log.signer, Moment(sequence=position_of("GroupMemberAdded")))
    assert f"groups: ops ({GROUP_ID})" in [line.text.strip() for line in state_lines(states)]


def test_no_time_is_told_as_a_number(log):
    """Microseconds since 1970 are 16 digits long, and nothing else here is."""
    document = states_document(replay_at(log.source(), log.signer, [Moment()])[0])
    assert not re.findall(rb"\b\d{16}\b", msgspec.json.encode(document))
