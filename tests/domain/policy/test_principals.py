"""Whom Principal and NotPrincipal mean. POLICY_EVALUATION 2.2 (table of step 5), 2.6."""

from typing import Any

import msgspec
import pytest

from muniment.domain.policy.document import Kind
from muniment.domain.policy.principals import Grant, grant_of
from muniment.domain.policy.request import Principal, PrincipalKind, principal_keys

from .people import (
    ANA,
    ANONYMOUS,
    FEDERATED,
    ROLE_ARN,
    ROOT,
    SAML,
    SERVICE,
    SESSION,
    A,
    B,
    resource_policy,
    statement,
    stored,
)

ALL = [ROOT, ANA, SESSION, FEDERATED, SERVICE, SAML, ANONYMOUS]
CANONICAL = "f" * 64
_RESOURCE = Kind.RESOURCE


@pytest.mark.parametrize(
    ("named", "grants"),
    [
        # the table of step 5, whole: who is named, and what each kind of requester gets of it
        ("*", dict.fromkeys(map(id, ALL), Grant.DIRECT)),
        ({"AWS": "*"}, dict.fromkeys(map(id, ALL), Grant.DIRECT)),
        ({"AWS": ANA.arn}, {id(ANA): Grant.DIRECT, id(FEDERATED): Grant.LIMITED}),
        ({"AWS": ANA.unique_id}, {id(ANA): Grant.DIRECT, id(FEDERATED): Grant.LIMITED}),
        ({"AWS": SESSION.arn}, {id(SESSION): Grant.DIRECT}),
        ({"AWS": FEDERATED.arn}, {id(FEDERATED): Grant.DIRECT}),
        ({"AWS": ROLE_ARN}, {id(SESSION): Grant.LIMITED}),
        ({"AWS": SESSION.issuer_id}, {id(SESSION): Grant.LIMITED}),
        ({"AWS": A}, dict.fromkeys(map(id, [ROOT, ANA, SESSION, FEDERATED]), Grant.DELEGATED)),
        ({"AWS": ROOT.arn}, dict.fromkeys(map(id, [ROOT, ANA, SESSION, FEDERATED]), Grant.DELEGATED)),
        ({"AWS": B}, {}),
        ({"AWS": f"arn:aws-cn:iam::{A}:root"}, {}),  # the partition counts
        ({"AWS": ANA.arn.replace("ana", "Ana")}, {}),  # case counts
        ({"AWS": ANA.arn.replace("team/", "")}, {}),  # so does the path
        ({"Service": SERVICE.service}, {id(SERVICE): Grant.DIRECT}),
        ({"Service": "other.amazonaws.com"}, {}),
        ({"Federated": SAML.provider}, {id(SAML): Grant.DIRECT}),
        ({"Federated": "accounts.google.com"}, {}),
        ({"CanonicalUser": CANONICAL}, {}),
        (
            {"AWS": [A, ANA.arn]},
            {
                id(ROOT): Grant.DELEGATED,
                id(ANA): Grant.DIRECT,
                id(SESSION): Grant.DELEGATED,
                id(FEDERATED): Grant.LIMITED,
            },
        ),
    ],
)
def test_what_naming_grants(named: Any, grants: dict[int, Grant]) -> None:
    said = resource_policy(named).document.statements[0]
    for requester in ALL:
        assert grant_of(said, requester, bounded=False) is grants.get(id(requester), Grant.NONE), requester.kind


def test_a_canonical_user_is_named_by_its_id() -> None:
    said = resource_policy({"CanonicalUser": CANONICAL}).document.statements[0]
    known = msgspec.structs.replace(ANA, canonical_user=CANONICAL)
    assert grant_of(said, known, bounded=False) is Grant.DIRECT


@pytest.mark.parametrize(
    ("excluded", "requester", "applies"),
    [
        ({"AWS": [A, ANA.arn]}, ANA, False),
        ({"AWS": ANA.arn}, ANA, True),  # the account is not listed
        ({"AWS": A}, ANA, True),
        ({"AWS": [A, ROLE_ARN, SESSION.arn]}, SESSION, False),
        ({"AWS": [A, ROLE_ARN]}, SESSION, True),  # the session is not
        ({"AWS": [A, SESSION.arn]}, SESSION, True),  # the role is not
        ({"AWS": [ROLE_ARN, SESSION.arn]}, SESSION, True),
        ({"AWS": A}, ROOT, False),
        ({"AWS": B}, ROOT, True),
        ({"AWS": [A, ANA.arn, FEDERATED.arn]}, FEDERATED, False),
        ({"AWS": [A, FEDERATED.arn]}, FEDERATED, True),
        ({"Service": SERVICE.service}, SERVICE, False),
        ({"Service": "other.amazonaws.com"}, SERVICE, True),
        ({"Federated": SAML.provider}, SAML, False),
        ({"AWS": A}, ANONYMOUS, True),
        ("*", ANA, False),
        ("*", ANONYMOUS, False),
    ],
)
def test_a_deny_lets_go_only_whom_not_principal_names_in_full(
    excluded: Any, requester: Principal, applies: bool
) -> None:
    # 2.6
    said = stored({**statement("Deny"), "NotPrincipal": excluded}, kind=_RESOURCE).document.statements[0]
    assert (grant_of(said, requester, bounded=False) is not Grant.NONE) is applies


@pytest.mark.parametrize("excluded", [{"AWS": [A, ANA.arn]}, "*"])
def test_not_principal_with_deny_always_concerns_who_has_a_boundary(excluded: Any) -> None:
    # 2.3
    said = stored({**statement("Deny"), "NotPrincipal": excluded}, kind=_RESOURCE).document.statements[0]
    assert grant_of(said, ANA, bounded=False) is Grant.NONE
    assert grant_of(said, ANA, bounded=True) is Grant.DIRECT


@pytest.mark.parametrize(
    ("excluded", "requester", "applies"),
    [
        ({"AWS": ANA.arn}, ANA, False),
        ({"AWS": A}, ANA, False),
        ({"AWS": ROLE_ARN}, SESSION, False),
        ({"AWS": ANA.arn}, SESSION, True),
        ({"AWS": ANA.arn}, ANONYMOUS, True),
    ],
)
def test_an_old_allow_with_not_principal_leaves_out_whoever_is_named(
    excluded: Any, requester: Principal, applies: bool
) -> None:
    said = stored({**statement(), "NotPrincipal": excluded}, kind=_RESOURCE).document.statements[0]
    for bounded in (False, True):
        assert (grant_of(said, requester, bounded=bounded) is not Grant.NONE) is applies


@pytest.mark.parametrize(
    ("requester", "keys"),
    [
        (
            ROOT,
            {"aws:PrincipalArn": ROOT.arn, "aws:userid": A, "aws:PrincipalType": "Account", "aws:PrincipalAccount": A},
        ),
        (
            ANA,
            {
                "aws:PrincipalArn": ANA.arn,
                "aws:userid": ANA.unique_id,
                "aws:username": "ana",
                "aws:PrincipalType": "User",
                "aws:PrincipalAccount": A,
            },
        ),
        (
            SESSION,
            {
                "aws:PrincipalArn": ROLE_ARN,
                "aws:userid": f"{SESSION.issuer_id}:build-7",
                "aws:PrincipalType": "AssumedRole",
                "aws:PrincipalAccount": A,
            },
        ),
        (
            FEDERATED,
            {
                "aws:PrincipalArn": FEDERATED.arn,
                "aws:userid": f"{A}:fred",
                "aws:PrincipalType": "FederatedUser",
                "aws:PrincipalAccount": A,
            },
        ),
        (ANONYMOUS, {"aws:userid": "anonymous", "aws:PrincipalType": "Anonymous"}),
        (SERVICE, {"aws:PrincipalType": "AWSService", "aws:PrincipalServiceName": SERVICE.service}),
        (SAML, {"aws:PrincipalType": "WebIdentityUser", "aws:FederatedProvider": SAML.provider}),
    ],
)
def test_the_keys_that_follow_from_the_requester(requester: Principal, keys: dict[str, str]) -> None:
    # 2.1
    service = "true" if requester is SERVICE else "false"
    expected = {key: (value,) for key, value in (keys | {"aws:PrincipalIsAWSService": service}).items()}
    assert principal_keys(requester) == expected


def test_names_and_session_arns() -> None:
    assert [one.name for one in ALL] == [
        ROOT.arn,
        ANA.arn,
        SESSION.arn,
        FEDERATED.arn,
        SERVICE.service,
        SAML.provider,
        "anonymous",
    ]
    assert [one.session_arn for one in ALL] == ["", "", SESSION.arn, FEDERATED.arn, "", "", ""]
    assert Principal(kind=PrincipalKind.ANONYMOUS).name == "anonymous"


def test_the_root_of_another_partition_is_named_in_that_partition() -> None:
    root = Principal(kind=PrincipalKind.ROOT, arn=f"arn:aws-cn:iam::{A}:root", account=A)
    for partition, wanted in (("aws-cn", Grant.DELEGATED), ("aws", Grant.NONE)):
        said = resource_policy({"AWS": f"arn:{partition}:iam::{A}:root"}).document.statements[0]
        assert grant_of(said, root, bounded=False) is wanted
