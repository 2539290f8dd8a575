"""Decisions from the log: what a user, root and a role's session may do, and how every change flips them."""

import json
from typing import Any

import pytest

from muniment.domain.account.attachments import (
    GroupPolicyAttached,
    RolePolicyAttached,
    UserPolicyAttached,
    UserPolicyDetached,
)
from muniment.domain.account.groups import GroupCreated, GroupMemberAdded, GroupMemberRemoved
from muniment.domain.account.inline import RoleInlinePolicyPut, UserInlinePolicyDeleted, UserInlinePolicyPut
from muniment.domain.account.permissions_boundaries import UserPermissionsBoundaryRemoved, UserPermissionsBoundarySet
from muniment.domain.account.policies import PolicyCreated, PolicyDefaultVersionSet, PolicyVersionCreated
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserCreated, UserDeleted, UserRenamed, UserTagged
from muniment.domain.policy.decision import Layer
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.site.state import AccountRegistered, OrganizationRegistered
from tests.projections.worlds import World

ANA = Principal(
    kind=PrincipalKind.USER,
    arn="arn:aws:iam::111122223333:user/ana",
    account="111122223333",
    unique_id="AIDAAAAAAAAAAAAAAAANA",
)
BOB_ARN = "arn:aws:iam::111122223333:user/bob"
POLICY_ARN = "arn:aws:iam::111122223333:policy/p"


def allow(*actions: str, resource: str = "*", effect: str = "Allow", **condition: Any) -> str:
    statement: dict[str, Any] = {"Effect": effect, "Action": list(actions), "Resource": resource}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture
def world() -> World:
    return World(UserCreated("ana", "AIDAAAAAAAAAAAAAAAANA"), UserCreated("bob", "AIDAAAAAAAAAAAAAAABOB"))


def may(
    world: World, action: str = "iam:GetUser", resource: str = BOB_ARN, who: Principal = ANA, **context: str
) -> bool:
    keys = {key.replace("_", ":"): (value,) for key, value in context.items()}
    return bool(world.access.decide(AccessRequest(action=action, resource=resource, principal=who, context=keys)))


def test_without_policies_nothing_is_allowed(world: World) -> None:
    assert not may(world)
    decided = world.access.decide(AccessRequest(action="iam:GetUser", resource=BOB_ARN, principal=ANA))
    assert decided.decision.layer is Layer.IDENTITY
    assert decided.position == 2


def test_an_inline_policy_counts_until_it_is_deleted(world: World) -> None:
    world.happened(UserInlinePolicyPut("ana", "p", allow("iam:GetUser")))
    assert may(world)
    world.happened(UserInlinePolicyDeleted("ana", "p"))
    assert not may(world)


def test_an_attached_policy_counts_until_it_is_detached(world: World) -> None:
    world.happened(PolicyCreated("p", "ANPA1", allow("iam:Get*")), UserPolicyAttached("ana", POLICY_ARN))
    assert may(world)
    world.happened(UserPolicyDetached("ana", POLICY_ARN))
    assert not may(world)


def test_the_default_version_of_a_policy_counts(world: World) -> None:
    world.happened(PolicyCreated("p", "ANPA1", allow("iam:Get*")), UserPolicyAttached("ana", POLICY_ARN))
    world.happened(PolicyVersionCreated(POLICY_ARN, "v2", allow("s3:Get*")))
    assert may(world)
    world.happened(PolicyDefaultVersionSet(POLICY_ARN, "v2"))
    assert not may(world)


def test_a_groups_policies_count_for_its_members(world: World) -> None:
    world.happened(GroupCreated("g", "AGPAG"), GroupPolicyAttached("g", "arn:aws:iam::aws:policy/ReadOnlyAccess"))
    assert not may(world)
    world.happened(GroupMemberAdded("g", "ana"))
    assert may(world)
    world.happened(GroupMemberRemoved("g", "ana"))
    assert not may(world)


def test_a_permissions_boundary_limits_and_its_removal_frees(world: World) -> None:
    world.happened(
        UserInlinePolicyPut("ana", "p", allow("*")),
        PolicyCreated("p", "ANPA1", allow("s3:*")),
        UserPermissionsBoundarySet("ana", POLICY_ARN),
    )
    assert not may(world)
    assert may(world, "s3:GetObject", "arn:aws:s3:::b/k")
    world.happened(UserPermissionsBoundaryRemoved("ana"))
    assert may(world)


def test_a_boundary_whose_policy_does_not_exist_allows_nothing(world: World) -> None:
    world.happened(UserInlinePolicyPut("ana", "p", allow("*")), UserPermissionsBoundarySet("ana", POLICY_ARN))
    assert not may(world)


def test_an_explicit_deny_in_a_group_wins(world: World) -> None:
    world.happened(
        UserInlinePolicyPut("ana", "p", allow("*")),
        GroupCreated("g", "AGPAG"),
        GroupMemberAdded("g", "ana"),
        PolicyCreated("p", "ANPA1", allow("iam:GetUser", effect="Deny")),
        GroupPolicyAttached("g", POLICY_ARN),
    )
    assert not may(world)


def test_root_may_do_everything_in_its_account_and_nothing_in_another(world: World) -> None:
    root = Principal(kind=PrincipalKind.ROOT, arn="arn:aws:iam::111122223333:root", account="111122223333")
    assert may(world, who=root)
    assert not may(world, resource="arn:aws:iam::999999999999:user/x", who=root)


def test_everybody_may_ask_who_they_are(world: World) -> None:
    assert may(world, "sts:GetCallerIdentity", "*")


def test_a_recycled_name_inherits_nothing(world: World) -> None:
    world.happened(UserInlinePolicyPut("ana", "p", allow("*")))
    world.happened(UserInlinePolicyDeleted("ana", "p"), UserDeleted("ana"), UserCreated("ana", "AIDANEW"))
    world.happened(UserInlinePolicyPut("ana", "p", allow("*")))
    assert not may(world)  # the old ana


def test_tags_and_organization_come_from_the_log_and_not_from_the_request(world: World) -> None:
    tagged = allow("iam:GetUser", StringEquals={"aws:PrincipalTag/team": "red"})
    world.happened(UserInlinePolicyPut("ana", "p", tagged))
    key = "aws:principaltag/TEAM"
    spoofed = AccessRequest(action="iam:GetUser", resource=BOB_ARN, principal=ANA, context={key: ("red",)})
    assert not world.access.decide(spoofed)
    world.happened(UserTagged("ana", {"team": "red"}))
    assert may(world)
    world.happened(UserInlinePolicyPut("ana", "p", allow("iam:GetUser", StringEquals={"aws:PrincipalOrgID": "o-1"})))
    assert not world.access.decide(
        AccessRequest(action="iam:GetUser", resource=BOB_ARN, principal=ANA, context={"AWS:PrincipalOrgId": ("o-1",)})
    )
    world.happened(
        AccountRegistered("111122223333", "a", "a@example.org"),
        OrganizationRegistered("o-1", "111122223333"),
        boundary="site.muniment",
    )
    assert may(world)


def test_a_renamed_user_is_still_itself(world: World) -> None:
    world.happened(UserInlinePolicyPut("ana", "p", allow("iam:GetUser")), UserRenamed("ana", "anna"))
    assert may(world)


def test_a_session_has_what_its_role_has(world: World) -> None:
    trust = allow("sts:AssumeRole")
    world.happened(RoleCreated("r", "AROAR", trust), RoleInlinePolicyPut("r", "p", allow("iam:GetUser")))
    session = Principal(
        kind=PrincipalKind.ROLE_SESSION,
        arn="arn:aws:sts::111122223333:assumed-role/r/s",
        account="111122223333",
        issuer_id="AROAR",
    )
    assert may(world, who=session)
    assert not may(world, "iam:GetRole", who=session)
    world.happened(RolePolicyAttached("r", "arn:aws:iam::aws:policy/AdministratorAccess"))
    assert may(world, "iam:GetRole", who=session)


def test_assuming_a_role_takes_its_trust(world: World) -> None:
    def trusting(principal: str) -> str:
        statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
        return json.dumps({"Version": "2012-10-17", "Statement": statement})

    world.happened(
        UserInlinePolicyPut("ana", "p", allow("sts:AssumeRole")),
        RoleCreated("open", "AROAO", trusting("AIDAAAAAAAAAAAAAAAANA"), principals={"AIDAAAAAAAAAAAAAAAANA": ANA.arn}),
        RoleCreated("shut", "AROAS", trusting("AIDAAAAAAAAAAAAAAABOB"), principals={"AIDAAAAAAAAAAAAAAABOB": BOB_ARN}),
    )
    assert may(world, "sts:AssumeRole", "arn:aws:iam::111122223333:role/open")
    assert not may(world, "sts:AssumeRole", "arn:aws:iam::111122223333:role/shut")
    assert not may(world, "sts:AssumeRole", "arn:aws:iam::111122223333:role/missing")


def test_principals_are_found_by_arn(world: World) -> None:
    world.happened(RoleCreated("r", "AROAR", allow("sts:AssumeRole"), path="/x/"))
    assert world.access.principal(ANA.arn) == ANA
    root = world.access.principal("arn:aws:iam::111122223333:root")
    assert root is not None
    assert root.kind is PrincipalKind.ROOT
    role = world.access.principal("arn:aws:iam::111122223333:role/x/r")
    assert role is not None
    assert (role.kind, role.issuer_id) == (PrincipalKind.ROLE_SESSION, "AROAR")
    assert world.access.principal("arn:aws:iam::111122223333:user/nobody") is None
    assert world.access.principal("arn:aws:iam::999999999999:user/ana") is None
    assert world.access.principal("ana") is None
