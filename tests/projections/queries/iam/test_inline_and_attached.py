"""Queries on what an entity is allowed: inline policies and attached ones, for users, groups and roles alike."""

from typing import Any

import pytest

from muniment.domain.account.attachments import (
    GroupPolicyAttached,
    RolePolicyAttached,
    RolePolicyDetached,
    UserPolicyAttached,
)
from muniment.domain.account.groups import GroupCreated
from muniment.domain.account.inline import GroupInlinePolicyPut, RoleInlinePolicyPut, UserInlinePolicyPut
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import NoSuchEntity, ValidationError

ACCOUNT = "111122223333"
DOCUMENT = '{"Version":"2012-10-17",\n "Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
KINDS = ["User", "Group", "Role"]
PUT = {"User": UserInlinePolicyPut, "Group": GroupInlinePolicyPut, "Role": RoleInlinePolicyPut}
ATTACH = {"User": UserPolicyAttached, "Group": GroupPolicyAttached, "Role": RolePolicyAttached}


@pytest.fixture
def peopled(house: Any) -> Any:
    return house.after(
        UserCreated("One", "AIDAONE"), GroupCreated("One", "AGPAONE"), RoleCreated("One", "AROAONE", "{}")
    )


@pytest.mark.parametrize("kind", KINDS)
def test_an_inline_policy_is_shown_as_it_was_written(peopled: Any, kind: str) -> None:
    peopled.after(PUT[kind]("One", "Do", DOCUMENT))
    answer = peopled.ask(f"Get{kind}Policy", **{f"{kind}Name": "one", "PolicyName": "Do"})
    assert answer == {f"{kind}Name": "One", "PolicyName": "Do", "PolicyDocument": DOCUMENT}


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_inline_policy_or_entity_is_refused_in_aws_words(peopled: Any, kind: str) -> None:
    peopled.after(PUT[kind]("One", "Do", DOCUMENT))
    with pytest.raises(NoSuchEntity, match=f"^The {kind.lower()} policy with name do cannot be found\\.$"):
        peopled.ask(f"Get{kind}Policy", **{f"{kind}Name": "One", "PolicyName": "do"})
    for action in (f"Get{kind}Policy", f"List{kind}Policies", f"ListAttached{kind}Policies"):
        more = {"PolicyName": "Do"} if action.startswith("Get") else {}
        with pytest.raises(NoSuchEntity, match=f"^The {kind.lower()} with name Two cannot be found\\.$"):
            peopled.ask(action, **{f"{kind}Name": "Two"}, **more)
        assert peopled.arns(action, **{f"{kind}Name": "Two"}, **more) == [f"arn:aws:iam::{ACCOUNT}:{kind.lower()}/Two"]
        assert peopled.arns(action, **{f"{kind}Name": "oNe"}, **more) == [f"arn:aws:iam::{ACCOUNT}:{kind.lower()}/One"]


@pytest.mark.parametrize("kind", KINDS)
def test_inline_policies_are_listed_by_name_in_pages(peopled: Any, kind: str) -> None:
    assert peopled.ask(f"List{kind}Policies", **{f"{kind}Name": "One"}) == {"PolicyNames": [], "IsTruncated": False}
    peopled.after(*(PUT[kind]("One", name, DOCUMENT) for name in ("c", "a", "b")))
    assert peopled.walk(f"List{kind}Policies", "PolicyNames", 2, **{f"{kind}Name": "One"}) == ["a", "b", "c"]


@pytest.mark.parametrize("kind", KINDS)
def test_attached_policies_are_listed_by_name_in_pages(peopled: Any, kind: str) -> None:
    arns = [
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        f"arn:aws:iam::{ACCOUNT}:policy/x/Zed",
        f"arn:aws:iam::{ACCOUNT}:policy/Abc",
    ]
    peopled.after(*(ATTACH[kind]("One", arn) for arn in arns))
    walked = peopled.walk(f"ListAttached{kind}Policies", "AttachedPolicies", 1, **{f"{kind}Name": "One"})
    assert walked == [
        {"PolicyName": "Abc", "PolicyArn": arns[2]},
        {"PolicyName": "ReadOnlyAccess", "PolicyArn": arns[0]},
        {"PolicyName": "Zed", "PolicyArn": arns[1]},
    ]
    under = peopled.ask(f"ListAttached{kind}Policies", **{f"{kind}Name": "One"}, PathPrefix="/x/")
    assert [policy["PolicyName"] for policy in under["AttachedPolicies"]] == ["Zed"]


def test_a_page_goes_on_where_it_was_although_its_last_policy_is_detached(peopled: Any) -> None:
    arns = [f"arn:aws:iam::{ACCOUNT}:policy/P{n}" for n in range(4)]
    peopled.after(*(RolePolicyAttached("One", arn) for arn in arns))
    first = peopled.ask("ListAttachedRolePolicies", RoleName="One", MaxItems=2)
    peopled.after(RolePolicyDetached("One", arns[0]), RolePolicyDetached("One", arns[1]))
    rest = peopled.ask("ListAttachedRolePolicies", RoleName="One", Marker=first["Marker"])
    assert [policy["PolicyName"] for policy in rest["AttachedPolicies"]] == ["P2", "P3"]


def test_a_marker_of_one_users_list_does_not_open_anothers(peopled: Any) -> None:
    peopled.after(UserCreated("Two", "AIDATWO"), *(UserInlinePolicyPut("One", name, DOCUMENT) for name in "abc"))
    marker = peopled.ask("ListUserPolicies", UserName="One", MaxItems=1)["Marker"]
    with pytest.raises(ValidationError):
        peopled.ask("ListUserPolicies", UserName="Two", Marker=marker)
