"""What an organization means for decisions: its levels over an account, its paths, and what a change of it costs (POLICY_EVALUATION
2.2, steps 2 and 3)."""

import json
from typing import Any

import msgspec
import pytest

from muniment.domain.account.inline import RoleInlinePolicyPut, UserInlinePolicyPut
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.ledger import Fact
from muniment.domain.organization.policies import (
    OrganizationPolicyAttached,
    OrganizationPolicyChanged,
    OrganizationPolicyCreated,
    OrganizationPolicyDetached,
    PolicyTypeDisabled,
    PolicyTypeEnabled,
)
from muniment.domain.organization.policy_types import FULL_ACCESS, RCP, SCP
from muniment.domain.organization.state import AccountJoined, OrganizationCreated
from muniment.domain.organization.units import AccountMoved, OrganizationalUnitCreated
from muniment.domain.policy.decision import Effect, Layer
from muniment.domain.policy.matching import Budget
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.site.state import SITE, AccountRegistered, OrganizationRegistered
from muniment.projections.access.engine import ALLOWED, TOO_MUCH, within
from muniment.projections.access.frame import Frame
from muniment.projections.access.organizations import NONE
from tests.projections.access.test_model import ANA, BOB_ARN, allow
from tests.projections.histories import TRUST
from tests.projections.logs import ACCOUNT
from tests.projections.worlds import World

MEMBER, MANAGEMENT = ACCOUNT.partition(".")[2], "999988887777"
BOUNDARY, ROOT, UNIT, POLICY = "organization.o-1", "r-1", "ou-1-aaaaaaaa", "p-aaaaaaaaaa"
SECRET = f"arn:aws:secretsmanager:eu:{MEMBER}:secret:s-AbCdEf"


def deny(action: str, **more: Any) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": action, "Resource": "*"} | more}
    )


def root_of(number: str) -> Principal:
    return Principal(kind=PrincipalKind.ROOT, arn=f"arn:aws:iam::{number}:root", account=number)


@pytest.fixture
def world() -> World:
    """A member account in which Ana may everything, under a unit; both types are enabled."""
    found = World(UserCreated("ana", ANA.unique_id), UserInlinePolicyPut("ana", "p", allow("*")))
    found.happened(
        AccountRegistered(MANAGEMENT, "m", "m@example.org"),
        OrganizationRegistered("o-1", MANAGEMENT),
        AccountRegistered(MEMBER, "a", "a@example.org", "o-1"),
        boundary=SITE,
    )
    organize(
        found,
        OrganizationCreated(MANAGEMENT, "m", "m@example.org", ROOT),
        AccountJoined(MEMBER, "a", "a@example.org", "car-1"),
        OrganizationalUnitCreated(UNIT, "u", ROOT),
        AccountMoved(MEMBER, ROOT, UNIT),
        PolicyTypeEnabled(SCP),
        PolicyTypeEnabled(RCP),
    )
    return found


def organize(world: World, *facts: Fact) -> None:
    world.happened(*facts, boundary=BOUNDARY)


def written(world: World, document: str, node: str, kind: str = SCP) -> None:
    organize(
        world, OrganizationPolicyCreated(POLICY, kind, "guard", "", document), OrganizationPolicyAttached(POLICY, node)
    )


def decided(
    world: World, action: str = "iam:GetUser", who: Principal = ANA, resource: str = BOB_ARN
) -> tuple[Effect, Layer]:
    """What both engines say."""
    request = AccessRequest(action=action, resource=resource, principal=who)
    found, wanted = world.access.decide(request), world.access.evaluate(request)
    assert (found.effect, found.layer, found.reason) == (wanted.effect, wanted.layer, wanted.reason)
    return found.effect, found.layer


@pytest.mark.parametrize("node", [ROOT, UNIT, MEMBER])
def test_a_deny_at_any_level_denies(world: World, node: str) -> None:
    assert decided(world) == (Effect.ALLOWED, Layer.IDENTITY)
    written(world, deny("iam:*"), node)
    assert decided(world) == (Effect.EXPLICIT_DENY, Layer.SCP)
    assert decided(world, "s3:GetObject", resource="*") == (Effect.ALLOWED, Layer.IDENTITY)
    assert decided(world, who=root_of(MEMBER)) == (Effect.EXPLICIT_DENY, Layer.SCP)


@pytest.mark.parametrize("node", [ROOT, UNIT, MEMBER])
def test_each_level_must_allow(world: World, node: str) -> None:
    written(world, allow("s3:*"), node)
    assert decided(world) == (Effect.ALLOWED, Layer.IDENTITY)
    organize(world, OrganizationPolicyDetached(FULL_ACCESS, node))
    assert decided(world) == (Effect.IMPLICIT_DENY, Layer.SCP)
    assert decided(world, who=root_of(MEMBER)) == (Effect.IMPLICIT_DENY, Layer.SCP)
    assert decided(world, "s3:GetObject", resource="*") == (Effect.ALLOWED, Layer.IDENTITY)


def test_an_scp_gives_nothing(world: World) -> None:
    written(world, allow("*"), MEMBER)
    nobody = msgspec.structs.replace(ANA, unique_id="AIDAGONE")
    assert decided(world, who=nobody) == (Effect.IMPLICIT_DENY, Layer.IDENTITY)


def test_the_management_account_and_service_linked_roles_are_not_bound(world: World) -> None:
    written(world, deny("*"), ROOT)
    assert decided(world, who=root_of(MANAGEMENT), resource="*") == (Effect.ALLOWED, Layer.ROOT)
    world.happened(RoleCreated("r", "AROAR", TRUST), RoleInlinePolicyPut("r", "p", allow("*")))
    session = Principal(
        kind=PrincipalKind.ROLE_SESSION,
        arn=f"arn:aws:sts::{MEMBER}:assumed-role/r/s",
        account=MEMBER,
        issuer_id="AROAR",
    )
    assert decided(world, who=session) == (Effect.EXPLICIT_DENY, Layer.SCP)
    linked = msgspec.structs.replace(session, service_linked=True)
    assert decided(world, who=linked) == (Effect.ALLOWED, Layer.IDENTITY)


def test_who_is_in_no_account_is_bound_by_no_scp(world: World) -> None:
    written(world, deny("*"), ROOT)
    service = Principal(kind=PrincipalKind.SERVICE, service="s.amazonaws.com")
    for who in (service, Principal(kind=PrincipalKind.ANONYMOUS)):
        assert decided(world, who=who) == (Effect.IMPLICIT_DENY, Layer.RESOURCE)


def test_everybody_may_ask_who_they_are_whatever_the_organization_says(world: World) -> None:
    written(world, deny("*"), ROOT)
    assert decided(world, "sts:GetCallerIdentity", resource="*") == (Effect.ALLOWED, Layer.CALLER_IDENTITY)


def test_an_rcp_binds_whoever_comes_and_only_in_services_that_have_them(world: World) -> None:
    written(world, deny("secretsmanager:*", Principal="*"), MEMBER, RCP)
    read = "secretsmanager:GetSecretValue"
    assert decided(world, read, resource=SECRET) == (Effect.EXPLICIT_DENY, Layer.RCP)
    assert decided(world, read, root_of(MANAGEMENT), SECRET) == (Effect.EXPLICIT_DENY, Layer.RCP)
    organize(world, OrganizationPolicyChanged(POLICY, policy_document=deny("iam:*", Principal="*")))
    assert decided(world) == (Effect.ALLOWED, Layer.IDENTITY)


def test_resources_of_the_management_account_are_exempt(world: World) -> None:
    written(world, deny("secretsmanager:*", Principal="*"), ROOT, RCP)
    ours = SECRET.replace(MEMBER, MANAGEMENT)
    assert decided(world, "secretsmanager:GetSecretValue", root_of(MANAGEMENT), ours) == (Effect.ALLOWED, Layer.ROOT)


def test_what_is_disabled_or_moved_away_counts_no_more(world: World) -> None:
    written(world, deny("*"), UNIT)
    assert decided(world)[1] is Layer.SCP
    organize(world, AccountMoved(MEMBER, UNIT, ROOT))
    assert decided(world) == (Effect.ALLOWED, Layer.IDENTITY)
    organize(world, AccountMoved(MEMBER, ROOT, UNIT))
    assert decided(world)[1] is Layer.SCP
    organize(world, PolicyTypeDisabled(SCP))
    assert decided(world) == (Effect.ALLOWED, Layer.IDENTITY)


def test_a_changed_policy_makes_no_plan_anew(world: World) -> None:
    written(world, deny("iam:GetUser"), ROOT)
    access = world.access
    for _ in range(5):
        assert decided(world)[1] is Layer.SCP
    bundle = access._standings.known[ANA.unique_id].bundle
    plan = bundle.plans["iam:GetUser"]
    organize(world, OrganizationPolicyChanged(POLICY, policy_document=deny("iam:CreateUser")))
    assert decided(world) == (Effect.ALLOWED, Layer.IDENTITY)
    assert access._standings.known[ANA.unique_id].bundle is bundle
    assert bundle.plans["iam:GetUser"] is plan


def test_where_nothing_is_forbidden_nothing_is_looked_at(world: World) -> None:
    library, found = world.access._standings.library, world.access.organizations
    assert (found.binding, found.restricting) == (False, False)
    assert found.limits(MEMBER, library) is found.restrictions(MEMBER, library) is None
    assert len(found.scps(MEMBER, world.access._documents) or ()) == 3
    written(world, deny("*"), UNIT)
    after = world.access.organizations
    assert (after.binding, after.restricting) == (True, False)
    assert after.limits(MEMBER, library) is not None
    assert after.limits(MANAGEMENT, library) is None


def test_accounts_under_the_same_levels_share_their_limits(world: World) -> None:
    written(world, deny("*"), ROOT)
    other = "222233334444"
    world.happened(AccountRegistered(other, "b", "b@example.org", "o-1"), boundary=SITE)
    organize(world, AccountJoined(other, "b", "b@example.org", "car-2"), AccountMoved(other, ROOT, UNIT))
    library, found = world.access._standings.library, world.access.organizations
    limits = found.limits(MEMBER, library)
    assert limits is found.limits(other, library) is not None
    organize(world, OrganizationalUnitCreated("ou-1-bbbbbbbb", "v", ROOT))
    assert world.access.organizations is not found
    assert world.access.organizations.limits(MEMBER, library) is limits


def test_a_decision_explains_itself_from_the_organization_it_was_made_from(world: World) -> None:
    written(world, deny("*"), UNIT)
    decision = world.access.decide(AccessRequest(action="iam:GetUser", resource=BOB_ARN, principal=ANA))
    organize(world, PolicyTypeDisabled(SCP))
    assert decision.decision.layer is Layer.SCP
    assert [one.policy_id for one in decision.decision.matched] == ["guard"]


@pytest.mark.parametrize("key", ["aws:PrincipalOrgPaths", "AWS:resourceorgpaths"])
def test_paths_are_the_logs_to_say(world: World, key: str) -> None:  # POLICY_EVALUATION 2.1
    inside = {"ForAnyValue:StringLike": {key: f"o-1/{ROOT}/{UNIT}/*"}}
    world.happened(UserInlinePolicyPut("ana", "p", allow("iam:GetUser", **inside)))
    assert decided(world) == (Effect.ALLOWED, Layer.IDENTITY)
    organize(world, AccountMoved(MEMBER, UNIT, ROOT))
    lie = AccessRequest(
        action="iam:GetUser",
        resource=BOB_ARN,
        principal=ANA,
        context={"aws:PrincipalOrgPaths": (f"o-1/{ROOT}/{UNIT}/x",), "aws:ResourceOrgPaths": (f"o-1/{ROOT}/{UNIT}/",)},
    )
    assert not world.access.decide(lie)
    assert not world.access.evaluate(lie)


def test_an_account_in_no_organization_has_no_path_and_no_levels() -> None:
    assert (NONE.id_of(MEMBER), NONE.path_of(MEMBER), NONE.of(MEMBER)) == ("", "", None)
    assert NONE.scps(MEMBER, World().access._documents) is None


def test_limits_that_need_more_comparisons_than_there_are_deny_with_an_alarm(world: World) -> None:  # SECURITY 1
    patterns = ["arn:aws:iam::*b*o*${aws:userid}?", "arn:aws:iam::*:*${aws:userid}*r"]
    written(world, deny("iam:GetUser", Resource=patterns), ROOT)
    limits = world.access.organizations.limits(MEMBER, world.access._standings.library)
    assert limits is not None
    request = AccessRequest(action="iam:GetUser", resource=BOB_ARN, principal=ANA)
    assert within(limits, Frame(request, BOB_ARN), ALLOWED) == ALLOWED
    assert within(limits, Frame(request, BOB_ARN, purse=Budget(1)), ALLOWED) == TOO_MUCH
