"""Findings: where they point, what holds for all documents, and that no document takes long. POLICY_EVALUATION 2.4 to 2.7."""

import json
import time
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.errors import MalformedPolicyDocument
from muniment.domain.policy.document import Kind, parse_for_writing
from muniment.domain.policy.managed import MANAGED
from muniment.domain.policy.validation.catalogue import ISSUES, OURS
from muniment.domain.policy.validation.findings import FindingType, Step
from muniment.domain.policy.validation.validate import is_trust_policy, validate
from tests.domain.policy.people import SECRET, A, statement, text
from tests.domain.policy.validation.saying import ROLE, codes, identity, of, when
from tests.domain.policy.worlds import documents


def test_a_place_is_a_path_and_a_span_as_the_model_counts_them() -> None:
    said = '{"Sid": "", "Effect": "Allow", "Action": ["a:b"], "Resource": "*"}'
    written = f'{{\n  "Version": "2012-10-17",\n  "Statement": [{said}]\n}}'
    (finding,) = validate(written, Kind.IDENTITY)
    (location,) = finding.locations
    assert location.path == (Step(value="Statement"), Step(index=0), Step(value="Sid"))
    assert (location.start.line, location.start.column) == (3, 25)
    assert written[location.start.offset : location.end.offset] == '""'


def test_a_place_may_be_a_key_or_some_characters() -> None:
    written = text(identity(Foo=1, Resource="arn:aws:s3:::b/${}"))
    by_code = {finding.code: finding for finding in validate(written, Kind.IDENTITY)}
    (key,) = by_code["INVALID_POLICY_ELEMENT"].locations
    assert key.path == (Step(value="Statement"), Step(index=0), Step(key="Foo"))
    assert written[key.start.offset : key.end.offset] == '"Foo"'
    (part,) = by_code["EMPTY_VARIABLE"].locations
    assert part.path[-1] == Step(substring=(15, 3))
    assert written[part.start.offset : part.end.offset] == "${}"


def test_escapes_do_not_move_what_is_pointed_at() -> None:
    written = text(identity()).replace("b/*", "b\\u002f${}").replace('"Sid"', '"S\\u0069d"').replace("*", "\\u002a")
    (finding,) = (each for each in validate(written, Kind.IDENTITY) if each.code == "EMPTY_VARIABLE")
    place = finding.locations[0]
    assert json.loads(written[place.start.offset : place.end.offset]).endswith("b/${}")


def test_what_comes_with_muniment_has_no_errors() -> None:
    for policy in MANAGED.values():
        found = validate(policy.document, Kind.IDENTITY)
        assert not [finding for finding in found if finding.type is FindingType.ERROR], policy.name


def test_trust_policies_are_told_from_other_resource_policies() -> None:
    trust = text(statement(action="sts:AssumeRole", resource=None, Principal={"AWS": A}))
    assert is_trust_policy(trust)
    assert not is_trust_policy(text(identity(Principal="*")))
    assert not is_trust_policy("{")
    assert not is_trust_policy(text(statement(action="s3:GetObject", resource=None, Principal="*")))


def test_the_catalogue_holds_sentences() -> None:
    assert len(ISSUES) > 110
    assert set(ISSUES) > OURS
    assert all(issue.details[0].isupper() or issue.details[0] in '"a' for issue in ISSUES.values())


PIECES: list[Any] = [
    None, True, 5, "", "x", "*", [], {}, [[]], [5], {"AWS": []}, "${", "arn:aws:s3:::b/${}", ["*", "*"],
    {"StringEquals": {"aws:username": None}}, {"Null": {"a:b": ["true", "false"]}}, {"IpAddress": {"aws:SourceIp": 5}},
    {"Bool": {"x:y": "z"}}, {"NullIfExists": {"x:y": "true"}}, "arn:aws:s3", "i am:x", "a:b:c", {"AWS": "arn:aws:iam::1:x"},
]  # fmt: skip
NAMES = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "X",
]


def broken(document: dict[str, Any], seed: int) -> str:
    """The document with some elements put in, taken out or bent."""
    luck = Random(seed)  # noqa: S311 - not a secret
    for _ in range(luck.randint(0, 3)):
        target = luck.choice([document, *document["Statement"]])
        if not isinstance(target, dict):
            continue
        name = luck.choice(NAMES if target is not document else ["Version", "Id", "Y"])
        if luck.random() < 0.3:
            target.pop(name, None)
        else:
            target[name] = luck.choice(PIECES)
    return json.dumps(document, ensure_ascii=False)


@given(st.sampled_from(Kind), st.data())
def test_whatever_the_strict_door_refuses_has_an_error(kind: Kind, data: st.DataObject) -> None:
    written = broken(data.draw(documents(kind, odd=data.draw(st.booleans()))), data.draw(st.integers(0, 1 << 24)))
    found = validate(written, kind)
    errors = {finding.code for finding in found if finding.type is FindingType.ERROR}
    try:
        parse_for_writing(written, kind)
    except MalformedPolicyDocument as refused:
        assert errors, refused.message
    assert all(location.end.offset <= len(written) for finding in found for location in finding.locations)


@given(st.text(alphabet='{}[]":,\\ aSE${*', max_size=40))
def test_no_text_is_too_strange_to_be_validated(written: str) -> None:
    assert validate(written, Kind.RESOURCE)


HUGE = [
    text(identity(Action=[5] * 9_000)),
    text(identity(Action=[f"x{n}" for n in range(9_000)])),
    text(identity(Action=[f"a{n}:b*" for n in range(9_000)])),
    text(identity(Resource=["arn:aws:s3:::" + "a*" * 800] * 70)),
    text(*({"Sid": f"a{n}"} for n in range(4_000))),
    text(identity(Condition={"StringEquals": {f"aws:k{n}": ["*"] for n in range(4_000)}})),
    text(identity(Resource="arn:aws:s3:::" + "${" * 60_000)),
    text(identity(Sid="a" * 130_000)),
]


@pytest.mark.parametrize("written", HUGE)
def test_huge_documents_are_validated_in_bounded_time(written: str) -> None:  # SECURITY 17
    begun = time.process_time()
    found = validate(written, Kind.IDENTITY)
    assert found
    assert len(found) <= 3_000
    assert time.process_time() - begun < 5


def test_what_is_refused_with_words_of_our_own_is_still_found() -> None:
    assert codes(text(identity(Condition={"StringEquals": {"a:b": [[1]]}}))) == ["DATA_TYPE_MISMATCH"]
    assert "TYPE_MISMATCH_ARN" in when(ArnLike={"aws:SourceArn": "bucket"})


COGNITO = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "",
            "Effect": "Allow",
            "Principal": {
                "Federated": "cognito-identity.amazonaws.com"
            },
            "Action": [
                "sts:AssumeRole",
                "sts:TagSession"
            ],
            "Condition": {
                "StringEquals": {
                    "cognito-identity.amazonaws.com:aud": "us-west-2_EXAMPLE00"
                }
            }
        }
    ]
}"""


def test_the_example_of_the_cli_reference_is_answered_as_there() -> None:
    """AWS CLI Command Reference, `accessanalyzer validate-policy`, Examples: codes, order, places. The span printed there is of a
    value two characters longer than the one shown, so ours is too."""
    assert is_trust_policy(COGNITO)
    found = [
        (
            finding.code,
            finding.type.value,
            [
                (place.start.line, place.start.column - 1, place.start.offset, place.end.offset)
                for place in finding.locations
            ],
        )
        for finding in validate(COGNITO, Kind.TRUST)
    ]
    assert found == [
        ("EMPTY_SID_VALUE", "SUGGESTION", [(5, 19, 79, 81)]),
        ("MISMATCHED_ACTION_FOR_PRINCIPAL", "ERROR", [(11, 16, 258, 274), (8, 29, 170, 202)]),
        ("UNSUPPORTED_ACTION_FOR_CONDITION_KEY", "ERROR", [(12, 16, 292, 308), (16, 58, 443, 464)]),
    ]  # fmt: skip
    *_, last = validate(COGNITO, Kind.TRUST)
    assert last.details.startswith(
        "The following actions: sts:TagSession are not supported by the condition key cognito-"
    )
    assert [step.value or step.index for step in last.locations[1].path] == [
        "Statement",
        0,
        "Condition",
        "StringEquals",
        "cognito-identity.amazonaws.com:aud",
    ]


def test_keys_that_an_action_never_brings() -> None:
    limit = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    assert of(statement(action=["iam:PassRole", "iam:GetRole"], resource=ROLE, Condition=limit)) == {
        "UNSUPPORTED_ACTION_FOR_CONDITION_KEY"
    }
    assert of(statement(action=["iam:PassRole", "iam:Get*"], resource=ROLE, Condition=limit)) == set()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("AIDA*", {"WILDCARD_USAGE_TOO_PERMISSIVE"}),
        ("AROA?:x", {"WILDCARD_USAGE_TOO_PERMISSIVE"}),
        ("*", {"WILDCARD_USAGE_TOO_PERMISSIVE"}),
        ("*:build-*", set()),
        ("AROAAAAAAAAAAAAAAROLE:*", set()),
        ("AROA${aws:username}", {"VARIABLE_USAGE_TOO_PERMISSIVE"}),
        ("AROAAAAAAAAAAAAAAROLE:${aws:username}", set()),
        ("${aws:userid}:*", set()),
    ],
)
def test_an_id_is_not_left_half_open(value: str, expected: set[str]) -> None:
    assert when(StringLike={"aws:userid": value}) == expected


def test_the_policy_of_a_bucket_is_about_buckets() -> None:
    said = text(
        identity(Principal={"AWS": A}, action=["s3:GetObject", "kms:Decrypt"], resource=["arn:aws:s3:::b", SECRET])
    )
    found = {finding.code for finding in validate(said, Kind.RESOURCE, "AWS::S3::Bucket")}
    assert found == {"UNSUPPORTED_ACTION_IN_POLICY", "UNSUPPORTED_RESOURCE_ARN_IN_POLICY"}
    assert validate(said, Kind.RESOURCE) == ()
