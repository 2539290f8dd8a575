"""The two doors: what is refused and in which words, and what stored documents mean that would be. POLICY_EVALUATION 2.4–2.7."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.errors import MalformedPolicyDocument
from muniment.domain.policy.document import (
    Kind,
    Place,
    Principals,
    Verdict,
    parse_for_writing,
    parse_stored,
    policy_size,
)
from muniment.domain.quotas import POLICY_DOCUMENT_CHARACTERS_MAX

from .people import ROLE_ARN, SYNTAX, A, refusal, statement, text


def test_a_document_is_read_with_its_places() -> None:
    written = """{
  "Version": "2012-10-17",
  "Id": "keys",
  "Statement": [
    {"Sid": "One", "Effect": "Allow", "Action": "iam:Get*", "Resource": "*"},
    {"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "NotResource": ["arn:aws:s3:::b/*"],
     "Condition": {"Bool": {"aws:SecureTransport": false}}}
  ]
}"""
    document = parse_for_writing(written, Kind.IDENTITY)
    one, two = document.statements
    assert (document.version, document.id, document.kind) == ("2012-10-17", "keys", Kind.IDENTITY)
    assert (one.sid, one.verdict, one.actions, one.resources) == ("One", Verdict.ALLOW, ("iam:Get*",), ("*",))
    assert (one.start.line, one.start.column, one.end.line, one.end.column) == (5, 5, 5, 77)
    assert (two.index, two.verdict, two.not_actions) == (1, Verdict.DENY, ("iam:*", "sts:*"))
    assert two.not_resources == ("arn:aws:s3:::b/*",)
    assert two.actions is None
    assert two.resources is None
    assert two.conditions[0].values == ("false",)
    assert two.conditions[0].place == Place(7, 29, written.index('"aws:SecureTransport"'))
    assert document == parse_stored(written, Kind.IDENTITY)


def test_a_single_statement_may_stand_alone_and_the_version_may_be_absent() -> None:
    document = parse_for_writing(json.dumps({"Statement": statement(action=["iam:*"])}), Kind.IDENTITY)
    assert document.version == "2008-10-17"
    assert len(document.statements) == 1


IDENTITY_REFUSALS: list[tuple[Any, str]] = [
    ("nonsense", "This policy contains invalid Json (a JSON value is expected at line 1, column 1)"),
    (
        '{"Version": "2012-10-17",\n "Version": "2012-10-17"}',
        "This policy contains invalid Json (element `Version` is given twice at line 2, column 2)",
    ),
    (
        '{"Version": "2012-10-17", "Statement": "\u4e2d"}',
        "This policy contains invalid Json (character U+4E2D is not allowed in a policy at line 1, column 41)",
    ),
    ([], f"{SYNTAX} (a policy is a JSON object at line 1, column 1)"),
    ({}, f"{SYNTAX} (a policy needs at least one statement at line 1, column 1)"),
    ({"Statement": []}, f"{SYNTAX} (a policy needs at least one statement at line 1, column 15)"),
    ({"Statement": ["x"]}, f"{SYNTAX} (a statement is a JSON object at line 1, column 16)"),
    (
        text(statement(), version="2012-10-18"),
        f"{SYNTAX} (element `Version` must be one of 2012-10-17, 2008-10-17 at line 1, column 13)",
    ),
    (text(statement(), version=2012), f"{SYNTAX} (element `Version` must be"),
    (text(statement(), Id=5), f"{SYNTAX} (element `Id` must be a string"),
    (text(statement(), Comment="x"), f"{SYNTAX} (unknown element `Comment`"),
    (text(statement(Foo="x")), f"{SYNTAX} (unknown element `Foo`"),
    (text(statement(effect="allow")), f"{SYNTAX} (element `Effect` must be `Allow` or `Deny`"),
    (text({"Action": "*", "Resource": "*"}), f"{SYNTAX} (element `Effect` must be `Allow` or `Deny`"),
    (text(statement(action=None)), "Policy statement must contain actions. (element `Action` is missing"),
    (text(statement(action=[])), "Policy statement must contain actions. (element `Action` is empty"),
    (text(statement(action="")), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    (
        text(statement(action="CreateUser")),
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    ),
    (text(statement(action="iam:")), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    (text(statement(action="i*:Get")), "Vendor i* is not valid (action `i*:Get`"),
    (text(statement(action="iam:a:b")), "Actions/Condition can contain only one colon."),
    (text(statement(action="iam:${aws:username}")), "Actions/Condition can contain only one colon."),
    (text(statement(action="iam:$x")), f"{SYNTAX} (action `iam:$x` holds a character that no action name has"),
    (text(statement(action=5)), f"{SYNTAX} (element `Action` must be a string or an array of strings"),
    (text(statement(action=["iam:*", None])), f"{SYNTAX} (element `Action` must be a string or an array of strings"),
    (text(statement(NotAction="iam:*")), f"{SYNTAX} (elements `Action` and `NotAction` exclude each other"),
    (text(statement(resource=None)), "Policy statement must contain resources. (element `Resource` is missing"),
    (text(statement(resource=[])), "Policy statement must contain resources. (element `Resource` is empty"),
    (text(statement(NotResource="*")), f"{SYNTAX} (elements `Resource` and `NotResource` exclude each other"),
    (text(statement(resource="bucket")), 'Resource bucket must be in ARN format or "*".'),
    (text(statement(resource="arn:aws:s3")), 'Resource arn:aws:s3 must be in ARN format or "*".'),
    (text(statement(resource=" arn:aws:s3:::b")), "The policy failed legacy parsing"),
    (text(statement(resource="arn:aws:iam::${aws:PrincipalAccount}:user/x")), "The policy failed legacy parsing"),
    (
        text(statement(resource="arn:amazon:s3:::b")),
        'Partition "amazon" is not valid for resource "arn:amazon:s3:::b".',
    ),
    (text(statement(resource="arn:aws:s*:::b")), "Resource vendor must be fully qualified and cannot contain regexes."),
    (text(statement(resource="arn:aws:s?*")), "Resource vendor must be fully qualified and cannot contain regexes."),
    (text(statement(resource="arn:aws:s3:::b/${aws:username")), f"{SYNTAX} (`${{` is not closed in resource"),
    (text(statement(Principal="*")), "Policy document should not specify a principal. (Has prohibited field Principal"),
    (
        text(statement(NotPrincipal="*")),
        "Policy document should not specify a principal. (Has prohibited field NotPrincipal",
    ),
    (text(statement(Sid="a b")), "Statement IDs (SID) must be alpha-numeric."),
    (text(statement(Sid="a"), statement(Sid="a")), "Statement IDs (SID) in a single policy must be unique."),
    (text(statement(Sid=1)), f"{SYNTAX} (element `Sid` must be a string"),
    (text(statement(Condition="x")), f"{SYNTAX} (element `Condition` must be an object"),
    (
        text(statement(Condition={"StringMatches": {"a:b": "c"}})),
        f"{SYNTAX} (unknown condition operator `StringMatches`",
    ),
    (
        text(statement(Condition={"StringEquals": "x"})),
        f"{SYNTAX} (condition operator `StringEquals` needs an object of keys",
    ),
    (text(statement(Condition={"StringEquals": {"username": "x"}})), "Actions/Conditions must be prefaced by a vendor"),
    (
        text(statement(Condition={"StringEquals": {"a:b": None}})),
        f"{SYNTAX} (condition key `a:b` needs a text, number or boolean",
    ),
    (
        text(statement(Condition={"StringEquals": {"a:b": {}}})),
        f"{SYNTAX} (condition key `a:b` needs a text, number or boolean",
    ),
    (
        text(statement(Condition={"Null": {"a:b": ["true", "false"]}})),
        f"{SYNTAX} (condition key `a:b` needs exactly one value",
    ),
    (
        text(statement(Condition={"Null": {"a:b": "${aws:username}"}})),
        f"{SYNTAX} (`${{aws:username}}` is not `true` or `false`",
    ),
    (text(statement(Condition={"Bool": {"a:b": "yes"}})), f"{SYNTAX} (`yes` is not `true` or `false`"),
    (text(statement(Condition={"NumericEquals": {"a:b": "five"}})), f"{SYNTAX} (`five` is not a number"),
    (text(statement(Condition={"DateLessThan": {"a:b": "soon"}})), f"{SYNTAX} (`soon` is not a date"),
    (
        text(statement(Condition={"IpAddress": {"a:b": ["1.2.3.4", "1.2.3.4/99"]}})),
        f"{SYNTAX} (`1.2.3.4/99` is not an IP address or range",
    ),
    (text(statement(Condition={"BinaryEquals": {"a:b": "?"}})), f"{SYNTAX} (`?` is not base64"),
    (text(statement(Condition={"ArnLike": {"a:b": "role/x"}})), f"{SYNTAX} (`role/x` is not an ARN"),
    (text(statement(Condition={"StringLike": {"a:b": "${x"}})), f"{SYNTAX} (`${{` is not closed"),
]


@pytest.mark.parametrize(("document", "message"), IDENTITY_REFUSALS)
def test_what_breaks_the_grammar_is_refused_in_awss_words_with_the_place(document: Any, message: str) -> None:
    said = refusal(document)
    assert said.startswith(message)
    assert "line 1, column" in said or "line 2, column" in said


@pytest.mark.parametrize(
    "document",
    [
        text(statement(resource="arn:aws:s3:::")),
        text(statement(resource=["arn:aws:s3*", "arn:aws:*", "arn:*", "arn:*:s3:::b", "arn:muniment:app::1:doc/*"])),
        text(statement(resource="arn:aws:s3:::b/${aws:username, 'nobody'}/${*}")),
        text(statement(resource="arn:aws:s3:::b/${", action="iam:*"), version="2008-10-17"),
        text(statement(action=["*", "iam:*", "app.v2:read-all_things/now"])),
        text(statement(Sid=""), statement(Sid="")),
        text(statement(Condition={"StringEquals": {"a:b": [], "a:c": 5, "a:d": [True, 1.5, "x"]}})),
        text(statement(Condition={"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a", "b"]}})),
        text(statement(Condition={"Bool": {"a:b": "${app:flag}"}, "ArnLike": {"a:c": "${aws:PrincipalArn}"}})),
        text(statement(Condition={})),
        text(statement(action=None, resource=None, NotAction="iam:*", NotResource="arn:aws:iam::1:user/x")),
    ],
)
def test_what_keeps_the_grammar_is_accepted_and_means_the_same_at_both_doors(document: str) -> None:
    read = parse_for_writing(document, Kind.IDENTITY)
    assert read == parse_stored(document, Kind.IDENTITY)
    assert all(not one.unknown for one in read.statements)


def test_documents_beyond_every_quota_are_refused_by_size_before_they_are_read() -> None:
    # SECURITY rule 1
    said = refusal("[" * (POLICY_DOCUMENT_CHARACTERS_MAX + 1))
    assert said == "This policy contains invalid Json (more than 131072 characters at line 1, column 1)"


def test_long_texts_are_not_repeated_whole() -> None:
    assert len(refusal(text(statement(action="x" * 50_000)))) < 500


@pytest.mark.parametrize(
    ("kind", "document", "message"),
    [
        (Kind.RESOURCE, text(statement()), "Missing required field Principal"),
        (Kind.RESOURCE, text(statement(Principal="*", resource=None)), "Policy statement must contain resources."),
        (
            Kind.RESOURCE,
            text(statement(Principal="*", NotPrincipal="*")),
            f"{SYNTAX} (elements `Principal` and `NotPrincipal`",
        ),
        (Kind.RESOURCE, text(statement(NotPrincipal="*")), f"{SYNTAX} (element `NotPrincipal` with effect `Allow`"),
        (
            Kind.TRUST,
            text(statement(action="sts:AssumeRole", Principal="*")),
            "Has prohibited field Resource (element `Resource`",
        ),
        (Kind.TRUST, text(statement(action="sts:AssumeRole", resource=None)), "Missing required field Principal"),
        (
            Kind.TRUST,
            text(statement("Deny", action="sts:AssumeRole", resource=None, NotPrincipal={"AWS": A})),
            "Has prohibited field NotPrincipal",
        ),
        (
            Kind.TRUST,
            text(statement(action="iam:CreateUser", resource=None, Principal="*")),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            Kind.TRUST,
            text(statement(action="*", resource=None, Principal="*")),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (Kind.SCP, text(statement(Principal="*")), "Policy document should not specify a principal."),
        (Kind.SESSION, text(statement(Principal="*")), "Policy document should not specify a principal."),
        (Kind.BOUNDARY, text(statement(Principal="*")), "Policy document should not specify a principal."),
        (Kind.RCP, text(statement(action="s3:*", Principal="*")), "The provided policy document does not meet"),
        (Kind.RCP, text(statement("Deny", action="*", Principal="*")), "The provided policy document does not meet"),
        (
            Kind.RCP,
            text(statement("Deny", action="s3:*", Principal={"AWS": A})),
            "The provided policy document does not meet",
        ),
        (
            Kind.RCP,
            text(statement("Deny", None, NotAction="s3:*", Principal="*")),
            "The provided policy document does not meet",
        ),
    ],
)
def test_each_kind_of_policy_has_its_own_rules(kind: Kind, document: str, message: str) -> None:
    assert refusal(document, kind).startswith(message)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (Kind.RESOURCE, text(statement("Deny", NotPrincipal={"AWS": [A, ROLE_ARN]}))),
        (Kind.TRUST, text(statement(action=["sts:AssumeRole", "sts:TagSession"], resource=None, Principal={"AWS": A}))),
        (Kind.SCP, text(statement("Deny", None, None, NotAction="sts:*", NotResource="arn:aws:s3:::x"))),
        (Kind.RCP, text(statement("Deny", ["s3:*", "sts:*"], Principal="*"))),
    ],
)
def test_each_kind_of_policy_accepts_its_own(kind: Kind, document: str) -> None:
    assert not parse_for_writing(document, kind).statements[0].unknown


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        # what is only not wanted means what it says: a newer validator does not change old decisions
        (Kind.IDENTITY, text(statement(Sid="a"), statement(Sid="a"))),
        (Kind.IDENTITY, text(statement(Sid="not so"))),
        (Kind.IDENTITY, text(statement(resource="arn:other:s3:::b"))),
        (Kind.IDENTITY, text(statement(Condition={"StringEquals": {"username": "x"}}))),
        (Kind.RESOURCE, text(statement(NotPrincipal={"AWS": A}))),
        (Kind.RCP, text(statement(Principal="*"))),
        (Kind.TRUST, text(statement(resource=None, Principal="*"))),
    ],
)
def test_what_is_only_unwanted_keeps_its_meaning_when_stored(kind: Kind, document: str) -> None:
    refusal(document, kind)
    assert all(not one.unknown for one in parse_stored(document, kind).statements)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "document", ["", "x", "[]", "{}", '{"Statement": []}', '{"Statement": 5}', "[" * 200_000, '{"a": 1, "a": 1}']
)
def test_a_stored_document_that_cannot_be_read_denies_everything(kind: Kind, document: str) -> None:
    only = parse_stored(document, kind).statements[0]
    assert only.verdict is Verdict.DENY
    assert only.actions == ("*",)
    assert only.resources == (None if kind is Kind.TRUST else ("*",))
    assert (only.principals == Principals(everyone=True)) is kind.names_principals
    assert only.unknown


def test_sizes_do_not_count_white_space_except_in_organization_policies() -> None:
    # 2.7
    assert policy_size(' {"a":\t"b c"}\r\n') == len('{"a":"bc"}')
    assert policy_size(' {"a":\t"b c"}\r\n', Kind.SCP) == 15
    assert policy_size(' {"a":\t"b c"}\r\n', Kind.RCP) == 15


@pytest.mark.parametrize("kind", Kind)
def test_a_fault_of_ours_while_reading_denies_everything(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr("muniment.domain.policy.document.read", fail)
    only = parse_stored(text(statement()), kind).statements[0]
    assert (only.verdict, only.actions, only.unknown) == (Verdict.DENY, ("*",), ("error RuntimeError",))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["*", "Allow", "Deny", "iam:*", "arn:aws:s3:::b", "${", "true", "5"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Version",
                    "Id",
                    "Statement",
                    "Sid",
                    "Effect",
                    "Action",
                    "NotAction",
                    "Resource",
                    "NotResource",
                    "Principal",
                    "NotPrincipal",
                    "Condition",
                    "AWS",
                    "Service",
                    "StringEquals",
                    "Null",
                    "IpAddress",
                    "a:b",
                    "Foo",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(json_values, st.sampled_from(Kind))
def test_any_json_is_refused_or_read_and_never_breaks_a_door(value: object, kind: Kind) -> None:
    written = json.dumps(value)
    stored = parse_stored(written, kind)
    assert stored.statements
    try:
        strict = parse_for_writing(written, kind)
    except MalformedPolicyDocument:
        return
    assert strict == stored
    assert all(not one.unknown for one in strict.statements)


@given(st.text(max_size=80), st.sampled_from(Kind))
def test_any_text_is_refused_or_read(written: str, kind: Kind) -> None:
    stored = parse_stored(written, kind)
    assert stored.statements
    with contextlib.suppress(MalformedPolicyDocument):
        assert parse_for_writing(written, kind) == stored
