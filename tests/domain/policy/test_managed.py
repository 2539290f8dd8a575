"""The managed policies that come with Muniment. FEATURES 1b."""

import json

import pytest

from muniment.domain.policy.decision import SourceType
from muniment.domain.policy.document import policy_size
from muniment.domain.policy.layers import Source
from muniment.domain.policy.managed import MANAGED, SERVICES
from muniment.domain.quotas import MANAGED_POLICY_CHARACTERS_MAX

from .people import ANA, A, ask

SECRET = f"arn:aws:secretsmanager:eu:{A}:secret:db-AbCdEf"


def may(name: str, action: str) -> bool:
    """Whether a user with this policy alone may."""
    policy = MANAGED[f"arn:aws:iam::aws:policy/{name}"]
    return bool(ask(ANA, action, SECRET, identity=(Source(policy.parsed(), policy.arn, SourceType.AWS_MANAGED),)))


def test_the_names_are_those_aws_users_know() -> None:
    assert sorted(policy.name for policy in MANAGED.values()) == [
        "AdministratorAccess",
        "IAMFullAccess",
        "IAMReadOnlyAccess",
        "PowerUserAccess",
        "ReadOnlyAccess",
        "SecurityAudit",
    ]


def test_arns_ids_and_versions_are_those_of_managed_policies() -> None:
    for arn, policy in MANAGED.items():
        assert arn == policy.arn == f"arn:aws:iam::aws:policy{policy.path}{policy.name}"
        assert policy.id.startswith("ANPA")
        assert len(policy.id) == 21
        assert policy.version_id == "v1"
        assert policy.description.endswith(".")
    assert len({policy.id for policy in MANAGED.values()}) == len(MANAGED)


def test_ids_never_change() -> None:
    # they are stored in attachments and shown to clients
    assert MANAGED["arn:aws:iam::aws:policy/AdministratorAccess"].id == "ANPAOTMBMPQJPFYXVCHDY"


def test_documents_keep_the_quota_and_the_grammar() -> None:
    for policy in MANAGED.values():
        assert policy_size(policy.document) <= MANAGED_POLICY_CHARACTERS_MAX
        assert json.loads(policy.document)["Version"] == "2012-10-17"
        assert policy.parsed().statements


@pytest.mark.parametrize("service", SERVICES)
def test_administrators_may_everything(service: str) -> None:
    assert may("AdministratorAccess", f"{service}:AnythingAtAll")


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        (
            "PowerUserAccess",
            ["secretsmanager:CreateSecret", "cloudtrail:LookupEvents", "organizations:DescribeOrganization"],
            ["iam:CreateUser", "organizations:CreateAccount", "sso:CreatePermissionSet", "identitystore:CreateUser"],
        ),
        (
            "ReadOnlyAccess",
            [
                "iam:GetUser",
                "iam:ListUsers",
                "secretsmanager:ListSecrets",
                "sso:DescribePermissionSet",
                "cloudtrail:LookupEvents",
            ],
            [
                "iam:CreateUser",
                "secretsmanager:GetSecretValue",
                "secretsmanager:BatchGetSecretValue",
                "sts:AssumeRole",
                "sts:GetSessionToken",
                "sts:GetFederationToken",
            ],
        ),
        (
            "IAMFullAccess",
            ["iam:CreateUser", "iam:PassRole", "organizations:ListRoots"],
            ["secretsmanager:GetSecretValue", "organizations:CreateAccount"],
        ),
        (
            "IAMReadOnlyAccess",
            ["iam:GetUser", "iam:SimulatePrincipalPolicy"],
            ["iam:CreateUser", "secretsmanager:ListSecrets"],
        ),
        (
            "SecurityAudit",
            ["iam:GetAccountAuthorizationDetails", "secretsmanager:GetResourcePolicy", "organizations:ListPolicies"],
            ["iam:CreateUser", "secretsmanager:GetSecretValue", "secretsmanager:GetRandomPassword"],
        ),
    ],
)
def test_each_allows_what_its_name_says_and_no_more(name: str, allowed: list[str], refused: list[str]) -> None:
    assert [action for action in allowed if not may(name, action)] == []
    assert [action for action in refused if may(name, action)] == []
