"""ExplainDecision: the layers, the statements that apply and those that nearly do, and the entries that brought them in."""

import json
from typing import Any

import msgspec
import pytest

import muniment.projections.queries.explain  # noqa: F401
from muniment.domain.account.attachments import GroupPolicyAttached, UserPolicyAttached, UserPolicyDetached
from muniment.domain.account.groups import GroupCreated, GroupMemberAdded
from muniment.domain.account.inline import UserInlinePolicyPut
from muniment.domain.account.permissions_boundaries import UserPermissionsBoundarySet
from muniment.domain.account.policies import PolicyCreated, PolicyVersionCreated
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserCreated, UserRenamed
from muniment.domain.errors import NoSuchEntity, ValidationError
from muniment.domain.ledger import Actor
from muniment.domain.organization.policies import (
    OrganizationPolicyAttached,
    OrganizationPolicyChanged,
    OrganizationPolicyCreated,
    PolicyTypeEnabled,
)
from muniment.domain.organization.policy_types import RCP, SCP
from muniment.domain.organization.state import AccountJoined, OrganizationCreated
from muniment.domain.organization.units import AccountMoved, OrganizationalUnitCreated
from muniment.domain.site.state import SITE, AccountRegistered, OrganizationRegistered
from muniment.projections.query import QUERIES, Asked
from tests.projections.logs import ACCOUNT
from tests.projections.past.house import House

NUMBER = ACCOUNT.partition(".")[2]
POLICY = f"arn:aws:iam::{NUMBER}:policy/reading"
BUCKET = "arn:aws:s3:::home/ana/letter"


def statement(effect: str = "Allow", action: Any = "s3:Get*", resource: Any = "*", **more: Any) -> str:
    said = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [said]})


def told(*facts: Any) -> House:
    house = House(keep=3)
    house.log.append(ACCOUNT, UserCreated("ana", "AIDAANA", "/"), *facts)
    house.follow()
    return house


def ask(house: House, name: str = "ExplainDecision", account: str = NUMBER, **params: Any) -> Any:
    query = msgspec.convert(params, QUERIES["muniment", name])
    asked = Asked(Actor(account, f"arn:aws:iam::{account}:root", account, "Root"), 1_900_000_000_000_000)
    assert query.resources(house, asked)
    return query.answer(house, asked)


def explain(house: House, action: str = "s3:GetObject", resource: str = BUCKET, **params: Any) -> Any:
    return ask(house, Principal=params.pop("Principal", "ana"), Action=action, Resource=resource, **params)


def brought(statement: Any) -> list[tuple[str, str, str]]:
    return [(way["Via"], one["What"], one.get("Fact", "")) for way in statement["BroughtIn"] for one in way["Entries"]]


def test_an_allow_names_its_statement_and_the_entries_that_brought_it_in() -> None:
    house = told(
        PolicyCreated("reading", "ANPAR", statement(Sid="Read")),
        UserPolicyAttached("ana", POLICY),
    )
    answer = explain(house)
    assert answer["Decision"] is True
    (found,) = answer["Statements"]
    assert (found["Policy"], found["PolicyArn"], found["Sid"], found["Applies"]) == ("reading", POLICY, "Read", True)
    assert json.loads(found["Text"])["Action"] == "s3:Get*"
    assert brought(found) == [
        ("direct", "policy written", "PolicyCreated"),
        ("direct", "attached", "UserPolicyAttached"),
    ]
    entry = found["BroughtIn"][0]["Entries"][1]
    recorded = house.log.entry_of(house.log.messages[2])
    assert (entry["EntryId"], entry["Sequence"]) == (recorded.id, 3)
    assert (entry["Principal"], entry["Action"]) == (recorded.actor.arn, "iam:Test")


def test_a_condition_that_fails_is_told_with_the_values_compared() -> None:
    condition = {
        "StringEquals": {"aws:PrincipalTag/team": ["${aws:username}", "red"]},
        "Bool": {"aws:SecureTransport": "true"},
    }
    house = told(UserInlinePolicyPut("ana", "inline", statement(Condition=condition)))
    answer = explain(house, Context={"aws:SecureTransport": True, "aws:PrincipalTag/team": "blue"})
    assert answer["Decision"] is False
    (found,) = answer["Statements"]
    assert (found["Applies"], found["Differs"]) == (False, ["condition"])
    compared = {one["Key"]: one for one in found["Conditions"]}
    assert compared["aws:SecureTransport"]["Holds"] is True
    team = compared["aws:PrincipalTag/team"]
    assert (team["PolicyValues"], team["RequestValues"], team["Holds"]) == (["ana", "red"], [], False)
    assert answer["MissingKeys"] == ["aws:PrincipalTag/team"]  # tags are the log's to know, whatever the question says


def test_statements_that_speak_of_other_actions_are_no_part_of_it() -> None:
    house = told(UserInlinePolicyPut("ana", "inline", statement(action="sqs:*")))
    assert explain(house)["Statements"] == []


def test_what_differs_least_comes_first() -> None:
    house = told(
        UserInlinePolicyPut(
            "ana", "far", statement(resource="arn:aws:s3:::other/*", Condition={"Null": {"a:b": "false"}})
        ),
        UserInlinePolicyPut("ana", "elsewhere", statement(resource="arn:aws:s3:::other/*")),
        UserInlinePolicyPut("ana", "near", statement(Condition={"StringEquals": {"a:b": "c"}})),
        UserInlinePolicyPut("ana", "here", statement("Deny")),
    )
    answer = explain(house)
    assert [one["Policy"] for one in answer["Statements"]] == [
        "user_ana_here",
        "user_ana_near",
        "user_ana_elsewhere",
        "user_ana_far",
    ]
    assert (answer["Effect"], answer["DecidedBy"]) == ("explicitDeny", "identity-based policy")
    assert answer["Statements"][3]["Differs"] == ["resource", "condition"]


def test_a_group_is_a_way_of_its_own_and_says_who_added_the_member() -> None:
    house = told(
        GroupCreated("readers", "AGPAR", "/"),
        PolicyCreated("reading", "ANPAR", statement()),
        GroupPolicyAttached("readers", POLICY),
        GroupMemberAdded("readers", "ana"),
        UserPolicyAttached("ana", POLICY),
    )
    answer = explain(house)
    assert [brought(one) for one in answer["Statements"]] == 2 * [
        [
            ("direct", "policy written", "PolicyCreated"),
            ("direct", "attached", "UserPolicyAttached"),
            ("readers", "policy written", "PolicyCreated"),
            ("readers", "attached", "GroupPolicyAttached"),
            ("readers", "member added", "GroupMemberAdded"),
        ]
    ]


def test_the_last_change_counts_and_names_that_changed_meanwhile_do_not_hide_it() -> None:
    house = told(
        PolicyCreated("reading", "ANPAR", statement(Sid="Old")),
        UserPolicyAttached("ana", POLICY),
        UserPolicyDetached("ana", POLICY),
        UserPolicyAttached("ana", POLICY),
        PolicyVersionCreated(POLICY, "v2", statement(Sid="New"), True),
        UserRenamed("ana", "eva"),
    )
    (found,) = explain(house, Principal="eva")["Statements"]
    entries = found["BroughtIn"][0]["Entries"]
    assert [one["Sequence"] for one in entries] == [6, 5]
    assert found["Sid"] == "New"
    (before,) = explain(house, AsOf=5)["Statements"]
    assert (before["Sid"], [one["Sequence"] for one in before["BroughtIn"][0]["Entries"]]) == ("Old", [2, 5])


def test_a_boundary_that_does_not_allow_is_told_beside_the_allow() -> None:
    house = told(
        UserInlinePolicyPut("ana", "inline", statement()),
        PolicyCreated("reading", "ANPAR", statement(action="sqs:*")),
        UserPermissionsBoundarySet("ana", POLICY),
    )
    answer = explain(house)
    assert answer["DecidedBy"] == "permissions boundary"
    layers = {one["Layer"]: one for one in answer["Layers"]}
    assert layers["identity-based policy"]["Effect"] == "allowed"
    assert layers["permissions boundary"] == {
        "Layer": "permissions boundary",
        "Applies": True,
        "Effect": "implicitDeny",
        "Decides": True,
    }
    assert layers["session policy"]["Applies"] is False
    reaching = explain(house, action="sqs:SendMessage")
    assert [one["Layer"] for one in reaching["Statements"]] == ["permissions boundary"]
    assert brought(reaching["Statements"][0])[1] == ("direct", "permissions boundary set", "UserPermissionsBoundarySet")


def test_a_trust_policy_is_explained_from_the_role_it_guards() -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": "AIDA" + "S" * 17}, "Action": "sts:AssumeRole"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    house = told(RoleCreated("r", "AROAR", text), UserInlinePolicyPut("ana", "inline", statement(action="sts:*")))
    answer = explain(house, action="sts:AssumeRole", resource=f"arn:aws:iam::{NUMBER}:role/r")
    guarded = answer["Statements"][1]
    assert (guarded["Layer"], guarded["Differs"]) == ("resource-based policy", ["principal"])
    assert brought(guarded) == [("direct", "trust policy written", "RoleCreated")]
    assert answer["DecidedBy"] == "resource-based policy"


@pytest.mark.parametrize(
    "name", ["ana", "AIDAANA", f"arn:aws:iam::{NUMBER}:user/ana", "root", NUMBER, f"arn:aws:iam::{NUMBER}:root"]
)
def test_principals_go_by_many_names(name: str) -> None:
    house = told(UserInlinePolicyPut("ana", "inline", statement()))
    answer = explain(house, Principal=name)
    assert answer["Decision"] is True


def test_a_role_session_is_explained_by_what_its_role_holds() -> None:
    house = told(RoleCreated("r", "AROAR", "{}", "/deep/"))
    session = f"arn:aws:sts::{NUMBER}:assumed-role/r/shift"
    assert explain(house, Principal=session)["Principal"] == {"Arn": session, "Id": "AROAR"}


def test_principals_of_other_accounts_are_theirs_to_ask_about() -> None:
    house = told()
    other = "444455556666"
    for name in (f"arn:aws:iam::{NUMBER}:user/ana", f"arn:aws:sts::{NUMBER}:assumed-role/r/s", "AIDAANA"):
        with pytest.raises(NoSuchEntity):
            ask(house, account=other, Principal=name, Action="s3:GetObject")


def test_before_it_was_created_there_is_nobody() -> None:
    house = told()
    with pytest.raises(NoSuchEntity, match="cannot be found in this account at position 0"):
        explain(house, AsOf=0)
    with pytest.raises(ValidationError, match="beyond the log"):
        explain(house, AsOf=99)


def test_values_of_keys_are_texts() -> None:
    with pytest.raises(ValidationError, match="condition key a:b"):
        explain(told(), Context={"a:b": {"c": 1}})


ORGANIZATION, MANAGEMENT, UNIT = "organization.o-1", "999988887777", "ou-1-aaaaaaaa"


def organized() -> House:
    """Ana's account is under a unit with a policy that forbids reading; ana herself may read."""
    house = told(UserInlinePolicyPut("ana", "inline", statement()))
    house.log.append(
        SITE,
        AccountRegistered(MANAGEMENT, "m", "m@example.org"),
        OrganizationRegistered("o-1", MANAGEMENT),
        AccountRegistered(NUMBER, "a", "a@example.org", "o-1"),
    )
    house.log.append(
        ORGANIZATION,
        OrganizationCreated(MANAGEMENT, "m", "m@example.org", "r-1"),
        AccountJoined(NUMBER, "a", "a@example.org", "car-1"),
        PolicyTypeEnabled(SCP),
        PolicyTypeEnabled(RCP),
        OrganizationalUnitCreated(UNIT, "Live", "r-1"),
        OrganizationPolicyCreated("p-s", SCP, "guard", "", statement("Allow", "s3:List*")),
        OrganizationPolicyCreated("p-r", RCP, "walls", "", statement("Deny", "s3:*", Principal="*", Sid="Walls")),
        OrganizationPolicyAttached("p-s", UNIT),
        OrganizationPolicyChanged("p-s", policy_document=statement("Deny", "s3:*", Sid="NoS3")),
        OrganizationPolicyAttached("p-r", NUMBER),
        AccountMoved(NUMBER, "r-1", UNIT),
    )
    house.follow()
    return house


def by_policy(answer: Any, name: str) -> Any:
    (found,) = [one for one in answer["Statements"] if one["Policy"] == name]
    return found


def test_an_organizations_layers_are_told_level_by_level() -> None:
    answer = explain(organized())
    assert answer["DecidedBy"] == "resource control policy"
    layers = {one["Layer"]: one for one in answer["Layers"]}
    assert [(one["Node"], one["Name"], one["Effect"]) for one in layers["service control policy"]["Levels"]] == [
        ("r-1", "Root", "allowed"),
        (UNIT, "Live", "explicitDeny"),
        (NUMBER, NUMBER, "allowed"),
    ]
    assert [one["Effect"] for one in layers["resource control policy"]["Levels"]] == [
        "allowed",
        "allowed",
        "explicitDeny",
    ]
    assert "Levels" not in layers["identity-based policy"]


def test_an_organizations_policies_name_who_wrote_attached_and_placed() -> None:
    answer = explain(organized())
    guard = by_policy(answer, "guard")
    assert (guard["Sid"], guard["Applies"], json.loads(guard["Text"])["Action"]) == ("NoS3", True, "s3:*")
    assert guard["PolicyArn"] == f"arn:aws:organizations::{MANAGEMENT}:policy/o-1/service_control_policy/p-s"
    assert brought(guard) == [
        ("Live", "policy written", "OrganizationPolicyChanged"),
        ("Live", "attached", "OrganizationPolicyAttached"),
        ("Live", "account placed", "AccountMoved"),
    ]
    assert brought(by_policy(answer, "walls")) == [
        (NUMBER, "policy written", "OrganizationPolicyCreated"),
        (NUMBER, "attached", "OrganizationPolicyAttached"),
    ]
    assert brought(by_policy(answer, "FullAWSAccess")) == [
        ("Root", "attached", "PolicyTypeEnabled"),
        ("Live", "attached", "PolicyTypeEnabled"),
        ("Live", "account placed", "AccountMoved"),
        (NUMBER, "attached", "PolicyTypeEnabled"),
    ]


def test_before_the_move_the_units_policy_did_not_count() -> None:
    house = organized()
    answer = explain(house, AsOf=len(house.log.messages) - 2)
    assert answer["Decision"] is True
    assert [one["Policy"] for one in answer["Statements"]] == [
        "RCPFullAWSAccess",
        "FullAWSAccess",
        "user_ana_inline",
    ]
