"""The timeline over both databases: what a row shows, what was replaced, restarts, and what it must not lose."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from muniment.domain.account.account import AccountAliasCreated, AccountCreated
from muniment.domain.account.groups import GroupCreated, GroupMemberAdded
from muniment.domain.account.inline import UserInlinePolicyPut
from muniment.domain.account.keys import AccessKeyCreated
from muniment.domain.account.users import UserCreated, UserDeleted, UserRenamed, UserTagged
from muniment.domain.activity.requests import CommandRefused, QueryAnswered
from muniment.domain.ledger import FACTS, Sealed
from muniment.domain.organization.policies import (
    OrganizationPolicyAttached,
    OrganizationPolicyCreated,
    PolicyTypeEnabled,
)
from muniment.domain.organization.policy_types import SCP
from muniment.domain.organization.state import OrganizationCreated
from muniment.domain.organization.units import OrganizationalUnitCreated
from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from muniment.projections.timeline.question import Question
from muniment.projections.timeline.timeline import Timeline
from tests.golden.story import STORY
from tests.projections.logs import ACCOUNT

from .conftest import Told, give

Timelines = Callable[..., Timeline]
ANA = "arn:aws:iam::111122223333:user/ana"
MANAGEMENT = "999988887777"


def changes_of(timeline: Timeline, fact: str) -> list[dict[str, Any]]:
    (row,) = timeline.rows(Question(fact=fact))
    return row.record.changes


def test_a_row_says_who_what_when_and_what_it_touched(place: Path | str, timelines: Timelines, told: Told) -> None:
    timeline = give(
        timelines(place), told.happened(AccountCreated("one", "a@example.org"), UserCreated("ana", "AIDAANA"))
    )
    newest, first = timeline.rows(Question())
    entry = told.entries[1].entry
    assert (newest.principal, newest.principal_id, newest.account) == (entry.actor.arn, "111122223333", "111122223333")
    assert (newest.action, newest.fact, newest.user_name) == ("iam:Test", "UserCreated", "root")
    assert (newest.stream, newest.sequence, newest.time) == (IAM, 2, told.entries[1].time)
    assert (newest.entry_id, newest.request_id) == (entry.id, entry.command.id)
    assert (newest.record.boundary, newest.record.version) == (ACCOUNT, 2)
    assert newest.record.resources == [("AWS::IAM::User", ANA, "ana")]
    assert newest.record.data == {"user_name": "ana", "user_id": "AIDAANA"}
    assert first.record.resources == [("AWS::IAM::Account", "arn:aws:iam::111122223333:root", "root")]
    assert not newest.refused
    assert not newest.read_only
    assert newest.severity == "low"


def test_a_row_shows_old_and_new_value(place: Path | str, timelines: Timelines, told: Told) -> None:
    told.happened(UserCreated("ana", "AIDAANA", tags={"team": "core", "x": "1"}), UserTagged("ana", {"team": "web"}))
    told.happened(AccountAliasCreated("one"), AccountAliasCreated("two"), UserRenamed("ana", "Anna"))
    told.happened(GroupCreated("g", "AGPAG"), GroupMemberAdded("g", "Anna"), UserInlinePolicyPut("Anna", "p", "{}"))
    told.happened(AccessKeyCreated("Anna", "AKIA1", Sealed("k", b"canary-box"), "AIDAANA"))
    timeline = give(timelines(place), told.entries)
    created = {"name": "ana", "id": "AIDAANA", "path": "/", "tags": {"team": "core", "x": "1"}}
    (change,) = changes_of(timeline, "UserCreated")
    assert change["old"] is None
    assert created.items() <= change["new"].items()
    assert changes_of(timeline, "UserTagged") == [
        {"what": "users/ana", "old": {"tags": {"team": "core"}}, "new": {"tags": {"team": "web"}}}
    ]
    aliases = timeline.rows(Question(fact="AccountAliasCreated"))
    assert aliases[0].record.changes == [{"what": "alias", "old": "one", "new": "two"}]
    assert changes_of(timeline, "UserRenamed") == [
        {"what": "users/anna", "old": {"name": "ana"}, "new": {"name": "Anna"}}
    ]
    assert changes_of(timeline, "GroupMemberAdded") == [
        {"what": "users/anna", "old": {"groups": []}, "new": {"groups": ["AGPAG"]}}
    ]
    assert changes_of(timeline, "UserInlinePolicyPut") == [
        {"what": "users/anna", "old": {"inline": {}}, "new": {"inline": {"p": "{}"}}}
    ]
    (change,) = changes_of(timeline, "AccessKeyCreated")
    assert change["new"]["keys"][0]["id"] == "AKIA1"
    assert "secret" not in change["new"]["keys"][0]


def test_a_deleted_entity_is_shown_whole(place: Path | str, timelines: Timelines, told: Told) -> None:
    told.happened(UserCreated("ana", "AIDAANA", "/dev/"), UserDeleted("ana"))
    timeline = give(timelines(place), told.entries)
    (change,) = changes_of(timeline, "UserDeleted")
    assert change["new"] is None
    assert change["old"]["path"] == "/dev/"


def test_a_renamed_entity_is_found_under_both_names(place: Path | str, timelines: Timelines, told: Told) -> None:
    told.happened(UserCreated("ana", "AIDAANA"), UserRenamed("ana", "anna"))
    timeline = give(timelines(place), told.entries)
    for arn in (ANA, ANA.replace("ana", "anna")):
        assert timeline.rows(Question(resource=arn))[0].fact == "UserRenamed"


def test_refusals_and_reads_are_rows_too(place: Path | str, timelines: Timelines, told: Told) -> None:
    told.noted(CommandRefused("AccessDenied", "no", (ANA,)), QueryAnswered((ANA, "*")))
    timeline = give(timelines(place), told.entries)
    refused, answered = timeline.rows(Question(refused=True)), timeline.rows(Question(read_only=True))
    assert [(row.record.code, row.record.message, row.read_only) for row in refused] == [("AccessDenied", "no", False)]
    assert [(row.refused, row.stream) for row in answered] == [(False, IAM_ACTIVITY)]
    assert len(timeline.rows(Question(resource="ana"))) == 2
    assert [row.fact for row in timeline.rows(Question(resource="*"))] == ["QueryAnswered"]


def test_every_fact_of_the_story_makes_a_row_with_what_it_changed(
    place: Path | str, timelines: Timelines, told: Told
) -> None:
    for boundary, fact in STORY:
        told.happened(fact, boundary=boundary)
    timeline = give(timelines(place), told.entries)
    rows = timeline.rows(Question(oldest_first=True))
    assert [row.fact for row in rows] == [type(fact).__name__ for _, fact in STORY]
    unchanged = {row.fact for row in rows if not row.record.changes}
    silent = {row.fact for row in rows if row.record.changes}
    ends_others = {"SessionRevoked", "SessionsRevoked"}  # sessions are in no state
    told_by_themselves = {"OrganizationRegistered", "PrincipalErased", "AccountRegistrationDeclined"}
    # the vault's table of names says which position a secret is at; the secret's own entry in the same batch tells the rest
    told_by_the_secret = {"SecretRegistered", "SecretUnregistered", "SecretRemovalScheduled", "SecretRemovalCancelled"}
    assert unchanged - silent <= told_by_themselves | ends_others | told_by_the_secret
    assert all(row.record.resources for row in rows)


def test_nothing_sealed_is_in_any_column(place: Path | str, timelines: Timelines, told: Told) -> None:
    for boundary, fact in STORY:
        told.happened(fact, boundary=boundary)
    timeline = give(timelines(place), told.entries)
    boxes = [str(getattr(fact, name).box) for _, fact in STORY for name in fact.__struct_fields__
             if type(getattr(fact, name)) is Sealed]  # fmt: skip
    assert boxes
    with timeline.database.engine.connect() as connection:
        for table in (timeline.database.tables.rows, timeline.database.tables.resources):
            text = repr(connection.execute(table.select()).all())
            assert '"secret"' not in text
            assert not any(box in text for box in boxes)


def test_a_restart_goes_on_and_still_knows_what_was_replaced(
    place: Path | str, timelines: Timelines, told: Told
) -> None:
    first = give(timelines(place), told.happened(UserCreated("ana", "AIDAANA", tags={"a": "1"})))
    first.close()
    again = timelines(place)
    assert again.position(IAM) == 1
    give(again, told.happened(UserTagged("ana", {"a": "2"})))
    assert changes_of(again, "UserTagged") == [
        {"what": "users/ana", "old": {"tags": {"a": "1"}}, "new": {"tags": {"a": "2"}}}
    ]


def test_after_a_kill_the_states_are_folded_again_and_no_row_is_doubled(
    place: Path | str, timelines: Timelines, told: Told
) -> None:
    told.happened(UserCreated("ana", "AIDAANA", tags={"a": "1"}), UserTagged("ana", {"a": "2"}))
    give(timelines(place), told.entries)  # not closed: the states were never saved
    again = timelines(place)
    assert again.position(IAM) == 0
    told.happened(UserTagged("ana", {"a": "3"}))
    give(again, told.entries)
    rows = again.rows(Question(oldest_first=True))
    assert [row.sequence for row in rows] == [1, 2, 3]
    assert rows[2].record.changes == [{"what": "users/ana", "old": {"tags": {"a": "2"}}, "new": {"tags": {"a": "3"}}}]


def test_another_log_is_noticed_where_the_last_row_was_made(
    place: Path | str, timelines: Timelines, told: Told
) -> None:
    give(timelines(place), told.happened(UserCreated("ana", "AIDAANA")))
    other = Told()
    again = timelines(place)
    again.take(other.happened(UserCreated("bob", "AIDABOB")), "e1")
    assert again.stopped
    assert "is not the entry the last row was made from" in again.status.reason
    assert [row.fact for row in again.rows(Question())] == ["UserCreated"]


def test_a_fact_that_cannot_be_applied_stops_the_timeline_there(
    place: Path | str, timelines: Timelines, told: Told
) -> None:
    told.happened(UserCreated("ana", "AIDAANA"), UserTagged("nobody", {"a": "1"}), UserCreated("bob", "AIDABOB"))
    timeline = timelines(place)
    timeline.take(told.entries, "e1")
    assert timeline.stopped
    assert timeline.status.sequence == 2
    assert [row.sequence for row in timeline.rows(Question())] == [1]
    assert timeline.position(IAM) == 1


def test_a_failed_batch_leaves_nothing_behind_in_rows_or_states(
    place: Path | str, timelines: Timelines, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline = give(timelines(place), told.happened(UserCreated("ana", "AIDAANA", tags={"a": "1"})))
    write = timeline.database.write

    def failing(*arguments: Any) -> None:
        write(*arguments)
        raise ValueError("after the rows, before the checkpoint")

    monkeypatch.setattr(timeline.database, "write", failing)
    batch = told.happened(UserTagged("ana", {"a": "2"}))
    with pytest.raises(ValueError, match="after the rows"):
        timeline.apply(batch)
    monkeypatch.undo()
    assert [row.sequence for row in timeline.rows(Question())] == [1]
    give(timeline, batch)
    assert changes_of(timeline, "UserTagged")[0]["old"] == {"tags": {"a": "1"}}


def test_activity_that_has_expired_is_dropped(place: Path | str, timelines: Timelines, told: Told) -> None:
    told.happened(UserCreated("ana", "AIDAANA"))
    told.noted(*(CommandRefused("AccessDenied", f"word{n}", (ANA,)) for n in range(5)))
    timeline = give(timelines(place), told.entries)
    timeline.expired(IAM_ACTIVITY, 4)
    rows = timeline.rows(Question(oldest_first=True))
    assert [(row.stream, row.sequence) for row in rows] == [(IAM, 1), (IAM_ACTIVITY, 4), (IAM_ACTIVITY, 5)]
    assert len(timeline.rows(Question(resource=ANA))) == 3
    assert timeline.rows(Question(text="word1")) == []
    assert len(timeline.rows(Question(text="word4"))) == 1
    with timeline.database.engine.connect() as connection:
        assert len(connection.execute(timeline.database.tables.resources.select()).all()) == 3


def test_a_reset_timeline_is_empty_and_can_be_filled_again(place: Path | str, timelines: Timelines, told: Told) -> None:
    timeline = give(timelines(place), told.happened(UserCreated("ana", "AIDAANA")))
    before = timeline.digest()
    timeline.reset()
    assert timeline.rows(Question()) == []
    assert timeline.position(IAM) == 0
    assert give(timeline, told.entries).digest() == before


def test_states_of_another_shape_make_the_timeline_begin_anew(
    place: Path | str, timelines: Timelines, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline = give(timelines(place), told.happened(UserCreated("ana", "AIDAANA")))
    timeline.close()
    monkeypatch.setattr("muniment.projections.timeline.saved.shape_of", lambda kind: "another")
    again = timelines(place)
    assert again.position(IAM) == 0
    assert again.rows(Question()) == []


def test_every_fact_has_a_severity_the_timeline_knows() -> None:
    assert {fact.severity for fact in FACTS.values()} <= {"low", "high"}


def test_what_happens_to_an_organization_names_policy_and_target(
    timelines: Timelines, tmp_path: Path, told: Told
) -> None:
    boundary, unit, policy = "organization.o-1", "ou-1-aaaaaaaa", "p-aaaaaaaaaa"
    for fact in (
        OrganizationCreated(MANAGEMENT, "m", "m@example.org", "r-1"),
        PolicyTypeEnabled(SCP),
        OrganizationalUnitCreated(unit, "Live", "r-1"),
        OrganizationPolicyCreated(policy, SCP, "guard", "", "{}"),
        OrganizationPolicyAttached(policy, unit),
        OrganizationPolicyAttached(policy, MANAGEMENT),
    ):
        told.happened(fact, boundary=boundary)
    timeline = give(timelines(tmp_path / "timeline"), told.entries)
    prefix = f"arn:aws:organizations::{MANAGEMENT}"
    policy_arn = f"{prefix}:policy/o-1/service_control_policy/{policy}"
    rows = timeline.rows(Question(resource=policy_arn, oldest_first=True))
    assert [row.fact for row in rows] == ["OrganizationPolicyCreated", *["OrganizationPolicyAttached"] * 2]
    assert rows[1].record.resources == [
        ("AWS::Organizations::Policy", policy_arn, policy),
        ("AWS::Organizations::OrganizationalUnit", f"{prefix}:ou/o-1/{unit}", unit),
    ]
    assert rows[2].record.resources[1] == (
        "AWS::Organizations::Account",
        f"{prefix}:account/o-1/{MANAGEMENT}",
        MANAGEMENT,
    )
    rows = timeline.rows(Question(resource=f"{prefix}:ou/o-1/{unit}", oldest_first=True))
    assert [row.fact for row in rows] == ["OrganizationalUnitCreated", "OrganizationPolicyAttached"]
