"""CheckNoPublicAccess: never PASS where a stranger is allowed; and PASS where the access is somebody's."""

from random import Random
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from muniment.domain.policy.checks.public import FIXED, public_access
from muniment.domain.policy.document import Kind, PolicyDocument, parse_for_writing
from muniment.domain.policy.principals import Grant
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind, principal_keys
from tests.domain.policy.checks.asking import document, grant, read
from tests.domain.policy.people import ANONYMOUS, A, statement, text
from tests.domain.policy.worlds import ACTIONS, CONTEXT, RESOURCES

C = "333333333333"
STRANGERS = [
    ANONYMOUS,
    Principal(kind=PrincipalKind.ROOT, arn=f"arn:aws:iam::{C}:root", account=C),
    Principal(kind=PrincipalKind.USER, arn=f"arn:aws:iam::{C}:user/eve", account=C, unique_id="AIDAEEEEEEEEEEEEEEEVE"),
]
GUARDS: list[dict[str, Any]] = [
    {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}},
    {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}},
    {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
    {"StringEquals": {"aws:SourceAccount": [A]}},
    {"ForAllValues:StringEquals": {"aws:SourceAccount": [A]}},
    {"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": ["o-1/r-1/"]}},
    {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}},
    {"NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}},
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/*"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
    {"StringEquals": {"aws:SourceVpce": "vpce-12345678"}},
    {"StringEquals": {"aws:username": "ana"}},
]


def strange(luck: Random) -> AccessRequest:
    """A request by somebody whom no policy means: whatever says where it comes from is nobody's."""
    principal = luck.choice(STRANGERS)
    keys = luck.sample(sorted(key for key in CONTEXT if key.lower() not in FIXED), luck.randint(0, 5))
    context = {key: luck.choice(CONTEXT[key]) for key in keys}
    outside = {
        "aws:SourceIp": ("192.0.2.200",),
        "aws:PrincipalOrgID": ("o-stranger",),
        "aws:PrincipalOrgPaths": ("o-stranger/r-9/",),
        "aws:SourceAccount": (C,),
        "aws:SourceArn": (f"arn:aws:sns:eu:{C}:t",),
        "aws:SourceVpce": ("vpce-stranger",),
    }
    context |= {key: value for key, value in outside.items() if luck.random() < 0.6}
    return AccessRequest(
        action=luck.choice(ACTIONS),
        resource=luck.choice(RESOURCES),
        principal=principal,
        context=principal_keys(principal) | context,
        resource_account=A,
    )


def judged(kind: Kind, seed: int) -> bool | None:
    """Whether the check passes for a document; any stranger's request is a witness against it. None: not a policy."""
    luck = Random(seed)  # noqa: S311 - not a secret
    written = document(luck.randrange(1 << 24), kind)
    for said in written["Statement"]:
        if luck.random() < 0.6:
            said["Condition"] = luck.choice(GUARDS)
        if "Principal" in said and luck.random() < 0.5:
            said["Principal"] = "*"
    policy = read(written, kind)
    if policy is None:
        return None
    if public_access(policy):
        return False
    for _ in range(120):
        request = strange(luck)
        assert grant(request, policy) is Grant.NONE, (written, request)
    return True


@given(st.sampled_from([Kind.RESOURCE, Kind.TRUST]), st.integers(0, 1 << 24))
def test_no_stranger_contradicts_a_pass(kind: Kind, seed: int) -> None:
    passed = judged(kind, seed)
    assume(passed is not None)
    event(f"passed: {passed}")


def policy(*statements: Any, kind: Kind = Kind.RESOURCE) -> PolicyDocument:
    return parse_for_writing(text(*statements), kind)


def everyone(**more: Any) -> dict[str, Any]:
    return statement(action="s3:GetObject", resource="arn:aws:s3:::b/*", Principal="*", **more)


@pytest.mark.parametrize(
    ("condition", "public"),
    [
        ({}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"StringLike": {"aws:PrincipalOrgID": "o-*"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "${aws:username}"}}, True),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, True),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, True),
        ({"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": ["o-1/r-1/"]}}, True),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-1/*"]}}, False),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-*"]}}, True),
        ({"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, False),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}, True),
        ({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/*"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}}, True),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::b"}}, False),
        ({"StringEquals": {"aws:SourceVpce": "vpce-12345678"}}, False),
        ({"StringEquals": {"aws:username": "ana"}}, True),
    ],
)
def test_conditions_that_keep_strangers_out(condition: dict[str, Any], public: bool) -> None:
    said = everyone(Condition=condition) if condition else everyone()
    assert bool(public_access(policy(said))) is public


def test_a_deny_that_bites_strangers() -> None:
    outside = {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}
    deny = statement("Deny", "s3:*", Principal="*", Condition=outside)
    assert not public_access(policy(everyone(), deny))
    assert public_access(policy(everyone(), deny | {"Action": "s3:Put*"}))
    assert public_access(policy(everyone(), deny | {"Principal": {"AWS": A}}))
    assert public_access(policy(everyone(), deny | {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}))


def test_trust_policies() -> None:
    def trust(principal: Any, action: str = "sts:AssumeRole", **more: Any) -> bool:
        said = statement(action=action, resource=None, Principal=principal, **more)
        return bool(public_access(policy(said, kind=Kind.TRUST)))

    oidc = {"Federated": f"arn:aws:iam::{A}:oidc-provider/token.example.com"}
    web = "sts:AssumeRoleWithWebIdentity"
    assert not trust({"AWS": A})
    assert not trust({"Service": "ec2.amazonaws.com"})
    assert trust({"AWS": "*"})
    assert trust(oidc, web)
    assert trust({"Federated": "accounts.google.com"}, web)
    assert not trust(oidc, web, Condition={"StringEquals": {"token.example.com:sub": "me"}})
    assert trust(oidc, web, Condition={"StringLike": {"token.example.com:sub": "*"}})
    assert not trust({"Federated": f"arn:aws:iam::{A}:saml-provider/corp"}, "sts:AssumeRoleWithSAML")


def test_the_reason_names_the_statement() -> None:
    (reason,) = public_access(policy(statement(Principal={"AWS": A}), everyone(Sid="Open")))
    assert (reason.index, reason.sid) == (1, "Open")
    assert reason.description == "Public access granted in the following statement with sid: Open."
