"""Roles and trust policies (FEATURES 1b)."""

import json

import pytest

from muniment.commands.iam.roles import (
    CreateRole,
    DeleteRole,
    TagRole,
    UntagRole,
    UpdateAssumeRolePolicy,
    UpdateRole,
    UpdateRoleDescription,
)
from muniment.commands.iam.tags import Tag
from muniment.commands.iam.users import CreateUser, DeleteUser, UpdateUser
from muniment.domain.account.attachments import RolePolicyAttached
from muniment.domain.account.inline import RoleInlinePolicyPut
from muniment.domain.account.policies import PolicyCreated
from muniment.domain.account.roles import (
    RoleCreated,
    RoleDescriptionChanged,
    RoleSessionDurationChanged,
    RoleUntagged,
)
from muniment.domain.account.trust import shown
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import (
    DeleteConflict,
    EntityAlreadyExists,
    InvalidInput,
    LimitExceeded,
    MalformedPolicyDocument,
    NoSuchEntity,
    ValidationError,
)
from tests.commands.given import ACCOUNT, ALLOW, ROOT, House, after, arn, now, policy_arn, refused, trust

OTHER = "210987654321"
ANYONE = trust(f"arn:aws:iam::{ACCOUNT}:root")
APP = RoleCreated("App", "AROAAPP", ANYONE)
ANA = UserCreated("ana", "AIDAANA")


def test_a_role_is_created_with_what_was_asked_for():
    house = House(after(ANA, PolicyCreated("p", "ANPA1", ALLOW)))
    role = house.do(
        CreateRole(
            role_name="App",
            assume_role_policy_document=trust(arn("user", "ana")),
            path="/x/",
            description="runs",
            max_session_duration=7_200,
            permissions_boundary=policy_arn("p"),
            tags=(Tag("Team", "blue"),),
        )
    )["Role"]
    assert role == {
        "Path": "/x/",
        "RoleName": "App",
        "RoleId": role["RoleId"],
        "Arn": arn("role", "App", "/x/"),
        "CreateDate": house.time,
        "AssumeRolePolicyDocument": trust(arn("user", "ana")),
        "Description": "runs",
        "MaxSessionDuration": 7_200,
        "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": policy_arn("p")},
        "Tags": [{"Key": "Team", "Value": "blue"}],
    }
    assert role["RoleId"].startswith("AROA")
    assert house.account.bounds == {policy_arn("p"): 1}


def test_role_names_are_unique_in_any_case():
    with refused(EntityAlreadyExists, "Role with name APP already exists."):
        CreateRole(role_name="APP", assume_role_policy_document=ANYONE).decide(after(APP), now())


def test_one_role_more_than_the_quota_is_refused(monkeypatch):
    monkeypatch.setattr("muniment.commands.iam.roles.ROLES_PER_ACCOUNT_MAX", 1)
    with refused(LimitExceeded, "Cannot exceed quota for RolesPerAccount: 1"):
        CreateRole(role_name="b", assume_role_policy_document=ANYONE).decide(after(APP), now())


@pytest.mark.parametrize(
    ("seconds", "bound"), [(3_599, "greater than or equal to 3600"), (43_201, "less than or equal to 43200")]
)
def test_a_session_lasts_one_to_twelve_hours(seconds, bound):
    message = (
        f"1 validation error detected: Value '{seconds}' at 'maxSessionDuration' failed to satisfy constraint: "
        f"Member must have value {bound}"
    )
    with refused(ValidationError, message):
        CreateRole(role_name="b", assume_role_policy_document=ANYONE, max_session_duration=seconds).decide(
            after(), now()
        )
    with refused(ValidationError, message):
        UpdateRole(role_name="App", max_session_duration=seconds).decide(after(APP), now())


def test_a_trust_policy_has_4096_characters_at_most():  # POLICY_EVALUATION 2.7
    long = trust(*(f"{100_000_000_000 + n}" for n in range(300)))
    with refused(LimitExceeded, "Cannot exceed quota for ACLSizePerRole: 4096"):
        CreateRole(role_name="b", assume_role_policy_document=long).decide(after(), now())


def test_a_trust_policy_is_kept_with_unique_ids():
    house = House(after(ANA))
    house.do(CreateRole(role_name="App", assume_role_policy_document=trust(arn("user", "ana"), "*")))
    role = house.account.role("App")
    assert json.loads(role.trust)["Statement"][0]["Principal"]["AWS"] == ["AIDAANA", "*"]
    assert role.principals == {"AIDAANA": arn("user", "ana")}


def test_a_renamed_user_stays_trusted_and_a_recycled_name_is_not():
    house = House(after(ANA))
    house.do(CreateRole(role_name="App", assume_role_policy_document=trust(arn("user", "ana"))))
    house.do(UpdateUser(user_name="ana", new_user_name="eva"))
    assert shown(house.account.role("App").trust, house.account.arn_of) == trust(arn("user", "eva"))
    house.do(DeleteUser(user_name="eva"))
    house.do(CreateUser(user_name="ana"))
    assert shown(house.account.role("App").trust, house.account.arn_of) == trust("AIDAANA")


@pytest.mark.parametrize(
    "principal",
    [
        arn("user", "ghost"),
        arn("role", "ghost"),
        arn("user", "Ana"),
        arn("user", "ana", "/x/"),
        arn("role", "ana"),
        "AIDA" + "X" * 17,
    ],
)
def test_a_principal_that_does_not_exist_is_named(principal):
    with refused(MalformedPolicyDocument, f'Invalid principal in policy: "AWS":"{principal}"'):
        CreateRole(role_name="App", assume_role_policy_document=trust(principal)).decide(after(ANA), now())


def test_principals_of_other_accounts_are_resolved_there():
    other = after(UserCreated("eva", "AIDAEVA"), boundary=f"account.{OTHER}")
    house = House(after(), other)
    eva = arn("user", "eva", account=OTHER)
    role = house.do(CreateRole(role_name="App", assume_role_policy_document=trust(eva)))["Role"]
    assert role["AssumeRolePolicyDocument"] == trust(eva)
    assert "AIDAEVA" in house.account.role("App").trust
    ghost = arn("user", "ghost", account=OTHER)
    with refused(MalformedPolicyDocument, f'Invalid principal in policy: "AWS":"{ghost}"'):
        house.do(CreateRole(role_name="Two", assume_role_policy_document=trust(ghost)))


def test_a_role_may_be_updated_in_both_ways_at_once():
    decided = UpdateRole(role_name="app", description="d", max_session_duration=7_200).decide(after(APP), now())
    assert decided == (RoleSessionDurationChanged("App", 7_200), RoleDescriptionChanged("App", "d"))
    assert UpdateRole(role_name="app").decide(after(APP), now()) == ()


def test_an_update_of_the_description_answers_the_role():
    house = House(after(APP))
    command = UpdateRoleDescription(role_name="app", description="new")
    entries, first = house.run(command)
    assert first["Role"]["Description"] == "new"
    assert first["Role"]["RoleId"] == "AROAAPP"
    assert command.decide(house.account, now()) is None
    house.do(UpdateRoleDescription(role_name="app", description="newer"))
    assert house.again(command, entries) == first


def test_an_updated_role_shows_whom_it_trusts_by_the_names_of_now():
    eva = arn("user", "eva", account=OTHER)
    house = House(after(ANA), after(UserCreated("eva", "AIDAEVA"), boundary=f"account.{OTHER}"))
    house.do(CreateRole(role_name="App", assume_role_policy_document=trust(arn("user", "ana"), eva)))
    house.do(UpdateUser(user_name="ana", new_user_name="anna"))
    role = house.do(UpdateRoleDescription(role_name="App", description="d"))["Role"]
    assert role["AssumeRolePolicyDocument"] == trust(arn("user", "anna"), eva)
    house.do(DeleteUser(user_name="anna"))
    role = house.do(UpdateRoleDescription(role_name="App", description="e"))["Role"]
    assert role["AssumeRolePolicyDocument"] == trust("AIDAANA", eva)


def test_a_trust_policy_is_replaced_once():
    house = House(after(APP, ANA))
    command = UpdateAssumeRolePolicy(role_name="app", policy_document=trust(arn("user", "ana")))
    house.do(command)
    assert house.account.role("App").principals == {"AIDAANA": arn("user", "ana")}
    assert command.decide(house.account, now()) is None


def test_an_identity_policy_is_no_trust_policy():
    with pytest.raises(MalformedPolicyDocument):
        UpdateAssumeRolePolicy(role_name="app", policy_document=ALLOW).decide(after(APP), now())


@pytest.mark.parametrize(
    ("hanging", "message"),
    [
        (
            (PolicyCreated("p", "ANPA1", ALLOW), RolePolicyAttached("App", policy_arn("p"))),
            "must detach all policies first.",
        ),
        ((RoleInlinePolicyPut("App", "p", ALLOW),), "must delete policies first."),
    ],
)
def test_a_role_is_not_deleted_while_something_hangs_on_it(hanging, message):
    with refused(DeleteConflict, f"Cannot delete entity, {message}"):
        DeleteRole(role_name="app").decide(after(APP, *hanging), now())


def test_deleting_a_role_gives_its_boundary_and_its_id_free():
    role = RoleCreated("App", "AROAAPP", ANYONE, permissions_boundary=policy_arn("p"))
    house = House(after(PolicyCreated("p", "ANPA1", ALLOW), role))
    house.do(DeleteRole(role_name="app"))
    assert (house.account.bounds, house.account.roles, list(house.account.ids)) == ({}, {}, ["ANPA1"])
    with refused(NoSuchEntity, "The role with name app cannot be found."):
        house.do(DeleteRole(role_name="app"))


def test_tag_keys_of_roles_are_the_same_in_any_case():
    house = House(after(RoleCreated("App", "AROAAPP", ANYONE, tags={"Team": "blue"})))
    house.do(TagRole(role_name="app", tags=(Tag("TEAM", "red"),)))
    assert house.account.role("app").tags == {"TEAM": "red"}
    with refused(InvalidInput, "Duplicate tag keys found. Please note that Tag keys are case insensitive."):
        CreateRole(role_name="b", assume_role_policy_document=ANYONE, tags=(Tag("a", ""), Tag("A", ""))).decide(
            after(), now()
        )
    assert UntagRole(role_name="app", tag_keys=("team",)).decide(house.account, now()) == RoleUntagged("App", ("TEAM",))


def test_the_gate_is_told_the_roles_tags():
    account = after(RoleCreated("App", "AROAAPP", ANYONE, tags={"Team": "blue"}))
    (resource,) = UpdateAssumeRolePolicy(role_name="app", policy_document=ANYONE).resources(account, ROOT)
    assert resource.arn == arn("role", "App")
    assert resource.context == {"aws:ResourceTag/Team": ("blue",), "iam:ResourceTag/Team": ("blue",)}


def test_a_repeat_shows_the_trust_policy_as_it_was_written():
    house = House(after(ANA))
    command = CreateRole(role_name="App", assume_role_policy_document=trust(arn("user", "ana")))
    entries, first = house.run(command)
    house.do(UpdateUser(user_name="ana", new_user_name="eva"))
    assert house.again(command, entries) == first
