"""What an account is asked: by name in any case, by ARN exactly, by unique id (FEATURES 1b)."""

import pytest

from muniment.domain.account.account import AccountCreated
from muniment.domain.account.groups import GroupCreated, GroupMemberAdded
from muniment.domain.account.policies import PolicyCreated
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserCreated, UserDeleted
from muniment.domain.errors import NoSuchEntity
from tests.commands.given import ALLOW, START, after, arn, entry, policy_arn, refused, then

ACCOUNT = after(
    AccountCreated("Management", "root@example.com"),
    UserCreated("Ana", "AIDAANA", "/x/"),
    UserCreated("eva", "AIDAEVA"),
    GroupCreated("Ops", "AGPAOPS"),
    GroupMemberAdded("ops", "ana"),
    RoleCreated("Ana", "AROAANA", "{}"),
    PolicyCreated("Read", "ANPAREAD", ALLOW, "/x/"),
)


@pytest.mark.parametrize("name", ["Ana", "ana", "ANA"])
def test_names_are_found_in_any_case_and_keep_theirs(name):
    assert ACCOUNT.user(name).name == "Ana"
    assert ACCOUNT.role(name).name == "Ana"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        ("user", "The user with name ghost cannot be found."),
        ("group", "The group with name ghost cannot be found."),
        ("role", "The role with name ghost cannot be found."),
        ("policy", "Policy ghost was not found."),
    ],
)
def test_what_is_missing_is_named_in_awss_words(ask, message):
    with refused(NoSuchEntity, message):
        getattr(ACCOUNT, ask)("ghost")


@pytest.mark.parametrize(
    ("unique_id", "found"),
    [
        ("AIDAANA", arn("user", "Ana", "/x/")),
        ("AROAANA", arn("role", "Ana")),
        ("AGPAOPS", arn("group", "Ops")),
        ("ANPAREAD", policy_arn("Read", "/x/")),
        ("AIDAGONE", None),
    ],
)
def test_every_unique_id_leads_to_an_arn(unique_id, found):
    assert ACCOUNT.arn_of(unique_id) == found


@pytest.mark.parametrize(
    ("principal", "found"),
    [
        (arn("user", "Ana", "/x/"), "AIDAANA"),
        (arn("role", "Ana"), "AROAANA"),
        (arn("user", "ana", "/x/"), None),
        (arn("user", "Ana"), None),
        (arn("group", "Ops"), None),
        (arn("user", "Ana", "/x/", account="210987654321"), None),
    ],
)
def test_only_the_exact_arn_of_a_principal_leads_to_its_id(principal, found):
    assert ACCOUNT.id_of(principal) == found


def test_members_are_those_of_the_group():
    assert [user.name for user in ACCOUNT.members(ACCOUNT.group("ops"))] == ["Ana"]


def test_a_fold_leaves_the_state_it_began_with():
    later = then(ACCOUNT, UserDeleted("eva"))
    assert "eva" in ACCOUNT.users
    assert "AIDAEVA" in ACCOUNT.ids
    assert "eva" not in later.users


def test_a_policy_is_not_found_by_another_path():
    assert ACCOUNT.find_policy(policy_arn("Read", "/x/")) is not None
    assert ACCOUNT.find_policy(policy_arn("Read")) is None


def test_what_begins_remembers_when():
    user = then(ACCOUNT, UserCreated("new", "AIDANEW")).user("new")
    assert user.created == entry(UserCreated("new", "AIDANEW"), ACCOUNT).time > START
    assert ACCOUNT.created > START
