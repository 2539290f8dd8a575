"""Queries on managed policies: gets, lists with their filters, versions, tags, and who has them."""

from typing import Any

import pytest

from muniment.domain.account.attachments import GroupPolicyAttached, RolePolicyAttached, UserPolicyAttached
from muniment.domain.account.groups import GroupCreated
from muniment.domain.account.permissions_boundaries import RolePermissionsBoundarySet, UserPermissionsBoundarySet
from muniment.domain.account.policies import (
    PolicyCreated,
    PolicyDefaultVersionSet,
    PolicyTagged,
    PolicyVersionCreated,
    PolicyVersionDeleted,
)
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import InvalidInput, NoSuchEntity

ACCOUNT = "111122223333"
BEGINNING = 1_700_000_000_000_000
SECOND = 1_000_000
READ = f"arn:aws:iam::{ACCOUNT}:policy/team/Read"
WRITE = f"arn:aws:iam::{ACCOUNT}:policy/Write"
SPARE = f"arn:aws:iam::{ACCOUNT}:policy/Spare"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
DOCUMENT = '{"Version":"2012-10-17","Statement":[]}'
TRUST = '{"Version":"2012-10-17","Statement":[]}'


@pytest.fixture
def stocked(house: Any) -> Any:
    """Three policies; Read attached to all kinds, Write a boundary of two and attached once, Spare unused; ReadOnlyAccess once."""
    return house.after(
        PolicyCreated("Read", "ANPAREAD", DOCUMENT, "/team/", "Reads", {"b": "2", "a": "1"}),
        PolicyCreated("Write", "ANPAWRITE", DOCUMENT),
        PolicyCreated("Spare", "ANPASPARE", DOCUMENT),
        UserCreated("ana", "AIDAANA", "/x/"),
        UserCreated("bea", "AIDABEA"),
        GroupCreated("dev", "AGPADEV"),
        RoleCreated("run", "AROARUN", TRUST),
        UserPolicyAttached("ana", READ),
        GroupPolicyAttached("dev", READ),
        RolePolicyAttached("run", READ),
        UserPolicyAttached("ana", WRITE),
        UserPermissionsBoundarySet("ana", WRITE),
        RolePermissionsBoundarySet("run", WRITE),
        UserPolicyAttached("bea", READ_ONLY),
    )


def names(answer: dict[str, Any]) -> list[str]:
    return [policy["PolicyName"] for policy in answer["Policies"]]


def test_get_policy_shows_everything_but_the_document(stocked: Any) -> None:
    assert stocked.ask("GetPolicy", PolicyArn=READ) == {
        "Policy": {
            "PolicyName": "Read",
            "PolicyId": "ANPAREAD",
            "Arn": READ,
            "Path": "/team/",
            "DefaultVersionId": "v1",
            "AttachmentCount": 3,
            "PermissionsBoundaryUsageCount": 0,
            "IsAttachable": True,
            "Description": "Reads",
            "CreateDate": BEGINNING + SECOND,
            "UpdateDate": BEGINNING + SECOND,
            "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
        }
    }


def test_boundary_uses_are_counted_apart(stocked: Any) -> None:
    policy = stocked.ask("GetPolicy", PolicyArn=WRITE)["Policy"]
    assert (policy["AttachmentCount"], policy["PermissionsBoundaryUsageCount"]) == (1, 2)
    assert policy["Tags"] == []
    assert "Description" not in policy


def test_lists_leave_out_description_and_tags(stocked: Any) -> None:
    listed = next(
        policy for policy in stocked.ask("ListPolicies", Scope="Local")["Policies"] if policy["PolicyName"] == "Read"
    )
    assert not {"Description", "Tags"} & set(listed)


def test_scope_chooses_between_our_own_and_awss(stocked: Any) -> None:
    assert names(stocked.ask("ListPolicies", Scope="Local")) == ["Read", "Spare", "Write"]
    aws = names(stocked.ask("ListPolicies", Scope="AWS"))
    assert {"AdministratorAccess", "ReadOnlyAccess"} <= set(aws)
    assert "Read" not in aws
    assert sorted(names(stocked.ask("ListPolicies"))) == sorted([*aws, "Read", "Spare", "Write"])
    assert sorted(policy["PolicyName"] for policy in stocked.walk("ListPolicies", "Policies", 2)) == sorted(
        names(stocked.ask("ListPolicies"))
    )


def test_only_attached_and_the_usage_filter_choose_by_use(stocked: Any) -> None:
    assert names(stocked.ask("ListPolicies", Scope="Local", OnlyAttached=True)) == ["Read", "Write"]
    assert names(stocked.ask("ListPolicies", OnlyAttached=True)) == ["Read", "ReadOnlyAccess", "Write"]
    assert names(stocked.ask("ListPolicies", PolicyUsageFilter="PermissionsBoundary")) == ["Write"]
    assert names(stocked.ask("ListPolicies", Scope="AWS", PolicyUsageFilter="PermissionsPolicy")) == ["ReadOnlyAccess"]


def test_a_path_prefix_chooses(stocked: Any) -> None:
    assert names(stocked.ask("ListPolicies", PathPrefix="/team/")) == ["Read"]
    assert stocked.arns("ListPolicies", PathPrefix="/team/") == ["policy path /team/"]  # AWS's own words


def test_versions_come_newest_first_and_without_documents(stocked: Any) -> None:
    stocked.after(*(PolicyVersionCreated(READ, f"v{n}", DOCUMENT) for n in (2, 3)), PolicyDefaultVersionSet(READ, "v3"))
    stocked.after(PolicyVersionDeleted(READ, "v2"), *(PolicyVersionCreated(READ, f"v{n}", DOCUMENT) for n in (9, 10)))
    versions = stocked.walk("ListPolicyVersions", "Versions", 1, PolicyArn=READ)
    assert [(version["VersionId"], version["IsDefaultVersion"]) for version in versions] == [
        ("v10", False),
        ("v9", False),
        ("v3", True),
        ("v1", False),
    ]
    assert all("Document" not in version for version in versions)


def test_a_version_shows_its_document_as_it_was_written(stocked: Any) -> None:
    assert stocked.ask("GetPolicyVersion", PolicyArn=READ, VersionId="v1")["PolicyVersion"] == {
        "Document": DOCUMENT,
        "VersionId": "v1",
        "IsDefaultVersion": True,
        "CreateDate": BEGINNING + SECOND,
    }


def test_missing_and_malformed_arns_are_refused_in_aws_words(stocked: Any) -> None:
    missing = f"arn:aws:iam::{ACCOUNT}:policy/Nope"
    for action in ("GetPolicy", "ListPolicyVersions", "ListPolicyTags", "ListEntitiesForPolicy"):
        with pytest.raises(NoSuchEntity, match=f"^Policy {missing} was not found\\.$"):
            stocked.ask(action, PolicyArn=missing)
        with pytest.raises(InvalidInput, match=r"^ARN arn:aws:iam::aws:role/x-role-and is not valid\.$"):
            stocked.ask(action, PolicyArn="arn:aws:iam::aws:role/x-role-and")
    with pytest.raises(NoSuchEntity, match="version v7 does not exist"):
        stocked.ask("GetPolicyVersion", PolicyArn=READ, VersionId="v7")
    assert stocked.arns("GetPolicy", PolicyArn=missing) == [missing]


def test_a_policy_of_another_account_is_told_like_a_missing_one(stocked: Any) -> None:  # SECURITY rule 16
    foreign = READ.replace(ACCOUNT, "999988887777")
    with pytest.raises(NoSuchEntity, match=f"^Policy {foreign} was not found\\.$"):
        stocked.ask("GetPolicy", PolicyArn=foreign)


def test_tags_are_listed_and_go_to_the_gate(stocked: Any) -> None:
    stocked.after(PolicyTagged(READ, {"A": "upper"}))  # tag keys of policies are case-sensitive (POLICY_EVALUATION 2.6)
    assert stocked.walk("ListPolicyTags", "Tags", 2, PolicyArn=READ) == [
        {"Key": "A", "Value": "upper"},
        {"Key": "a", "Value": "1"},
        {"Key": "b", "Value": "2"},
    ]
    (resource,) = stocked.resources("GetPolicy", PolicyArn=READ)
    assert resource.context["iam:ResourceTag/b"] == ("2",)


def entities(answer: dict[str, Any]) -> dict[str, list[str]]:
    return {kind: [entity[f"{kind}Name"] for entity in answer[f"Policy{kind}s"]] for kind in ("Group", "User", "Role")}


def test_entities_of_a_policy_are_found_in_all_three_kinds(stocked: Any) -> None:
    answer = stocked.ask("ListEntitiesForPolicy", PolicyArn=READ)
    assert answer["PolicyUsers"] == [{"UserName": "ana", "UserId": "AIDAANA"}]
    assert entities(answer) == {"Group": ["dev"], "User": ["ana"], "Role": ["run"]}


def test_entities_are_chosen_by_kind_path_and_use(stocked: Any) -> None:
    def ask(arn: str, **filters: str) -> dict[str, list[str]]:
        return entities(stocked.ask("ListEntitiesForPolicy", PolicyArn=arn, **filters))

    assert ask(READ, EntityFilter="Role") == {"Group": [], "User": [], "Role": ["run"]}
    assert ask(READ, PathPrefix="/x/") == {"Group": [], "User": ["ana"], "Role": []}
    assert ask(WRITE, PolicyUsageFilter="PermissionsBoundary") == {"Group": [], "User": ["ana"], "Role": ["run"]}
    assert ask(WRITE, PolicyUsageFilter="PermissionsPolicy") == {"Group": [], "User": ["ana"], "Role": []}
    assert ask(WRITE) == {"Group": [], "User": ["ana"], "Role": ["run"]}
    assert ask(READ_ONLY) == {"Group": [], "User": ["bea"], "Role": []}


def test_entities_come_in_pages_across_the_kinds(stocked: Any) -> None:
    found: list[str] = []
    marker: dict[str, str] = {}
    for _ in range(3):
        answer = stocked.ask("ListEntitiesForPolicy", PolicyArn=READ, MaxItems=1, **marker)
        found += [name for names in entities(answer).values() for name in names]
        marker = {"Marker": answer.get("Marker", "")}
    assert found == ["dev", "ana", "run"]
    assert answer["IsTruncated"] is False


def test_awss_policies_are_read_like_our_own(stocked: Any) -> None:
    policy = stocked.ask("GetPolicy", PolicyArn=READ_ONLY)["Policy"]
    assert policy["AttachmentCount"] == 1
    assert policy["Arn"] == READ_ONLY
    version = stocked.ask("GetPolicyVersion", PolicyArn=READ_ONLY, VersionId=policy["DefaultVersionId"])[
        "PolicyVersion"
    ]
    assert '"2012-10-17"' in version["Document"]
    assert stocked.arns("GetPolicy", PolicyArn=READ_ONLY) == [READ_ONLY]
