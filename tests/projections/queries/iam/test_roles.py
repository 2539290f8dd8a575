"""Queries on roles: gets, lists, tags, and trust policies shown with the ARNs of today."""

import json
from typing import Any

import pytest

from muniment.domain.account.permissions_boundaries import RolePermissionsBoundarySet
from muniment.domain.account.roles import RoleCreated, RoleDeleted
from muniment.domain.account.users import UserCreated, UserDeleted, UserRenamed
from muniment.domain.errors import NoSuchEntity

ACCOUNT = "111122223333"
OTHER = "444455556666"
BEGINNING = 1_700_000_000_000_000
SECOND = 1_000_000
BOUND = f"arn:aws:iam::{ACCOUNT}:policy/Bound"


def trust(*principals: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def trusted(document: str) -> Any:
    return json.loads(document)["Statement"][0]["Principal"]["AWS"]


def test_get_role_shows_everything_there_is(house: Any) -> None:
    root = trust(f"arn:aws:iam::{ACCOUNT}:root")
    house.after(
        RoleCreated("Run", "AROARUN", root, "/app/", "Runs", 7_200, tags={"b": "2", "a": "1"}),
        RolePermissionsBoundarySet("Run", BOUND),
    )
    assert house.ask("GetRole", RoleName="run") == {
        "Role": {
            "Path": "/app/",
            "RoleName": "Run",
            "RoleId": "AROARUN",
            "Arn": f"arn:aws:iam::{ACCOUNT}:role/app/Run",
            "CreateDate": BEGINNING + SECOND,
            "AssumeRolePolicyDocument": root,
            "Description": "Runs",
            "MaxSessionDuration": 7_200,
            "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": BOUND},
            "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
            "RoleLastUsed": {},
        }
    }


def test_lists_leave_out_boundary_last_use_and_tags(house: Any) -> None:
    house.after(RoleCreated("Run", "AROARUN", trust("*"), permissions_boundary=BOUND, tags={"a": "1"}))
    (role,) = house.ask("ListRoles")["Roles"]
    assert not {"PermissionsBoundary", "RoleLastUsed", "Tags", "Description"} & set(role)
    assert role["MaxSessionDuration"] == 3_600
    assert role["AssumeRolePolicyDocument"] == trust("*")


def test_a_trusted_user_is_shown_by_the_name_it_has_now_and_by_id_when_it_is_gone(house: Any) -> None:  # FEATURES 1b
    ana = f"arn:aws:iam::{ACCOUNT}:user/ana"
    house.after(
        UserCreated("ana", "AIDAANA"),
        RoleCreated("run", "AROARUN", trust("AIDAANA", "arn:aws:iam::111122223333:root"), principals={"AIDAANA": ana}),
    )

    def now() -> Any:
        document = house.ask("GetRole", RoleName="run")["Role"]["AssumeRolePolicyDocument"]
        assert house.ask("ListRoles")["Roles"][0]["AssumeRolePolicyDocument"] == document
        assert house.ask("GetAccountAuthorizationDetails")["RoleDetailList"][0]["AssumeRolePolicyDocument"] == document
        return trusted(document)[0]

    assert now() == ana
    house.after(UserRenamed("ana", "eva"))
    assert now() == f"arn:aws:iam::{ACCOUNT}:user/eva"
    house.after(
        UserDeleted("eva"), UserCreated("eva", "AIDAOTHER")
    )  # SECURITY CVE row 22: a recycled name inherits nothing
    assert now() == "AIDAANA"


def test_a_trusted_role_of_another_account_is_looked_up_there(house: Any) -> None:
    written = f"arn:aws:iam::{OTHER}:role/deploy"
    house.after(RoleCreated("deploy", "AROADEPLOY", trust("*"), "/ci/"), boundary=f"account.{OTHER}")
    house.after(RoleCreated("run", "AROARUN", trust("AROADEPLOY"), principals={"AROADEPLOY": written}))

    def now() -> Any:
        return trusted(house.ask("GetRole", RoleName="run")["Role"]["AssumeRolePolicyDocument"])

    assert now() == [f"arn:aws:iam::{OTHER}:role/ci/deploy"]
    house.after(RoleDeleted("deploy"), boundary=f"account.{OTHER}")
    assert now() == ["AROADEPLOY"]


def test_roles_are_listed_by_name_under_a_path(house: Any) -> None:
    house.after(
        *(
            RoleCreated(name, f"AROA{name}", trust("*"), path)
            for name, path in (("b", "/x/"), ("A", "/x/"), ("c", "/y/"))
        )
    )
    assert [role["RoleName"] for role in house.walk("ListRoles", "Roles", 1)] == ["A", "b", "c"]
    assert [role["RoleName"] for role in house.walk("ListRoles", "Roles", 1, PathPrefix="/x/")] == ["A", "b"]
    assert house.arns("ListRoles", PathPrefix="/x/") == [f"arn:aws:iam::{ACCOUNT}:role/x/"]


def test_tags_are_listed_by_key_and_go_to_the_gate(house: Any) -> None:
    house.after(RoleCreated("run", "AROARUN", trust("*"), "/x/", tags={"b": "2", "a": "1"}))
    assert house.walk("ListRoleTags", "Tags", 1, RoleName="run") == [
        {"Key": "a", "Value": "1"},
        {"Key": "b", "Value": "2"},
    ]
    (resource,) = house.resources("GetRole", RoleName="run")
    assert resource.arn == f"arn:aws:iam::{ACCOUNT}:role/x/run"
    assert resource.context["aws:ResourceTag/a"] == ("1",)


def test_a_role_has_no_instance_profiles_but_must_exist(house: Any) -> None:
    house.after(RoleCreated("run", "AROARUN", trust("*")))
    assert house.ask("ListInstanceProfilesForRole", RoleName="run") == {"InstanceProfiles": [], "IsTruncated": False}
    for action in ("ListInstanceProfilesForRole", "GetRole", "ListRoleTags"):
        with pytest.raises(NoSuchEntity, match=r"^The role with name nope cannot be found\.$"):
            house.ask(action, RoleName="nope")
    assert house.arns("GetRole", RoleName="nope") == [f"arn:aws:iam::{ACCOUNT}:role/nope"]
