"""Every operation of every service, with botocore as the client: what it sends we read, what we answer it reads."""

from typing import Any

import botocore.session
import pytest

from muniment.api.aws import models
from muniment.api.aws.http import HTTPRequest
from muniment.api.aws.protocols import Call, Target, identify, parse, render, render_error, render_refusal
from muniment.domain.errors import NoSuchEntity, Refused, ServiceUnavailable

MUST = ("iam", "sts", "organizations", "cloudtrail", "secretsmanager")
SEEDS = 3


def claim(service: models.ServiceModel) -> Any:
    from muniment.api.aws.signature import Claimed

    return Claimed("AKIDEXAMPLE", "20260102", "us-east-1", service.signing_name, ("host",), "0" * 64, 0, "")


@pytest.mark.parametrize("name", models.SERVICES)
def test_every_request_that_botocore_writes_is_read_back_equal(name, botocore_model, values, request_by_botocore):
    ours, theirs = models.service(name), botocore_model(name)
    for operation_name in theirs.operation_names:
        operation = theirs.operation_model(operation_name)
        for seed in range(SEEDS if operation.input_shape else 1):
            given, expected = {}, {}
            if operation.input_shape is not None:
                generator = values(f"{name}.{operation_name}.{seed}", theirs.metadata["protocol"])
                given, expected = generator.of(operation.input_shape, top=True)
            call = parse(request_by_botocore(operation, given), claim(ours))
            assert (call.service, call.action) == (name, operation_name)
            assert call.params == expected, operation_name


@pytest.mark.parametrize("name", models.SERVICES)
def test_every_answer_that_we_write_is_read_back_equal_by_botocore(name, botocore_model, values, parsed_by_botocore):
    ours, theirs = models.service(name), botocore_model(name)
    for operation_name in theirs.operation_names:
        operation = theirs.operation_model(operation_name)
        call = Call(name, operation_name, {}, ours.protocol)
        for seed in range(SEEDS if operation.output_shape else 1):
            expected, result = {}, {}
            if operation.output_shape is not None:
                generator = values(f"{name}.{operation_name}.{seed}", theirs.metadata["protocol"], answers=True)
                expected, result = generator.of(operation.output_shape, top=True)
            parsed = parsed_by_botocore(operation, render(call, result, "req-1"))
            assert parsed.pop("ResponseMetadata")["RequestId"] == "req-1"
            assert parsed == expected, operation_name


def test_the_services_and_their_operations_are_all_there(botocore_model):
    counted = {name: len(botocore_model(name).operation_names) for name in models.SERVICES}
    assert {name: len(models.service(name).operation_names) for name in models.SERVICES} == counted
    assert set(MUST) <= set(counted)
    assert sum(counted.values()) >= 558  # INTERFACES 6


@pytest.mark.parametrize(
    ("service", "action", "code", "status"),
    [
        ("iam", "GetUser", "NoSuchEntity", 404),
        ("sts", "AssumeRole", "AccessDenied", 403),
        ("organizations", "DescribeAccount", "AccountNotFoundException", 400),
        ("cloudtrail", "LookupEvents", "InvalidLookupAttributesException", 400),
        ("secretsmanager", "GetSecretValue", "ResourceNotFoundException", 400),
        ("accessanalyzer", "GetAnalyzer", "ResourceNotFoundException", 404),
    ],
)
def test_an_error_reaches_the_client_with_code_message_and_request_id(
    service, action, code, status, botocore_model, parsed_by_botocore
):
    protocol = models.service(service).protocol
    message = "The user with name <ana & ben> cannot be found: “ü”\x00."
    answer = render_error(Call(service, action, {}, protocol), code, message, status, "req-2")
    parsed = parsed_by_botocore(botocore_model(service).operation_model(action), answer)
    assert parsed["Error"]["Code"] == code
    assert parsed["Error"]["Message"] == message.replace("\x00", "\ufffd" if protocol == "query" else "\x00")
    assert parsed["ResponseMetadata"]["RequestId"] == "req-2"
    assert parsed["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize(
    ("service", "expected"),
    [("iam", "AccessDenied"), ("organizations", "AccessDeniedException"), ("accessanalyzer", "AccessDeniedException")],
)
def test_common_errors_are_called_as_each_protocol_calls_them(service, expected, botocore_model, parsed_by_botocore):
    target = Target(service, models.service(service).protocol)
    operation = botocore_model(service).operation_model(botocore_model(service).operation_names[0])
    assert (
        parsed_by_botocore(operation, render_error(target, "AccessDenied", "no", 403, "r"))["Error"]["Code"] == expected
    )


def test_a_fault_of_ours_is_the_receivers():
    assert b"<Type>Receiver</Type>" in render_refusal("query", ServiceUnavailable("wait"), "r").body
    assert b"<Type>Sender</Type>" in render_refusal("query", NoSuchEntity("no"), "r").body


def test_boto3_raises_the_modelled_exception():
    session = botocore.session.Session()
    client = session.create_client(
        "iam",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        endpoint_url="https://x.invalid",
    )
    answer = render_refusal(Call("iam", "GetUser", {}, "query"), NoSuchEntity("gone"), "r")

    class Response:
        status_code, headers, content, raw = answer.status, dict(answer.headers), answer.body, None

    client.meta.events.register_first("before-send.*.*", lambda **_: Response())
    with pytest.raises(client.exceptions.NoSuchEntityException, match="gone"):
        client.get_user(UserName="ana")


# Unsigned calls: the service is found from Action and Version, target or path (DESIGN 6)


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        (("POST", "/", "", b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15"), ("sts", "query")),
        (("POST", "/", "", b"Action=GetUser&Version=2010-05-08"), ("iam", "query")),
        (("POST", "/", "", b"Action=GetCallerIdentity"), ("sts", "query")),
        (("POST", "/token", "", b"{}"), ("sso-oidc", "rest-json")),
        (("POST", "/token", "aws_iam=t", b"{}"), ("sso-oidc", "rest-json")),
        (("GET", "/assignment/accounts", "", b""), ("sso", "rest-json")),
        (("POST", "/v1/token", "", b"{}"), ("signin", "rest-json")),
        (("GET", "/analyzer/x", "", b""), ("accessanalyzer", "rest-json")),
    ],
)
def test_an_unsigned_call_finds_its_service(request_line, expected):
    method, path, query, body = request_line
    target = identify(HTTPRequest(method, path, query, [("host", "x")], body))
    assert (target.service, target.protocol) == expected


def test_an_unsigned_json_call_finds_its_service_by_its_target():
    headers = [("host", "x"), ("x-amz-target", "AWSOrganizationsV20161128.ListAccounts")]
    assert identify(HTTPRequest("POST", "/", "", headers, b"{}")) == Target("organizations", "json", "ListAccounts")


@pytest.mark.parametrize("path", ["/", "/nowhere", "/../..", "/%ff", "//"])
@pytest.mark.parametrize(
    "headers", [[], [("x-amz-target", "No.Thing")], [("authorization", "AWS4-HMAC-SHA256 broken")]]
)
def test_a_request_that_names_nothing_is_refused_and_still_answered(path, headers):
    http = HTTPRequest("POST", path, "", [("host", "x"), *headers], b"\xff\xfe")
    with pytest.raises(Refused) as refused:
        parse(http)
    answer = render_refusal(identify(http), refused.value, "r")
    assert 400 <= answer.status < 500
    assert answer.body


def test_a_signed_call_belongs_to_the_service_of_its_scope_whatever_else_it_says():
    headers = [("host", "x"), ("x-amz-target", "AWSOrganizationsV20161128.ListAccounts")]
    http = HTTPRequest("POST", "/", "", headers, b"Action=ListUsers&Version=2010-05-08")
    assert parse(http, claim(models.service("iam"))).action == "ListUsers"
    with pytest.raises(Refused):
        parse(http, claim(models.service("sts")))
