"""The managed policies that come with Muniment, under the names and ARNs by which AWS users know them; the wording is ours and
covers the services that Muniment has. They are read-only. FEATURES 1b.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import msgspec

from muniment.domain import ids
from muniment.domain.policy.document import Kind, PolicyDocument, parse_for_writing

CREATED: Final = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z, microseconds since the Unix epoch
SERVICES: Final = (
    "iam",
    "sts",
    "secretsmanager",
    "organizations",
    "sso",
    "sso-directory",
    "identitystore",
    "cloudtrail",
    "access-analyzer",
    "muniment",
)


class ManagedPolicy(msgspec.Struct, frozen=True):
    """A policy that every account may attach and none may change."""

    name: str
    arn: str
    id: str  # ANPA…, the same in every installation
    path: str
    description: str
    document: str
    version_id: str = "v1"
    created: int = CREATED

    def parsed(self) -> PolicyDocument:
        """The document, read."""
        return parse_for_writing(self.document, Kind.IDENTITY)


def _reads(services: Sequence[str]) -> list[str]:
    """The reading actions of services, by AWS's habit of naming them."""
    return [f"{service}:{verb}*" for service in services for verb in ("Get", "List", "Describe")]


_READ_EVERYTHING_BUT_SECRETS: Final[list[dict[str, Any]]] = [
    {
        "Sid": "ReadOnly",
        "Effect": "Allow",
        "Action": [
            *_reads([service for service in SERVICES if service not in ("secretsmanager", "sts")]),
            "access-analyzer:ValidatePolicy",
            "access-analyzer:Check*",
            "cloudtrail:LookupEvents",
            "iam:GenerateCredentialReport",
            "iam:GenerateServiceLastAccessedDetails",
            "iam:Simulate*",
            "identitystore:IsMemberInGroups",
            "muniment:AccessHistory",
            "muniment:ExplainDecision",
            "muniment:FindEscalationPaths",
            "muniment:ReadPast",
            "muniment:WhatCan",
            "muniment:WhatIf",
            "muniment:WhoCan",
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetRandomPassword",
            "secretsmanager:GetResourcePolicy",
            "secretsmanager:List*",
            "sso:Search*",
            "sso-directory:Search*",
            "sts:GetAccessKeyInfo",
            "sts:GetCallerIdentity",
        ],
        "Resource": "*",
    }
]

_STATEMENTS: Final[dict[str, tuple[str, str, list[dict[str, Any]]]]] = {
    "AdministratorAccess": (
        "/",
        "Allows every action on every resource.",
        [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    ),
    "PowerUserAccess": (
        "/",
        "Allows everything except managing identities, the organization and the people in the directory.",
        [
            {
                "Sid": "AllButIdentities",
                "Effect": "Allow",
                "NotAction": ["iam:*", "organizations:*", "sso:*", "sso-directory:*", "identitystore:*", "muniment:*"],
                "Resource": "*",
            },
            {
                "Sid": "WhatServicesNeed",
                "Effect": "Allow",
                "Action": [
                    "iam:CreateServiceLinkedRole",
                    "iam:DeleteServiceLinkedRole",
                    "iam:ListRoles",
                    "organizations:DescribeOrganization",
                ],
                "Resource": "*",
            },
        ],
    ),
    "ReadOnlyAccess": (
        "/",
        "Allows reading everything except the values of secrets.",
        _READ_EVERYTHING_BUT_SECRETS,
    ),
    "IAMFullAccess": (
        "/",
        "Allows managing users, groups, roles, policies, keys and identity providers.",
        [
            {
                "Sid": "Identities",
                "Effect": "Allow",
                "Action": [
                    "iam:*",
                    "access-analyzer:ValidatePolicy",
                    "access-analyzer:Check*",
                    "organizations:DescribeAccount",
                    "organizations:DescribeOrganization",
                    "organizations:DescribeOrganizationalUnit",
                    "organizations:DescribePolicy",
                    "organizations:ListChildren",
                    "organizations:ListParents",
                    "organizations:ListPolicies",
                    "organizations:ListPoliciesForTarget",
                    "organizations:ListRoots",
                    "organizations:ListTargetsForPolicy",
                ],
                "Resource": "*",
            }
        ],
    ),
    "IAMReadOnlyAccess": (
        "/",
        "Allows reading users, groups, roles, policies and identity providers, and simulating policies.",
        [
            {
                "Sid": "ReadIdentities",
                "Effect": "Allow",
                "Action": [
                    "iam:GenerateCredentialReport",
                    "iam:GenerateServiceLastAccessedDetails",
                    "iam:Get*",
                    "iam:List*",
                    "iam:Simulate*",
                ],
                "Resource": "*",
            }
        ],
    ),
    "SecurityAudit": (
        "/",
        "Allows reading how security is configured, and the records of who did what.",
        [
            {
                "Sid": "ReadConfiguration",
                "Effect": "Allow",
                "Action": [
                    *_reads(
                        [
                            "access-analyzer",
                            "cloudtrail",
                            "iam",
                            "identitystore",
                            "organizations",
                            "sso",
                            "sso-directory",
                        ]
                    ),
                    "access-analyzer:ValidatePolicy",
                    "cloudtrail:LookupEvents",
                    "iam:GenerateCredentialReport",
                    "iam:GenerateServiceLastAccessedDetails",
                    "iam:Simulate*",
                    "muniment:AccessHistory",
                    "muniment:ExplainDecision",
                    "muniment:FindEscalationPaths",
                    "muniment:ReadPast",
                    "muniment:Get*",
                    "muniment:List*",
                    "muniment:WhatCan",
                    "muniment:WhoCan",
                    "secretsmanager:DescribeSecret",
                    "secretsmanager:GetResourcePolicy",
                    "secretsmanager:ListSecretVersionIds",
                    "secretsmanager:ListSecrets",
                    "sts:GetCallerIdentity",
                ],
                "Resource": "*",
            }
        ],
    ),
}


def _policy(name: str, path: str, description: str, statements: list[dict[str, Any]]) -> ManagedPolicy:
    """The policy under its ARN; its id follows from the ARN."""
    arn = f"arn:aws:iam::aws:policy{path}{name}"
    unique_id = ids.unique_id(ids.POLICY, hashlib.sha256(arn.encode()).digest())
    document = json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=4)
    return ManagedPolicy(name, arn, unique_id, path, description, document)


MANAGED: Final[Mapping[str, ManagedPolicy]] = MappingProxyType(
    {policy.arn: policy for policy in (_policy(name, *rest) for name, rest in sorted(_STATEMENTS.items()))}
)
