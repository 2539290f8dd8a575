"""Trusting a shared issuer without saying whom is refused (FEATURES 1h; SECURITY rule 5)."""

import json

import pytest

from muniment.commands.iam.roles import CreateRole, UpdateAssumeRolePolicy
from muniment.domain.errors import MalformedPolicyDocument
from tests.commands.given import ACCOUNT, House

GITHUB = "token.actions.githubusercontent.com"
SUB, AUD = f"{GITHUB}:sub", f"{GITHUB}:aud"


def trust(conditions=None, issuer=GITHUB, action="sts:AssumeRoleWithWebIdentity", effect="Allow"):
    principal = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"}
    statement = {"Effect": effect, "Principal": principal, "Action": action}
    if conditions:
        statement["Condition"] = conditions
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    "conditions",
    [
        {"StringEquals": {SUB: "repo:acme/app:ref:refs/heads/main"}},
        {"StringLike": {SUB: "repo:acme/*"}},
        {"StringEqualsIgnoreCase": {SUB.upper(): ["repo:acme/app", "repo:acme/web"]}},
        {"ForAnyValue:StringLike": {SUB: "repo:acme/*"}, "StringEquals": {AUD: "sts.amazonaws.com"}},
    ],
)
def test_saying_whom_is_enough(conditions):
    assert House().do(CreateRole(role_name="ci", assume_role_policy_document=trust(conditions)))


@pytest.mark.parametrize(
    "conditions",
    [
        None,
        {"StringEquals": {AUD: "sts.amazonaws.com"}},
        {"StringLike": {SUB: "*"}},
        {"StringLike": {SUB: ["repo:acme/*", "**"]}},
        {"StringLike": {SUB: "?*"}},
        {"StringNotEquals": {SUB: "repo:acme/app"}},
        {"StringEqualsIfExists": {SUB: "repo:acme/app"}},
        {"ForAllValues:StringEquals": {SUB: "repo:acme/app"}},
        {"Null": {SUB: "false"}},
        {"StringEquals": {"gitlab.com:sub": "project_path:acme/app"}},
    ],
)
def test_what_lets_everybody_in_is_refused(conditions):
    for action in ("sts:AssumeRoleWithWebIdentity", "sts:*", "STS:AssumeRoleWithWebIdentity"):
        with pytest.raises(MalformedPolicyDocument, match="must say whom"):
            House().do(CreateRole(role_name="ci", assume_role_policy_document=trust(conditions, action=action)))


def test_the_same_holds_when_the_trust_policy_is_replaced():
    house = House()
    house.do(CreateRole(role_name="ci", assume_role_policy_document=trust({"StringEquals": {SUB: "repo:acme/app"}})))
    with pytest.raises(MalformedPolicyDocument):
        house.do(UpdateAssumeRolePolicy(role_name="ci", policy_document=trust()))


def test_an_issuer_of_ones_own_and_a_deny_need_no_such_condition():
    for document in (trust(issuer="id.example.com"), trust(effect="Deny")):
        assert House().do(CreateRole(role_name="ci", assume_role_policy_document=document))
