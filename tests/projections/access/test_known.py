"""The keys that the log knows better than any request, as both evaluators are given them. POLICY_EVALUATION 2.1."""

import pytest

from muniment.domain.account.inline import RoleInlinePolicyPut, UserInlinePolicyPut
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.site.state import AccountRegistered, OrganizationRegistered
from tests.projections.access.test_model import ANA, BOB_ARN, allow
from tests.projections.histories import TRUST
from tests.projections.worlds import World

A = "111122223333"
SESSION = Principal(
    kind=PrincipalKind.ROLE_SESSION,
    arn=f"arn:aws:sts::{A}:assumed-role/r/s",
    account=A,
    issuer_id="AROAR",
)
FRED = Principal(
    kind=PrincipalKind.FEDERATED_USER, arn=f"arn:aws:sts::{A}:federated-user/f", account=A, issuer_id=ANA.unique_id
)
LIES = {
    "AWS:PrincipalArn": ("lie",),
    "aws:username": ("lie",),
    "aws:UserId": ("lie",),
    "aws:principaltag/team": ("lie",),
    "aws:PrincipalOrgID": ("lie",),
    "aws:ResourceAccount": ("lie",),
    "aws:PrincipalType": ("lie",),
    "aws:PrincipalIsAWSService": ("lie",),
}


@pytest.mark.parametrize(
    ("who", "key", "value"),
    [
        (ANA, "aws:PrincipalArn", ANA.arn),
        (ANA, "aws:username", "ana"),
        (ANA, "aws:userid", ANA.unique_id),
        (ANA, "aws:PrincipalTag/TEAM", "red"),
        (ANA, "aws:PrincipalType", "User"),
        (ANA, "aws:PrincipalAccount", A),
        (ANA, "aws:PrincipalOrgID", "o-1"),
        (ANA, "aws:ResourceOrgID", "o-1"),
        (ANA, "aws:ResourceAccount", A),
        (ANA, "aws:PrincipalIsAWSService", "false"),
        (SESSION, "aws:PrincipalArn", f"arn:aws:iam::{A}:role/x/r"),
        (SESSION, "aws:userid", "AROAR:s"),
        (SESSION, "aws:PrincipalTag/team", "blue"),
        (SESSION, "aws:username", None),
        (SESSION, "aws:PrincipalType", "AssumedRole"),
    ],
)
def test_what_the_log_knows_counts_and_not_what_the_request_says(who: Principal, key: str, value: str | None) -> None:
    condition = {"Null": {key: "true"}} if value is None else {"StringEquals": {key: value}}
    document = allow("iam:GetUser", **condition)
    world = World(
        UserCreated("ana", ANA.unique_id, tags={"Team": "red"}),
        UserInlinePolicyPut("ana", "p", document),
        RoleCreated("r", "AROAR", TRUST, path="/x/", tags={"team": "blue"}),
        RoleInlinePolicyPut("r", "p", document),
    )
    site = "site.muniment"
    world.happened(AccountRegistered(A, "a", "a@example.org"), OrganizationRegistered("o-1", A), boundary=site)
    request = AccessRequest(action="iam:GetUser", resource=BOB_ARN, principal=who, context=LIES)
    assert world.access.evaluate(request)
    assert world.access.decide(request)


def test_a_federated_session_holds_what_its_user_holds_within_its_session_policy() -> None:
    world = World(UserCreated("ana", ANA.unique_id), UserInlinePolicyPut("ana", "p", allow("iam:GetUser")))
    request = AccessRequest(action="iam:GetUser", resource=BOB_ARN, principal=FRED)
    assert not world.access.decide(request)
    session = world.access.policies(ANA).identity
    assert world.access.decide(request, session)
    assert not world.access.decide(request, ())
