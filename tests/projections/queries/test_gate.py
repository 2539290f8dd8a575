"""What queries ask the gate, put to the evaluator: which grants open which reading action (Service Authorization Reference)."""

from typing import Any

import msgspec
import pytest

from muniment.domain.account.policies import PolicyCreated
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.policy.document import parse_for_writing
from muniment.domain.policy.evaluate import PolicySet, evaluate
from muniment.domain.policy.layers import Source
from muniment.domain.policy.request import AccessRequest
from muniment.domain.policy.statements import Kind
from muniment.projections.access.principals import principal_of
from muniment.projections.query import QUERIES

ACCOUNT = "111122223333"
IAM = f"arn:aws:iam::{ACCOUNT}"
SAMPLE: dict[str, Any] = {
    "AccessKeyId": "AKIAAAAAAAAAAAAAAAAA",
    "AccountId": ACCOUNT,
    "ActionNames": ["iam:GetUser"],
    "ChildId": ACCOUNT,
    "ChildType": "ACCOUNT",
    "CreateAccountRequestId": "car-aaaaaaaa",
    "EncodedMessage": "x",
    "Filter": "SERVICE_CONTROL_POLICY",
    "GroupName": "dev",
    "OpenIDConnectProviderArn": f"{IAM}:oidc-provider/id.example.com",
    "OrganizationalUnitId": "ou-abcd-abcdefgh",
    "ParentId": "r-abcd",
    "PolicyArn": f"{IAM}:policy/Read",
    "PolicyId": "p-abcdefghij",
    "PolicyInputList": ["{}"],
    "PolicyName": "Do",
    "PolicySourceArn": f"{IAM}:user/x/ana",
    "ResourceId": ACCOUNT,
    "RoleName": "run",
    "SAMLProviderArn": f"{IAM}:saml-provider/corporate",
    "SerialNumber": f"{IAM}:mfa/phone",
    "TargetId": ACCOUNT,
    "UserName": "ana",
    "VersionId": "v1",
}


@pytest.fixture
def ana(house: Any) -> Any:
    """A house with one of each, in which ana asks."""
    facts = (UserCreated("ana", "AIDAANA", "/x/", tags={"team": "red"}), RoleCreated("run", "AROARUN", "{}"))
    return house.after(*facts, PolicyCreated("Read", "ANPAREAD", "{}")).user_calls("ana")


def allowed(house: Any, action: str, statement: dict[str, Any], service: str = "iam", **params: Any) -> bool:
    document = msgspec.json.encode({"Version": "2012-10-17", "Statement": [statement]}).decode()
    policies = PolicySet(identity=(Source(parse_for_writing(document, Kind.IDENTITY)),))
    asked = [
        AccessRequest(
            action=f"{service}:{action}",
            resource=resource.arn,
            principal=principal_of(house.actor),
            context=resource.context,
        )
        for resource in house.resources(action, service, **params)
    ]
    assert asked
    return all(bool(evaluate(request, policies)) for request in asked)


def grant(resource: str, action: str = "iam:*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("service", "action"), sorted(key for key in QUERIES if key[0] in ("iam", "sts", "organizations"))
)
def test_every_reading_action_asks_and_a_full_grant_opens_it_and_no_grant_does_not(
    ana: Any, service: str, action: str
) -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(QUERIES[service, action]) if field.required}
    params = {name: SAMPLE[name] for name in fields}
    assert allowed(ana, action, grant("*", f"{service}:{action}"), service, **params)
    assert allowed(ana, action, grant("*", "s3:*"), service, **params) == (action == "GetCallerIdentity")


def test_nobody_can_be_denied_to_ask_who_they_are(ana: Any) -> None:  # POLICY_EVALUATION 2.2 step 0
    assert allowed(ana, "GetCallerIdentity", {"Effect": "Deny", "Action": "*", "Resource": "*"}, "sts")


def test_a_grant_on_users_opens_their_list_and_gets_and_not_those_of_roles(ana: Any) -> None:
    users = grant(f"{IAM}:user/*")
    assert allowed(ana, "ListUsers", users)
    assert allowed(ana, "ListUsers", users, PathPrefix="/x/")
    assert allowed(ana, "GetUser", users, UserName="ana")
    assert allowed(ana, "GetUser", users)
    assert allowed(ana, "ListAccessKeys", users, UserName="nobody")
    assert not allowed(ana, "ListRoles", users)
    assert not allowed(ana, "GetRole", users, RoleName="run")
    assert not allowed(ana, "GetAccountSummary", users)


def test_listing_policies_needs_a_grant_on_everything(ana: Any) -> None:
    assert allowed(ana, "ListPolicies", grant("*"))
    assert not allowed(ana, "ListPolicies", grant(f"{IAM}:policy/*"))
    assert allowed(ana, "GetPolicy", grant(f"{IAM}:policy/*"), PolicyArn=f"{IAM}:policy/Read")
    assert not allowed(ana, "GetPolicy", grant(f"{IAM}:policy/*"), PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")


def test_a_path_prefix_bounds_what_may_be_listed(ana: Any) -> None:
    below = grant(f"{IAM}:user/x/*")
    assert allowed(ana, "ListUsers", below, PathPrefix="/x/")
    assert not allowed(ana, "ListUsers", below)


def test_tags_of_the_resource_count(ana: Any) -> None:
    for key in ("aws:ResourceTag/team", "iam:ResourceTag/team"):
        red = grant("*", "iam:GetUser", Condition={"StringEquals": {key: "red"}})
        assert allowed(ana, "GetUser", red, UserName="ana")
        blue = grant("*", "iam:GetUser", Condition={"StringEquals": {key: "blue"}})
        assert not allowed(ana, "GetUser", blue, UserName="ana")
