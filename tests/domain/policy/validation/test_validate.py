"""ValidatePolicy: every check by an example, and the laws that hold for all documents.
POLICY_EVALUATION 2.4 to 2.7; IAM User Guide, "IAM policy validation check reference".
"""

from typing import Any

import pytest

from muniment.domain.policy.document import Kind
from tests.domain.policy.people import A, statement, text
from tests.domain.policy.validation.saying import OIDC, ROLE, SAML, codes, identity, of, resource, trusting, when

GOOD = [
    identity(),
    statement("Deny", "iam:*", "*", Sid="NoIAM"),
    statement(action=["iam:Get*", "sts:AssumeRole"], resource=[ROLE, f"arn:aws:iam::{A}:user/${{aws:username}}"]),
    identity(Condition={"StringLike": {"aws:PrincipalTag/team": ["a*", "b*"]}, "Null": {"aws:TagKeys": "false"}}),
    identity(Condition={"IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "2001:db8::/32"]}}),
    identity(Condition={"DateLessThan": {"aws:CurrentTime": "2030-01-01"}, "Bool": {"aws:SecureTransport": True}}),
    identity(Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}),
    statement(action="orders:Approve", resource=f"arn:muniment:app::{A}:order/*"),  # an application's own
]


@pytest.mark.parametrize("said", GOOD)
def test_there_is_nothing_to_say_about_good_policies(said: Any) -> None:
    assert of(said) == set()


@pytest.mark.parametrize(
    ("written", "kind", "expected"),
    [
        ("", Kind.IDENTITY, {"JSON_SYNTAX_ERROR"}),
        ('{"Version": "2012-10-17", "Statement": [}', Kind.IDENTITY, {"JSON_SYNTAX_ERROR"}),
        ('{"Statement": [], "Statement": []}', Kind.IDENTITY, {"JSON_SYNTAX_ERROR"}),
        ("[" * 60 + "]" * 60, Kind.IDENTITY, {"JSON_SYNTAX_ERROR"}),
        ('{"Version": "☃"}', Kind.IDENTITY, {"JSON_SYNTAX_ERROR"}),
        ("[]", Kind.IDENTITY, {"DATA_TYPE_MISMATCH"}),
        ("{}", Kind.IDENTITY, {"MISSING_VERSION", "MISSING_STATEMENT"}),
        ('{"Version": "2012-10-17", "Statement": []}', Kind.IDENTITY, {"MISSING_STATEMENT"}),
        (text(5), Kind.IDENTITY, {"DATA_TYPE_MISMATCH"}),
        (text(identity(), version="2024-01-01"), Kind.IDENTITY, {"INVALID_VERSION"}),
        (text(identity(), version=5), Kind.IDENTITY, {"DATA_TYPE_MISMATCH"}),
        (text(identity(), Id=[]), Kind.IDENTITY, {"DATA_TYPE_MISMATCH"}),
        (text(identity(), Extra="x"), Kind.IDENTITY, {"INVALID_POLICY_ELEMENT"}),
        (text(identity(Sid="a" * 11_000)), Kind.IDENTITY, {"POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA"}),
        (text(identity(Sid="a" * 11_000)), Kind.SCP, {"POLICY_SIZE_EXCEEDS_SCP_QUOTA"}),
        (text(identity(Sid="a"), identity(Sid="a", action="s3:*")), Kind.IDENTITY, {"UNIQUE_SIDS_REQUIRED"}),
        (text(identity(Sid="a b")), Kind.IDENTITY, {"UNSUPPORTED_SID"}),
        (text(identity(Sid="")), Kind.IDENTITY, {"EMPTY_SID_VALUE"}),
        (text(identity(Sid=5)), Kind.IDENTITY, {"DATA_TYPE_MISMATCH"}),
        (text(identity(Sid="a"), identity(Sid="b")), Kind.IDENTITY, {"REDUNDANT_STATEMENT"}),
    ],
)
def test_documents(written: str, kind: Kind, expected: set[str]) -> None:  # 2.6, 2.7
    assert set(codes(written, kind)) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"Foo": 1}, "INVALID_POLICY_ELEMENT"),
        ({"Effect": "allow"}, "INVALID_EFFECT"),
        ({"Effect": 1}, "DATA_TYPE_MISMATCH"),
        ({"NotAction": "s3:*"}, "UNSUPPORTED_ELEMENT_COMBINATION"),
        ({"NotResource": "*"}, "UNSUPPORTED_ELEMENT_COMBINATION"),
        ({"Principal": "*"}, "UNSUPPORTED_PRINCIPAL"),
        ({"Action": []}, "EMPTY_ARRAY_ACTION"),
        ({"Action": 5}, "DATA_TYPE_MISMATCH"),
        ({"Action": "GetObject"}, "INVALID_ACTION"),
        ({"Action": "s3:Get:Object"}, "INVALID_ACTION"),
        ({"Action": "s3:Get Object"}, "INVALID_ACTION"),
        ({"Action": "i*:GetUser"}, "INVALID_SERVICE_IN_ACTION"),
        ({"Action": "iam:CreateUsr"}, "INVALID_ACTION"),
        ({"Action": "s3:${aws:username}"}, "VARIABLE_UNSUPPORTED_IN_ELEMENT"),
        ({"Action": ["iam:Get*", "iam:getuser"]}, "REDUNDANT_ACTION"),
        ({"Action": ["s3:Get", "s3:Get"]}, "REDUNDANT_ACTION"),
        ({"Resource": []}, "EMPTY_ARRAY_RESOURCE"),
        ({"Resource": {}}, "DATA_TYPE_MISMATCH"),
        ({"Resource": "bucket"}, "INVALID_ARN_PREFIX"),
        ({"Resource": "arn:aws:s3"}, "MISSING_ARN_FIELD"),
        ({"Resource": "arn:oops:s3:::b"}, "INVALID_PARTITION"),
        ({"Resource": "arn:aws:S3:::b"}, "INVALID_ARN_SERVICE_CASE"),
        ({"Resource": "arn:aws:iam::12:user/a"}, "INVALID_ARN_ACCOUNT"),
        ({"Resource": "arn:aws:iam:::user/a"}, "MISSING_ARN_ACCOUNT"),
        ({"Resource": f"arn:aws:iam:eu-west-1:{A}:user/a"}, "ARN_REGION_NOT_ALLOWED"),
        ({"Resource": f"arn:aws:secretsmanager::{A}:secret:x"}, "MISSING_ARN_REGION"),
        ({"Resource": f"arn:aws:secretsmanager:EU_WEST:{A}:secret:x"}, "INVALID_ARN_REGION"),
        ({"Resource": f"arn:aws:iam::{A}:usr/a"}, "INVALID_ARN_RESOURCE"),
        ({"Resource": f"arn:aws:s3::{A}:b"}, "ARN_ACCOUNT_NOT_ALLOWED"),
        ({"Resource": "arn:aws:*code*::111122223333:*"}, "WILDCARD_IN_SERVICE_NAME"),
        ({"Resource": "arn:aws:s3:::b/${aws:username"}, "MISSING_BRACE_IN_VARIABLE"),
        ({"Resource": "arn:aws:s3:::b/${}"}, "EMPTY_VARIABLE"),
        ({"Resource": "arn:aws:s3:::b/${aws: username}"}, "UNSUPPORTED_SPACE_IN_VARIABLE"),
        ({"Resource": "arn:aws:s3:::b/${aws:username, x}"}, "MISSING_QUOTE_IN_VARIABLE"),
        ({"Resource": "arn:aws:s3:::b/${aws:user*}"}, "UNSUPPORTED_SYMBOL_IN_VARIABLE"),
        ({"Resource": "arn:aws:s3:${aws:RequestedRegion}::b"}, "VARIABLE_UNSUPPORTED_IN_ELEMENT"),
        ({"Resource": [f"arn:aws:iam::{A}:role/jane*", f"arn:aws:iam::{A}:role/jane-a"]}, "REDUNDANT_RESOURCE"),
        ({"Condition": []}, "DATA_TYPE_MISMATCH"),
        ({"Condition": {}}, "EMPTY_OBJECT_CONDITION"),
    ],
)
def test_statements(said: dict[str, Any], expected: str) -> None:
    assert expected in of(identity() | said)


@pytest.mark.parametrize(
    ("left_out", "expected"),
    [("Effect", "MISSING_EFFECT"), ("Action", "MISSING_ACTION"), ("Resource", "MISSING_RESOURCE")],
)
def test_elements_that_are_missing(left_out: str, expected: str) -> None:
    said = identity()
    del said[left_out]
    assert of(said) == {expected}
    assert "MISSING_PRINCIPAL" in of(identity(), kind=Kind.RESOURCE)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringMatches": {"aws:username": "a"}}, "INVALID_CONDITION_OPERATOR"),
        ({"stringEquals": {"aws:username": "a"}}, "INVALID_CONDITION_OPERATOR"),
        ({"NullIfExists": {"aws:username": "true"}}, "NULL_WITH_IF_EXISTS"),
        ({"ForAllValues:Null": {"aws:TagKeys": "true"}}, "NULL_WITH_QUALIFIER"),
        ({"StringEquals": {}}, "EMPTY_OBJECT_CONDITION"),
        ({"StringEquals": "x"}, "DATA_TYPE_MISMATCH"),
        ({"StringEquals": {"aws:username": []}}, "EMPTY_ARRAY_CONDITION"),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": []}}, "EMPTY_ARRAY_CONDITION_FORALLVALUES"),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": []}}, "EMPTY_ARRAY_CONDITION_FORANYVALUE"),
        ({"StringEqualsIfExists": {"aws:username": []}}, "EMPTY_ARRAY_CONDITION_IFEXISTS"),
        ({"StringEquals": {"aws:username": None}}, "DATA_TYPE_MISMATCH"),
        ({"StringEquals": {"username": "a"}}, "INVALID_CONDITION_KEY_FORMAT"),
        ({"StringEquals": {"aws:username": "a", "AWS:UserName": "b"}}, "DUPLICATE_KEYS_WITH_DIFFERENT_CASE"),
        ({"StringEquals": {"aws:username": ["a", 5]}}, "INVALID_CONDITION_DATA_TYPE"),
        ({"Bool": {"aws:SecureTransport": ["true", "false"]}}, "INVALID_CONDITION_MULTIPLE_BOOLEAN"),
        ({"Bool": {"aws:SecureTransport": "maybe"}}, "TYPE_MISMATCH_BOOLEAN"),
        ({"Null": {"aws:SecureTransport": "maybe"}}, "TYPE_MISMATCH_BOOLEAN"),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": "soon"}}, "TYPE_MISMATCH_NUMBER"),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": ["60", "90"]}}, "REDUNDANT_CONDITION_VALUE_NUM"),
        ({"DateLessThan": {"aws:CurrentTime": "tomorrow"}}, "TYPE_MISMATCH_DATE"),
        ({"DateLessThan": {"aws:CurrentTime": "1767225600"}}, "INVALID_DATE_VALUE"),
        ({"BinaryEquals": {"app:blob": "?"}}, "TYPE_MISMATCH_STRING"),
        ({"IpAddress": {"aws:SourceIp": "here"}}, "TYPE_MISMATCH_IP_RANGE"),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "PRIVATE_IP_ADDRESS"),
        ({"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}, "PRIVATE_NOT_IP_ADDRESS"),
        ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "198.51.100.0/24"]}}, "PRIVATE_IP_ADDRESS_SUBSET"),
        ({"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "1.2.3.4"]}}, "PRIVATE_NOT_IP_ADDRESS_SUBSET"),
        ({"IpAddress": {"aws:SourceIp": "198.51.100.7/24"}}, "IMPROVE_IP_RANGE"),
        ({"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}, "MISSING_PAIRED_CONDITION_KEYS"),
        ({"StringEquals": {"aws:SourceVpc": "vpc-1"}}, "INVALID_VPC_FORMAT"),
        ({"StringEquals": {"aws:SourceVpce": "vpc-12345678"}}, "INVALID_VPCE_FORMAT"),
        ({"StringEquals": {"aws:RequestedRegion": "EU"}}, "INVALID_REGION"),
        ({"StringEquals": {"aws:NoSuchKey": "x"}}, "INVALID_GLOBAL_CONDITION_KEY"),
        ({"ArnLike": {"aws:ARN": ROLE}}, "UNSUPPORTED_GLOBAL_CONDITION_KEY"),
        ({"StringEquals": {"iam:NoSuchKey": "x"}}, "INVALID_SERVICE_CONDITION_KEY"),
        ({"StringEquals": {"aws:PrincipalTag": "x"}}, "MISSING_TAG_KEY_IN_CONDITION"),
        ({"StringEquals": {"aws:PrincipalTag/": "x"}}, "MISSING_TAG_KEY_IN_CONDITION"),
        ({"StringEquals": {"aws:TagKeys": "x"}}, "MISSING_QUALIFIER"),
        ({"ForAllValues:StringEquals": {"aws:username": "x"}}, "FORALLVALUES_WITH_SINGLE_VALUED_KEY"),
        ({"ForAnyValue:StringEquals": {"aws:username": "x"}}, "FORANYVALUE_WITH_SINGLE_VALUED_KEY"),
        ({"StringEquals": {"aws:username": "a*"}}, "WILDCARD_WITHOUT_LIKE_OPERATOR"),
        ({"StringLike": {"aws:PrincipalArn": ROLE}}, "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS"),
        ({"StringEquals": {"aws:MultiFactorAuthPresent": "true"}}, "TYPE_MISMATCH"),
        ({"StringEquals": {"aws:SourceIp": "198.51.100.7"}}, "TYPE_MISMATCH"),
        ({"NumericEquals": {"aws:MultiFactorAuthAge": "${aws:username}"}}, "INVALID_VARIABLE_FOR_OPERATOR"),
        ({"StringEquals": {"aws:username": "${"}}, "MISSING_BRACE_IN_VARIABLE"),
    ],
)
def test_conditions(condition: dict[str, Any], expected: str) -> None:  # 2.4, 2.5
    assert expected in when(**condition)


@pytest.mark.parametrize(
    ("action", "resources", "expected"),
    [
        ({"Action": "iam:PassRole"}, {"Resource": "*"}, "PASS_ROLE_WITH_STAR_IN_RESOURCE"),
        ({"Action": "iam:*"}, {"Resource": "*"}, "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE"),
        ({"NotAction": "s3:*"}, {"Resource": "*"}, "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION"),
        ({"Action": "iam:PassRole"}, {"NotResource": ROLE}, "PASS_ROLE_WITH_NOT_RESOURCE"),
        ({"Action": "iam:*"}, {"NotResource": ROLE}, "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE"),
        ({"NotAction": "s3:*"}, {"NotResource": ROLE}, "PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE"),
        ({"Action": "iam:CreateServiceLinkedRole"}, {"Resource": "*"}, "CREATE_SLR_WITH_STAR_IN_RESOURCE"),
        ({"Action": "*"}, {"Resource": "*"}, "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE"),
        ({"NotAction": "s3:*"}, {"Resource": "*"}, "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION"),
        ({"Action": "iam:CreateServiceLinkedRole"}, {"NotResource": ROLE}, "CREATE_SLR_WITH_NOT_RESOURCE"),
        ({"Action": "iam:*"}, {"NotResource": ROLE}, "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE"),
        ({"NotAction": "s3:*"}, {"NotResource": ROLE}, "CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE"),
        ({"NotAction": "s3:*"}, {"Resource": ROLE}, "ALLOW_WITH_NOT_ACTION"),
        ({"Action": "s3:*"}, {"NotResource": ROLE}, "ALLOW_WITH_NOT_RESOURCE"),
    ],
)
def test_too_open_statements(action: dict[str, Any], resources: dict[str, Any], expected: str) -> None:
    assert expected in of({"Effect": "Allow", **action, **resources})
    assert expected not in of({"Effect": "Deny", **action, **resources})


def test_a_role_may_be_passed_to_a_named_service() -> None:
    limit = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    assert of(statement(action="iam:PassRole", resource="*", Condition=limit)) == set()
    assert of(statement(action="iam:PassRole", resource=f"arn:aws:iam::{A}:role/ec2-*")) == set()


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("ana", "INVALID_PRINCIPAL_FORMAT"),
        ([], "INVALID_PRINCIPAL_FORMAT"),
        ({}, "EMPTY_OBJECT_PRINCIPAL"),
        ({"AWS": []}, "EMPTY_ARRAY_PRINCIPAL"),
        ({"AWS": 5}, "DATA_TYPE_MISMATCH"),
        ({"Robot": "x"}, "INVALID_PRINCIPAL_KEY"),
        ({"AWS": f"arn:aws:iam::{A}:user/*"}, "UNSUPPORTED_WILDCARD_IN_PRINCIPAL"),
        ({"Service": "*"}, "UNSUPPORTED_WILDCARD_IN_PRINCIPAL"),
        ({"AWS": f"arn:aws:iam::{A}:group/g"}, "INVALID_PRINCIPAL_FORMAT"),
        ({"AWS": "AIDAAAAAAAAAAAAAAAANA"}, "INVALID_USER_REFERENCE"),
        ({"AWS": "AROAAAAAAAAAAAAAAAANA"}, "INVALID_ROLE_REFERENCE"),
        ({"Service": "ec2"}, "INVALID_SERVICE_PRINCIPAL_FORMAT"),
        ({"Federated": SAML}, "FEDERATED_PRINCIPAL_NOT_SUPPORTED"),
        ({"Service": "sns.amazonaws.com"}, "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL"),
        ({"AWS": f"arn:aws:iam::{A}:user/${{aws:username}}"}, "VARIABLE_UNSUPPORTED_IN_ELEMENT"),
    ],
)
def test_principals(principal: Any, expected: str) -> None:
    assert expected in resource(principal)


def test_services_act_for_somebody_and_are_in_no_organization() -> None:
    service = {"Service": "sns.amazonaws.com"}
    assert resource(service, Condition={"StringEquals": {"aws:SourceAccount": A}}) == set()
    inside = {"StringEquals": {"aws:SourceAccount": A, "aws:PrincipalOrgID": "o-1"}}
    assert resource(service, Condition=inside) == {"UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL"}


def test_everyone_but() -> None:
    excluded = identity(NotPrincipal={"AWS": ROLE})
    assert "ALLOW_WITH_NOT_PRINCIPAL" in of(excluded, kind=Kind.RESOURCE)
    session = f"arn:aws:sts::{A}:assumed-role/r/s"
    deny = {**identity(), "Effect": "Deny"}
    assert of({**deny, "NotPrincipal": {"AWS": session}}, kind=Kind.RESOURCE) == {"NOT_PRINCIPAL_WITHOUT_ACCOUNT"}
    assert of({**deny, "NotPrincipal": {"AWS": [session, A]}}, kind=Kind.RESOURCE) == {"NOT_PRINCIPAL_WITHOUT_ACCOUNT"}
    assert of({**deny, "NotPrincipal": {"AWS": [session, A, ROLE]}}, kind=Kind.RESOURCE) == set()


@pytest.mark.parametrize(
    ("principal", "action", "more", "expected"),
    [
        ("*", "sts:AssumeRole", {}, "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL"),
        ({"AWS": A}, "sts:AssumeRole", {"Resource": "*"}, "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE"),
        ({"AWS": A}, "sts:AssumeRole", {"NotPrincipal": "*"}, "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL"),
        ({"AWS": A}, "*", {}, "UNSUPPORTED_ACTION_IN_POLICY"),
        ({"AWS": A}, "iam:GetUser", {}, "UNSUPPORTED_ACTION_IN_POLICY"),
        ({"Federated": SAML}, "sts:AssumeRole", {}, "MISMATCHED_ACTION_FOR_PRINCIPAL"),
        ({"Federated": SAML}, "sts:AssumeRoleWithWebIdentity", {}, "MISMATCHED_ACTION_FOR_PRINCIPAL"),
        ({"Federated": OIDC}, "sts:AssumeRoleWithSAML", {}, "MISMATCHED_ACTION_FOR_PRINCIPAL"),
        ({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity", {}, "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL"),
        ({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity", {}, "MISSING_GITHUB_REPO_CONDITION_KEY"),
        (
            {"Federated": "corp"},
            "sts:AssumeRoleWithSAML",
            {},
            "INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY",
        ),
        (
            {"Service": "rolesanywhere.amazonaws.com"},
            "sts:AssumeRole",
            {},
            "MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY",
        ),
        (
            {"AWS": A},
            "sts:AssumeRole",
            {"Condition": {"StringEquals": {"sts:SourceIdentity": "x"}}},
            "MISSING_ACTION_FOR_CONDITION_KEY",
        ),
    ],
)
def test_trust_policies(principal: Any, action: str, more: dict[str, Any], expected: str) -> None:
    assert expected in trusting(principal, action, **more)


def test_a_good_trust_policy() -> None:
    assert trusting({"AWS": ROLE, "Service": "ec2.amazonaws.com"}) == set()
    claims = {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:a/b:ref:refs/heads/main"}}
    assert trusting({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity", Condition=claims) == set()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"Effect": "Allow"}, "RCP_SYNTAX_ERROR_ALLOW"),
        ({"Principal": {"AWS": A}}, "RCP_SYNTAX_ERROR_PRINCIPAL"),
        ({"NotAction": "s3:*"}, "RCP_SYNTAX_ERROR_NOTACTION"),
        ({"Action": "*"}, "RCP_SYNTAX_ERROR_ACTION"),
        ({"Action": "ec2:*"}, "RCP_SYNTAX_ERROR_ACTION"),
        ({"Sid": "a" * 6_000}, "POLICY_SIZE_EXCEEDS_RCP_QUOTA"),
    ],
)
def test_resource_control_policies(said: dict[str, Any], expected: str) -> None:
    denying = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    assert of(denying, kind=Kind.RCP) == set()
    assert expected in of(denying | said, kind=Kind.RCP)


def test_other_kinds() -> None:
    assert of(identity(Principal="*"), kind=Kind.SCP) == {"SCP_SYNTAX_ERROR_PRINCIPAL"}
    long = statement(action="sts:AssumeRole", resource=None, Principal={"AWS": A}, Sid="a" * 5_000)
    assert of(long, kind=Kind.TRUST) == {"POLICY_SIZE_EXCEEDS_TRUST_POLICY_QUOTA"}
    assert of(identity(Resource="arn:aws:s3:::b/${aws:username}"), version="2008-10-17") == {
        "VARIABLE_UNSUPPORTED_IN_VERSION"
    }
