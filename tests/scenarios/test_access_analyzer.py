"""Policies validated and compared through boto3 and the aws CLI."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.muniment_server import AWS
from tests.scenarios.refusing import refused

A = "111122223333"
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
TRUST = {"Effect": "Allow", "Principal": {"AWS": A}, "Action": "sts:AssumeRole"}


def written(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def analyzer(calm):
    return calm.server.client("accessanalyzer")


def test_findings_have_what_clients_read(analyzer):
    said = '{"Sid": "", "Effect": "Permit", "Action": "iam:*", "Resource": "*"}'
    document = f'{{\n  "Version": "2012-10-17",\n  "Statement": {said}\n}}'
    answer = analyzer.validate_policy(policyDocument=document, policyType="IDENTITY_POLICY")
    by_code = {finding["issueCode"]: finding for finding in answer["findings"]}
    assert set(by_code) == {"EMPTY_SID_VALUE", "INVALID_EFFECT"}
    effect = by_code["INVALID_EFFECT"]
    assert effect["findingType"] == "ERROR"
    assert effect["findingDetails"] == "The effect Permit is not valid. Use Allow or Deny."
    assert effect["learnMoreLink"].endswith("#access-analyzer-reference-policy-checks-error-invalid-effect")
    (location,) = effect["locations"]
    assert location["path"] == [{"value": "Statement"}, {"value": "Effect"}]
    span = location["span"]
    assert document[span["start"]["offset"] : span["end"]["offset"]] == '"Permit"'
    assert (span["start"]["line"], span["start"]["column"]) == (3, document.splitlines()[2].index('"Permit"'))


@pytest.mark.parametrize(
    ("policy_type", "statement", "code"),
    [
        ("IDENTITY_POLICY", {**ALLOW, "Principal": "*"}, "UNSUPPORTED_PRINCIPAL"),
        ("RESOURCE_POLICY", ALLOW, "MISSING_PRINCIPAL"),
        ("SERVICE_CONTROL_POLICY", {**ALLOW, "Principal": "*"}, "SCP_SYNTAX_ERROR_PRINCIPAL"),
        ("RESOURCE_CONTROL_POLICY", {**ALLOW, "Principal": "*"}, "RCP_SYNTAX_ERROR_ALLOW"),
        ("RESOURCE_POLICY", {**TRUST, "Principal": "*"}, "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL"),
    ],
)
def test_every_type_of_policy(analyzer, policy_type, statement, code):
    found = analyzer.validate_policy(policyDocument=written(statement), policyType=policy_type)["findings"]
    assert [finding["issueCode"] for finding in found] == [code]


def test_a_resource_type_says_which_resource_policy_it_is(analyzer):
    said = {
        "policyDocument": written({**TRUST, "Resource": "*"}),
        "validatePolicyResourceType": "AWS::IAM::AssumeRolePolicyDocument",
    }
    found = analyzer.validate_policy(policyType="RESOURCE_POLICY", **said)["findings"]
    assert [finding["issueCode"] for finding in found] == ["ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE"]
    with refused("ValidationException", 400, ".*only for policies of the type RESOURCE_POLICY"):
        analyzer.validate_policy(policyType="IDENTITY_POLICY", **said)


def test_findings_come_in_pages(analyzer):
    document = written(*({"Sid": f"s{n}"} for n in range(7)))
    said = {"policyDocument": document, "policyType": "IDENTITY_POLICY"}
    pages = list(analyzer.get_paginator("validate_policy").paginate(**said, PaginationConfig={"PageSize": 4}))
    assert len(pages) > 2
    found = [finding for page in pages for finding in page["findings"]]
    assert found == analyzer.validate_policy(**said)["findings"]
    token = pages[0]["nextToken"]
    with refused("ValidationException", 400, "Invalid nextToken: .*"):
        analyzer.validate_policy(policyDocument=written(ALLOW), policyType="IDENTITY_POLICY", nextToken=token)
    for size in (0, 1_001):
        with refused("ValidationException", 400, ".*maxResults must be between 1 and 1000.*"):
            analyzer.validate_policy(**said, maxResults=size)


def test_whatever_creating_refuses_is_an_error_and_what_has_none_is_created(analyzer, calm):
    iam = calm.server.client("iam")
    for number, statement in enumerate(
        [ALLOW, {**ALLOW, "Foo": 1}, {**ALLOW, "Condition": {"X": {}}}, {**ALLOW, "Action": []}]
    ):
        found = analyzer.validate_policy(policyDocument=written(statement), policyType="IDENTITY_POLICY")["findings"]
        errors = [finding for finding in found if finding["findingType"] == "ERROR"]
        try:
            iam.create_policy(PolicyName=f"validated{number}", PolicyDocument=written(statement))
            assert not errors
        except ClientError as error:
            assert error.response["Error"]["Code"] == "MalformedPolicyDocument"
            assert errors


def test_no_new_access(analyzer):
    def check(new, existing, policy_type="IDENTITY_POLICY"):
        return analyzer.check_no_new_access(
            newPolicyDocument=written(*new), existingPolicyDocument=written(*existing), policyType=policy_type
        )

    wide = {**ALLOW, "Action": "s3:*", "Sid": "Wide"}
    assert check([ALLOW], [wide])["result"] == "PASS"
    answer = check([ALLOW, wide], [ALLOW])
    assert answer["result"] == "FAIL"
    assert answer["message"] == "The modified permissions grant new access compared to your existing policy."
    (reason,) = answer["reasons"]
    assert reason == {
        "description": "New access in the statement with sid: Wide.",
        "statementIndex": 1,
        "statementId": "Wide",
    }
    mfa = {**TRUST, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    assert check([mfa], [TRUST], "RESOURCE_POLICY")["result"] == "PASS"
    assert check([TRUST], [mfa], "RESOURCE_POLICY")["result"] == "FAIL"


def test_access_not_granted(analyzer):
    def check(*statements, **access):
        return analyzer.check_access_not_granted(
            policyDocument=written(*statements), access=[access], policyType="IDENTITY_POLICY"
        )

    assert check(ALLOW, actions=["s3:PutObject", "iam:*"])["result"] == "PASS"
    answer = check(ALLOW, actions=["s3:Get*"], resources=["arn:aws:s3:::b/secret"])
    assert (answer["result"], answer["reasons"][0]["statementIndex"]) == ("FAIL", 0)
    assert check(ALLOW, resources=["arn:aws:s3:::other/*"])["result"] == "PASS"
    with refused("InvalidParameterException", 400, "access must name at least one action or resource"):
        check(ALLOW)
    for bad in ({"actions": ["GetObject"]}, {"resources": ["b"]}, {"resources": ["arn:aws:*:::b"]}):
        with refused("InvalidParameterException", 400, "The (action|resource) .* is not valid: .*"):
            check(ALLOW, **bad)


def test_no_public_access(analyzer):
    def check(statement, resource_type="AWS::SecretsManager::Secret"):
        return analyzer.check_no_public_access(policyDocument=written(statement), resourceType=resource_type)

    everyone = {**ALLOW, "Principal": "*"}
    answer = check(everyone)
    assert answer["result"] == "FAIL"
    assert answer["message"] == "The resource policy grants public access for the given resource type."
    ours = {**everyone, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}
    assert check(ours)["result"] == "PASS"
    assert check(TRUST, "AWS::IAM::AssumeRolePolicyDocument")["result"] == "PASS"
    with refused("ValidationException", 400):
        check(everyone, "AWS::Nothing::AtAll")


def test_bad_documents_are_refused_by_checks(analyzer):
    with refused("InvalidParameterException", 400, r"policyDocument is not a valid policy: .* at line 1, column 2\)"):
        analyzer.check_no_public_access(policyDocument="{x", resourceType="AWS::S3::Bucket")
    for call, said in (
        (analyzer.validate_policy, {"policyType": "IDENTITY_POLICY"}),
        (analyzer.check_no_public_access, {"resourceType": "AWS::S3::Bucket"}),
    ):
        with refused("ValidationException", 400, ".*policyDocument has more than 131072 characters"):
            call(policyDocument="[" * 131_073, **said)
    deep = analyzer.validate_policy(policyDocument="[" * 1_000, policyType="IDENTITY_POLICY")["findings"]
    assert [finding["issueCode"] for finding in deep] == ["JSON_SYNTAX_ERROR"]


def test_each_question_is_authorized(server, member):
    other = member("val", {"Effect": "Allow", "Action": "access-analyzer:ValidatePolicy", "Resource": "*"})
    analyzer = other("accessanalyzer")
    assert analyzer.validate_policy(policyDocument=written(ALLOW), policyType="IDENTITY_POLICY")["findings"] == []
    with refused(
        "AccessDeniedException",
        403,
        rf"User: arn:aws:iam::{server.account}:user/val is not authorized to perform: access-analyzer:CheckNoPublicAccess "
        r"on resource: \* because no identity-based policy allows the access-analyzer:CheckNoPublicAccess action",
    ):
        analyzer.check_no_public_access(policyDocument=written(ALLOW), resourceType="AWS::S3::Bucket")


def test_with_the_aws_cli(calm, tmp_path):
    (tmp_path / "old.json").write_text(written(ALLOW))
    (tmp_path / "new.json").write_text(written({**ALLOW, "Action": "iam:*", "Resource": "*"}))
    run = calm.server.run
    found = run(AWS, "accessanalyzer", "validate-policy", "--policy-type", "IDENTITY_POLICY",
                "--policy-document", f"file://{tmp_path}/new.json", "--query", "findings[].issueCode",
                "--output", "text")  # fmt: skip
    assert "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE" in found.stdout
    checked = run(AWS, "accessanalyzer", "check-no-new-access", "--policy-type", "IDENTITY_POLICY",
                  "--new-policy-document", f"file://{tmp_path}/new.json",
                  "--existing-policy-document", f"file://{tmp_path}/old.json", "--query", "result", "--output", "text")  # fmt: skip
    assert checked.stdout.strip() == "FAIL"


def test_a_policy_that_does_not_compile_is_refused_wherever_one_is_written(server):
    iam = server.client("iam")
    iam.create_user(UserName="ana")
    iam.create_group(GroupName="staff")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=written(TRUST))
    arn = iam.create_policy(PolicyName="p", PolicyDocument=written(ALLOW))["Policy"]["Arn"]
    bad = written({**ALLOW, "Condition": {"StringSounds": {"aws:username": "a"}}})
    for call, said in (
        (iam.create_policy, {"PolicyName": "q", "PolicyDocument": bad}),
        (iam.create_policy_version, {"PolicyArn": arn, "PolicyDocument": bad}),
        (iam.put_user_policy, {"UserName": "ana", "PolicyName": "q", "PolicyDocument": bad}),
        (iam.put_group_policy, {"GroupName": "staff", "PolicyName": "q", "PolicyDocument": bad}),
        (iam.put_role_policy, {"RoleName": "r", "PolicyName": "q", "PolicyDocument": bad}),
        (iam.create_role, {"RoleName": "s", "AssumeRolePolicyDocument": bad}),
        (iam.update_assume_role_policy, {"RoleName": "r", "PolicyDocument": bad}),
    ):
        with refused("MalformedPolicyDocument", 400):
            call(**said)
