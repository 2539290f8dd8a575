"""Queries on users: what gets and lists show, who is meant when no name is given, and what the gate is asked."""

from typing import Any

import pytest

from muniment.domain.account.account import AccountCreated
from muniment.domain.account.permissions_boundaries import UserPermissionsBoundarySet
from muniment.domain.account.users import UserCreated, UserDeleted, UserRenamed, UserTagged
from muniment.domain.errors import NoSuchEntity, ValidationError
from muniment.domain.ledger import Actor

ACCOUNT = "111122223333"
BEGINNING = 1_700_000_000_000_000
SECOND = 1_000_000
BOUND = f"arn:aws:iam::{ACCOUNT}:policy/Bound"


def test_get_user_shows_everything_there_is(house: Any) -> None:
    house.after(
        UserCreated("Ana", "AIDAANA", "/division/"),
        UserTagged("Ana", {"team": "red", "Cost": "7"}),
        UserPermissionsBoundarySet("Ana", BOUND),
    )
    assert house.ask("GetUser", UserName="ana") == {
        "User": {
            "Path": "/division/",
            "UserName": "Ana",
            "UserId": "AIDAANA",
            "Arn": f"arn:aws:iam::{ACCOUNT}:user/division/Ana",
            "CreateDate": BEGINNING + SECOND,
            "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": BOUND},
            "Tags": [{"Key": "Cost", "Value": "7"}, {"Key": "team", "Value": "red"}],
        }
    }


def test_a_plain_user_has_neither_tags_nor_boundary_nor_password_use(house: Any) -> None:
    house.after(UserCreated("Ana", "AIDAANA"))
    assert set(house.ask("GetUser", UserName="Ana")["User"]) == {"Path", "UserName", "UserId", "Arn", "CreateDate"}


def test_a_missing_user_is_refused_in_aws_words(house: Any) -> None:
    with pytest.raises(NoSuchEntity, match=r"^The user with name Bob cannot be found\.$"):
        house.ask("GetUser", UserName="Bob")


def test_without_a_name_the_caller_is_meant_even_after_a_rename(house: Any) -> None:
    house.after(UserCreated("Ana", "AIDAANA")).user_calls("Ana")
    house.after(UserRenamed("Ana", "Eva"), UserCreated("Ana", "AIDAOTHER"))
    assert house.ask("GetUser")["User"]["UserName"] == "Eva"
    assert house.arns("GetUser") == [f"arn:aws:iam::{ACCOUNT}:user/Eva"]


def test_a_caller_who_is_gone_is_not_found(house: Any) -> None:
    house.after(UserCreated("Ana", "AIDAANA")).user_calls("Ana")
    house.after(UserDeleted("Ana"), UserCreated("Ana", "AIDAOTHER"))
    with pytest.raises(NoSuchEntity):
        house.ask("GetUser")


def test_root_has_the_accounts_number_for_an_id_and_no_name(house: Any) -> None:
    house.after(AccountCreated("main", "root@example.com"))
    assert house.ask("GetUser") == {
        "User": {"UserId": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root", "CreateDate": BEGINNING + SECOND}
    }
    assert house.arns("GetUser") == [f"arn:aws:iam::{ACCOUNT}:root"]


@pytest.mark.parametrize("action", ["GetUser", "ListAccessKeys", "ListMFADevices", "GetLoginProfile"])
def test_a_role_session_must_name_a_user(house: Any, action: str) -> None:
    house.actor = Actor(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/R/s", "AROAR:s", "AssumedRole")
    with pytest.raises(ValidationError, match=r"^Must specify userName when calling with non-User credentials$"):
        house.resources(action)


def test_lists_leave_out_tags_and_boundary(house: Any) -> None:
    house.after(UserCreated("Ana", "AIDAANA", tags={"a": "b"}, permissions_boundary=BOUND))
    (user,) = house.ask("ListUsers")["Users"]
    assert set(user) == {"Path", "UserName", "UserId", "Arn", "CreateDate"}


def test_users_are_listed_by_name_without_regard_to_case(house: Any) -> None:
    house.after(*(UserCreated(name, f"AIDA{name}") for name in ("carl", "Bea", "ana", "Dan")))
    answer = house.ask("ListUsers")
    assert [user["UserName"] for user in answer["Users"]] == ["ana", "Bea", "carl", "Dan"]
    assert answer["IsTruncated"] is False


def test_a_path_prefix_chooses_and_names_the_gates_resource(house: Any) -> None:
    house.after(UserCreated("a", "AIDAA", "/x/"), UserCreated("b", "AIDAB", "/x/y/"), UserCreated("c", "AIDAC", "/z/"))
    assert [user["UserName"] for user in house.ask("ListUsers", PathPrefix="/x/")["Users"]] == ["a", "b"]
    assert house.arns("ListUsers", PathPrefix="/x/") == [f"arn:aws:iam::{ACCOUNT}:user/x/"]
    assert house.arns("ListUsers") == [f"arn:aws:iam::{ACCOUNT}:user/"]


def test_a_walk_by_pages_finds_everyone(house: Any) -> None:
    house.after(*(UserCreated(f"user-{n:03}", f"AIDA{n}") for n in range(250)))
    first = house.ask("ListUsers")
    assert len(first["Users"]) == 100  # the default
    assert [user["UserName"] for user in house.walk("ListUsers", "Users", 7)] == [f"user-{n:03}" for n in range(250)]


def test_a_marker_holds_for_its_own_list_filter_and_account_alone(house: Any) -> None:  # SECURITY CVE row 30
    house.after(*(UserCreated(f"u{n}", f"AIDA{n}", "/x/") for n in range(3)))
    marker = house.ask("ListUsers", MaxItems=1, PathPrefix="/x/")["Marker"]
    assert house.ask("ListUsers", MaxItems=2, PathPrefix="/x/", Marker=marker)["IsTruncated"] is False
    with pytest.raises(ValidationError, match=r"^Invalid Marker\.$"):
        house.ask("ListUsers", Marker=marker)
    with pytest.raises(ValidationError):
        house.ask("ListRoles", PathPrefix="/x/", Marker=marker)
    house.actor = Actor("999988887777", "arn:aws:iam::999988887777:root", "999988887777", "Root")
    with pytest.raises(ValidationError):
        house.ask("ListUsers", PathPrefix="/x/", Marker=marker)


def test_accounts_do_not_see_each_other(house: Any) -> None:  # SECURITY rule 16
    house.after(UserCreated("Ana", "AIDAANA"))
    house.actor = Actor("999988887777", "arn:aws:iam::999988887777:root", "999988887777", "Root")
    assert house.ask("ListUsers")["Users"] == []
    with pytest.raises(NoSuchEntity):
        house.ask("GetUser", UserName="Ana")


def test_tags_are_listed_by_key_in_pages(house: Any) -> None:
    house.after(UserCreated("Ana", "AIDAANA", tags={f"k{n}": str(n) for n in (3, 1, 2)}))
    assert house.walk("ListUserTags", "Tags", 1, UserName="Ana") == [
        {"Key": f"k{n}", "Value": str(n)} for n in (1, 2, 3)
    ]


def test_the_gate_is_asked_about_the_user_with_its_tags(house: Any) -> None:
    house.after(UserCreated("Ana", "AIDAANA", "/x/", tags={"team": "red"}))
    (resource,) = house.resources("GetUser", UserName="ana")
    assert resource.arn == f"arn:aws:iam::{ACCOUNT}:user/x/Ana"
    assert resource.context == {"aws:ResourceTag/team": ("red",), "iam:ResourceTag/team": ("red",)}
    assert house.arns("GetUser", UserName="Bob") == [f"arn:aws:iam::{ACCOUNT}:user/Bob"]
