"""CheckNoNewAccess: never PASS where a request exists for which the new policy allows more; and PASS where people expect it."""

import time
from random import Random
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from muniment.domain.policy.checks import result
from muniment.domain.policy.checks.new_access import new_access
from muniment.domain.policy.document import Kind, parse_for_writing
from tests.domain.policy.checks.asking import changed, document, grant, read, requests
from tests.domain.policy.people import ANA, ROLE_ARN, A, statement, text

BUCKET = "arn:aws:s3:::b/*"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def judged(kind: Kind, seed: int) -> bool | None:
    """Whether the check passes for two documents; any request is a witness against it. None: not a pair of policies."""
    luck = Random(seed)  # noqa: S311 - not a secret
    before = document(luck.randrange(1 << 24), kind)
    after = changed(before, luck.randrange(1 << 24), kind) if luck.random() < 0.9 else document(seed, kind)
    new, old = read(after, kind), read(before, kind)
    if new is None or old is None:
        return None
    if new_access(new, old):
        return False
    bounded = luck.random() < 0.3
    for request in requests(luck.randrange(1 << 24), 60):
        more, less = grant(request, new, bounded=bounded), grant(request, old, bounded=bounded)
        assert more <= less, (after, before, request)
    return True


@given(st.sampled_from([Kind.IDENTITY, Kind.RESOURCE, Kind.TRUST]), st.integers(0, 1 << 24))
def test_no_request_contradicts_a_pass(kind: Kind, seed: int) -> None:
    passed = judged(kind, seed)
    assume(passed is not None)
    event(f"passed: {passed}")


def test_the_check_passes_often_enough_to_mean_something() -> None:
    answers = [judged(kind, seed) for seed in range(150) for kind in (Kind.IDENTITY, Kind.RESOURCE)]
    assert answers.count(True) > 60
    assert answers.count(False) > 60


@given(st.sampled_from([Kind.IDENTITY, Kind.RESOURCE, Kind.TRUST]), st.integers(0, 1 << 24))
def test_a_policy_has_no_new_access_compared_to_itself(kind: Kind, seed: int) -> None:
    policy = read(document(seed, kind), kind)
    assume(policy is not None)
    assert policy is not None
    assert new_access(policy, policy) == ()


def passes(new: list[Any], old: list[Any], kind: Kind = Kind.IDENTITY) -> bool:
    return not new_access(parse_for_writing(text(*new), kind), parse_for_writing(text(*old), kind))


def s3(action: Any = "s3:GetObject", resource: Any = BUCKET, **more: Any) -> dict[str, Any]:
    return statement(action=action, resource=resource, **more)


def when(**condition: Any) -> dict[str, Any]:
    return s3(Condition=condition)


NARROWER = [
    ([s3()], [s3("s3:Get*")]),
    ([s3("S3:GETOBJECT")], [s3("s3:Get*")]),
    ([s3(resource="arn:aws:s3:::b/x")], [s3()]),
    ([s3(["s3:GetObject", "s3:PutObject"])], [s3("s3:GetObject"), s3("s3:Put*")]),
    ([s3(Condition=MFA)], [s3()]),
    ([s3(), s3("s3:PutObject")], [s3("s3:*")]),
    ([s3("s3:*"), statement("Deny", "s3:PutObject")], [s3("s3:*")]),
    ([s3("s3:*"), statement("Deny", "s3:Put*")], [s3("s3:*"), statement("Deny", "s3:PutObject", BUCKET)]),
    ([statement(), statement("Deny", "iam:*")], [statement(action=None, NotAction="iam:*")]),
    ([statement(), statement("Deny", "*", BUCKET)], [statement(resource=None, NotResource=BUCKET)]),
    ([statement(action=None, NotAction=["iam:*", "s3:*"])], [statement(action=None, NotAction="iam:Get*")]),
    ([statement(action="s3:*")], [statement(action=None, NotAction="iam:*")]),
    ([s3(resource="arn:aws:s3:::b/${aws:username}/*")], [s3()]),
    ([when(StringEquals={"aws:username": "ana"})], [when(StringLike={"AWS:UserName": ["a*", "b*"]})]),
    ([when(StringEquals={"aws:username": "ana"})], [when(StringEqualsIfExists={"aws:username": ["ANA", "ana"]})]),
    ([when(StringNotLike={"aws:username": "a*"})], [when(StringNotEquals={"aws:username": "ana"})]),
    ([when(IpAddress={"aws:SourceIp": "198.51.100.7"})], [when(IpAddress={"aws:SourceIp": "198.51.100.0/24"})]),
    ([when(NumericLessThan={"aws:MultiFactorAuthAge": "60"})], [when(NumericLessThanEquals={"aws:MultiFactorAuthAge": "90"})]),
    ([when(DateGreaterThan={"aws:CurrentTime": "2030-01-01"})], [when(DateGreaterThan={"aws:CurrentTime": "2029-01-01"})]),
    ([when(NumericEquals={"aws:MultiFactorAuthAge": "60"})], [when(NumericLessThan={"aws:MultiFactorAuthAge": "61"})]),
    ([when(ArnLike={"aws:SourceArn": "arn:aws:s3:::b"})], [when(ArnLike={"aws:SourceArn": "arn:aws:s3:*:*:b*"})]),
    ([when(Bool={"aws:SecureTransport": "true"})], [when(Null={"aws:SecureTransport": "false"})]),
    ([when(Null={"aws:username": "true"})], [when(StringNotEquals={"aws:username": "ana"})]),
    (
        [when(**{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}})],
        [when(**{"ForAllValues:StringLike": {"aws:TagKeys": ["a*", "b"]}})],
    ),
    ([statement("Deny")], [s3()]),
]  # fmt: skip


@pytest.mark.parametrize(("new", "old"), NARROWER)
def test_what_allows_no_more(new: list[Any], old: list[Any]) -> None:
    assert passes(new, old)


WIDER = [
    ([s3("s3:Get*")], [s3()]),
    ([s3(resource="*")], [s3()]),
    ([s3()], [s3(Condition=MFA)]),
    ([s3("s3:*")], [s3("s3:*"), statement("Deny", "s3:PutObject")]),
    ([s3("s3:*"), statement("Deny", "s3:PutObject", BUCKET)], [s3("s3:*", "*"), statement("Deny", "s3:Put*")]),
    ([s3("s3:*"), statement("Deny", "s3:Put*", Condition=MFA)], [s3("s3:*"), statement("Deny", "s3:Put*")]),
    ([statement(action=None, NotAction="iam:Get*")], [statement(action=None, NotAction="iam:*")]),
    ([statement(action=None, NotAction="iam:*")], [statement(action="s3:*")]),
    ([when(StringLike={"aws:username": "a*"})], [when(StringEquals={"aws:username": "ana"})]),
    ([when(StringNotEquals={"aws:username": "a"})], [when(StringEquals={"aws:username": "b"})]),
    ([when(StringEqualsIfExists={"aws:username": "a"})], [when(StringEquals={"aws:username": "a"})]),
    ([when(**{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}})], [when(**{"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}})]),
    ([when(**{"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}})], [when(**{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}})]),
    ([when(NumericLessThanEquals={"aws:MultiFactorAuthAge": "90"})], [when(NumericLessThan={"aws:MultiFactorAuthAge": "90"})]),
    ([when(IpAddress={"aws:SourceIp": "198.51.0.0/16"})], [when(IpAddress={"aws:SourceIp": "198.51.100.0/24"})]),
    ([when(ArnLike={"aws:SourceArn": "arn:aws:s3:::*"})], [when(ArnLike={"aws:SourceArn": "arn:aws:s3:::b*"})]),
]  # fmt: skip


@pytest.mark.parametrize(("new", "old"), WIDER)
def test_what_allows_more(new: list[Any], old: list[Any]) -> None:
    assert not passes(new, old)


def granting(*principals: str, **more: Any) -> dict[str, Any]:
    return s3(Principal={"AWS": list(principals)}, **more)


def test_naming_a_principal_is_more_than_delegating_to_its_account() -> None:  # POLICY_EVALUATION 2.2 step 5
    root = f"arn:aws:iam::{A}:root"
    assert passes([granting(ANA.arn)], [granting(ANA.arn, ROLE_ARN)], Kind.RESOURCE)
    assert passes([granting(ANA.arn)], [s3(Principal="*")], Kind.RESOURCE)
    assert passes([granting(root)], [granting(A)], Kind.RESOURCE)
    assert not passes([granting(ANA.arn)], [granting(A)], Kind.RESOURCE)
    assert not passes([granting(A)], [granting(ANA.arn)], Kind.RESOURCE)
    assert not passes([s3(Principal="*")], [granting(ANA.arn)], Kind.RESOURCE)


def test_a_trust_policy_without_its_mfa_condition_is_new_access() -> None:
    trust = statement(action="sts:AssumeRole", resource=None, Principal={"AWS": A})
    assert not passes([trust], [trust | {"Condition": MFA}], Kind.TRUST)
    assert passes([trust | {"Condition": MFA}], [trust], Kind.TRUST)


def test_a_variable_means_something_else_in_another_version() -> None:  # 2.5
    said = when(StringEquals={"aws:username": "${aws:PrincipalTag/a}"})
    old, new = text(said, version="2008-10-17"), text(said)
    assert new_access(parse_for_writing(new, Kind.IDENTITY), parse_for_writing(old, Kind.IDENTITY))


def test_the_reason_names_the_statement() -> None:
    old = parse_for_writing(text(s3()), Kind.IDENTITY)
    new = parse_for_writing(text(s3(), s3("s3:PutObject"), s3("s3:Delete*", Sid="Cleaning")), Kind.IDENTITY)
    first, second = new_access(new, old)
    assert (first.index, first.sid, first.description) == (1, "", "New access in the statement with index: 1.")
    assert (second.index, second.sid) == (2, "Cleaning")
    widened = new_access(old, parse_for_writing(text(s3(), statement("Deny", "s3:*", Condition=MFA)), Kind.IDENTITY))
    assert "which a Deny of the existing policy forbids" in widened[0].description


def test_what_is_too_complex_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result.Work.__init__, "__defaults__", (20,))
    policy = parse_for_writing(text(s3("s3:Get*"), s3("s3:Put*", "*")), Kind.IDENTITY)
    other = parse_for_writing(text(s3(["s3:G*", "s3:P*"], "*")), Kind.IDENTITY)
    assert new_access(policy, other) == (result.TOO_COMPLEX,)


HUGE = [
    (s3([f"s3:G{n}*" for n in range(3_000)], [f"arn:aws:s3:::b{n}/*" for n in range(3_000)]), s3("s3:G*", "*")),
    (s3(resource=[f"arn:aws:s3:::{'a*' * 900}{n}" for n in range(60)]), s3(resource=f"arn:aws:s3:::{'*a' * 900}*")),
    (when(StringEquals={f"a:b{n}": "x" for n in range(4_000)}), when(StringEquals={f"a:b{n}": "x" for n in range(3_999, -1, -1)})),
    (when(StringLike={"a:b": [f"a*{n}x*" for n in range(9_000)]}), when(StringLike={"a:b": [f"*a{n}*" for n in range(9_000)]})),
]  # fmt: skip


@pytest.mark.parametrize(("new", "old"), HUGE)
def test_huge_policies_are_compared_in_bounded_time(new: Any, old: Any) -> None:  # SECURITY 17
    documents = [parse_for_writing(text(each), Kind.IDENTITY) for each in (new, old)]
    begun = time.process_time()
    new_access(*documents)
    assert time.process_time() - begun < 10
