"""Queries on groups and memberships."""

from typing import Any

import pytest

from muniment.domain.account.groups import GroupCreated, GroupMemberAdded, GroupRenamed
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import NoSuchEntity

ACCOUNT = "111122223333"
BEGINNING = 1_700_000_000_000_000
SECOND = 1_000_000


@pytest.fixture
def staffed(house: Any) -> Any:
    """Five users in `Dev`, one of them in `ops` too, and one in no group."""
    house.after(GroupCreated("Dev", "AGPADEV", "/eng/"), GroupCreated("ops", "AGPAOPS"))
    house.after(*(UserCreated(f"u{n}", f"AIDA{n}") for n in range(6)))
    house.after(*(GroupMemberAdded("Dev", f"u{n}") for n in range(5)), GroupMemberAdded("ops", "u3"))
    return house


def test_get_group_shows_the_group_and_its_members(staffed: Any) -> None:
    answer = staffed.ask("GetGroup", GroupName="dev")
    assert answer["Group"] == {
        "Path": "/eng/",
        "GroupName": "Dev",
        "GroupId": "AGPADEV",
        "Arn": f"arn:aws:iam::{ACCOUNT}:group/eng/Dev",
        "CreateDate": BEGINNING + SECOND,
    }
    assert [user["UserName"] for user in answer["Users"]] == ["u0", "u1", "u2", "u3", "u4"]
    assert answer["IsTruncated"] is False


def test_members_come_in_pages_and_every_page_shows_the_group(staffed: Any) -> None:
    assert [user["UserName"] for user in staffed.walk("GetGroup", "Users", 2, GroupName="Dev")] == [
        f"u{n}" for n in range(5)
    ]


def test_members_stay_when_the_group_is_renamed(staffed: Any) -> None:
    staffed.after(GroupRenamed("Dev", "Makers"))
    assert len(staffed.ask("GetGroup", GroupName="Makers")["Users"]) == 5
    assert [group["GroupName"] for group in staffed.ask("ListGroupsForUser", UserName="u0")["Groups"]] == ["Makers"]


def test_a_users_groups_are_listed(staffed: Any) -> None:
    assert [group["GroupName"] for group in staffed.walk("ListGroupsForUser", "Groups", 1, UserName="U3")] == [
        "Dev",
        "ops",
    ]
    assert staffed.ask("ListGroupsForUser", UserName="u5")["Groups"] == []
    assert staffed.arns("ListGroupsForUser", UserName="u5") == [f"arn:aws:iam::{ACCOUNT}:user/u5"]


def test_groups_are_listed_under_a_path(staffed: Any) -> None:
    assert [group["GroupName"] for group in staffed.ask("ListGroups")["Groups"]] == ["Dev", "ops"]
    assert [group["GroupName"] for group in staffed.ask("ListGroups", PathPrefix="/eng/")["Groups"]] == ["Dev"]
    assert staffed.arns("ListGroups", PathPrefix="/eng/") == [f"arn:aws:iam::{ACCOUNT}:group/eng/"]


def test_missing_groups_and_users_are_refused(staffed: Any) -> None:
    with pytest.raises(NoSuchEntity, match=r"^The group with name Nope cannot be found\.$"):
        staffed.ask("GetGroup", GroupName="Nope")
    with pytest.raises(NoSuchEntity, match=r"^The user with name Nope cannot be found\.$"):
        staffed.ask("ListGroupsForUser", UserName="Nope")
    assert staffed.arns("GetGroup", GroupName="Nope") == [f"arn:aws:iam::{ACCOUNT}:group/Nope"]
