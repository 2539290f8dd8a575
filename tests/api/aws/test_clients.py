"""Whole conversations in one process: real boto3 clients, unchanged but for an endpoint URL, against the pure functions."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from muniment.api.aws.http import HTTPRequest
from muniment.api.aws.protocols import Call, identify, parse, render, render_refusal
from muniment.api.aws.signature import parse_authorization, verify
from muniment.api.aws.signing_keys import SigningKeys
from muniment.api.aws.validation import validate
from muniment.domain.errors import MissingAuthenticationToken, NoSuchEntity, Refused

KEY_ID, SECRET, TOKEN = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "the/session+token=="
ENDPOINT = "http://127.0.0.1:4711"


class Raw:
    """What botocore reads a body from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body


class Site:
    """The front as an application would join it: verify, parse, validate, answer from a table."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, dict[str, Any] | Refused] = {}
        self.keys = SigningKeys()

    def client(self, service: str, region: str = "us-east-1", token: str | None = TOKEN, **config: Any) -> Any:
        client = boto3.client(
            service, region_name=region, endpoint_url=ENDPOINT, aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET,
            aws_session_token=token, config=Config(retries={"total_max_attempts": 1}, **config),
        )  # fmt: skip
        client.meta.events.register("before-send.*.*", self._send)
        return client

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        url, body = urlsplit(request.url), request.body or b""
        headers = [
            (name.lower(), text if isinstance(text, str) else text.decode()) for name, text in request.headers.items()
        ]
        body = body.encode() if isinstance(body, str) else bytes(body)
        answer = self.serve(HTTPRequest(request.method, url.path, url.query, [("host", url.netloc), *headers], body))
        return AWSResponse(request.url, answer.status, dict(answer.headers), Raw(answer.body))

    def serve(self, http: HTTPRequest) -> Any:
        try:
            claimed = parse_authorization(http)
            if claimed is not None:
                self.keys.verify(claimed, http, 1, lambda: SECRET, int(time.time() * 1_000_000))
            call = parse(http, claimed)
            if claimed is None and call.operation.signed:
                raise MissingAuthenticationToken("Request is missing Authentication Token")
            params = validate(call.operation, call.params)
            self.calls.append(Call(call.service, call.action, params, call.protocol))
            result = self.answers.get(call.action, {})
            if isinstance(result, Refused):
                raise result
            return render(call, result, "req-1")
        except Refused as refused:
            return render_refusal(identify(http), refused, "req-1")


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Site:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    return Site()


CONVERSATIONS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("iam", "create_user", {"UserName": "ana", "Tags": [{"Key": "tëam", "Value": "a b+c/d=é"}]},
     {"User": {"UserName": "ana", "Path": "/", "UserId": "AIDAEXAMPLEEXAMPLE", "Arn": "arn:aws:iam::1:user/ana",
               "CreateDate": 1_767_323_045_000_000}}),
    ("iam", "list_users", {"MaxItems": 3, "PathPrefix": "/a/"}, {"Users": [], "IsTruncated": False}),
    ("iam", "get_account_summary", {}, {"SummaryMap": {"Users": 3, "UsersQuota": 5000}}),
    ("sts", "get_caller_identity", {}, {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:root", "UserId": "1"}),
    ("organizations", "describe_account", {"AccountId": "123456789012"}, {"Account": {"Id": "123456789012", "Name": "<x>"}}),
    ("cloudtrail", "lookup_events", {"MaxResults": 5, "LookupAttributes": [{"AttributeKey": "EventName",
     "AttributeValue": "CreateUser"}]}, {"Events": [{"EventTime": 1_767_323_045_500_000, "EventName": "CreateUser"}]}),
    ("secretsmanager", "put_secret_value", {"SecretId": "s", "SecretBinary": b"\x00\xff", "ClientRequestToken": "x" * 32},
     {"ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:s-abcdef", "VersionStages": ["AWSCURRENT"]}),
    ("sso-admin", "list_instances", {"MaxResults": 10}, {"Instances": [{"CreatedDate": 1_767_323_045_000_000}]}),
    ("identitystore", "list_users", {"IdentityStoreId": "d-1234567890"}, {"Users": []}),
    ("accessanalyzer", "list_tags_for_resource", {"resourceArn": "arn:aws:access-analyzer:us-east-1:1:analyzer/a b/c"},
     {"tags": {"k": "v"}}),
    ("rolesanywhere", "create_profile", {"name": "p", "roleArns": ["arn:aws:iam::123456789012:role/r"]},
     {"profile": {"name": "p"}}),
    ("verifiedpermissions", "list_policy_stores", {"maxResults": 5}, {"policyStores": []}),
    ("account", "list_regions", {"MaxResults": 5}, {"Regions": [{"RegionName": "us-east-1"}]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("service", "method", "params", "result"), CONVERSATIONS, ids=[f"{c[0]}.{c[1]}" for c in CONVERSATIONS]
)
@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_boto3_works_with_only_an_endpoint_url(site, service, method, params, result, region):
    client = site.client(service, region)
    action = client.meta.method_to_api_mapping[method]
    site.answers[action] = result
    answer = getattr(client, method)(**params)
    call = site.calls[0]
    assert (call.service, call.action) == (service, action)
    assert {name: call.params[name] for name in params} == params
    assert answer.pop("ResponseMetadata")["RequestId"] == "req-1"
    assert set(answer) == set(result)
    site.answers[action] = NoSuchEntity("It is not <there> & never was")
    with pytest.raises(ClientError, match="It is not <there> & never was") as raised:
        getattr(client, method)(**params)
    assert raised.value.response["Error"]["Code"] == "NoSuchEntity"


def test_a_policy_document_arrives_as_a_document(site):
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Sid":"é"}]}'
    site.answers["GetUserPolicy"] = {"UserName": "ana", "PolicyName": "p", "PolicyDocument": document}
    answer = site.client("iam").get_user_policy(UserName="ana", PolicyName="p")
    assert answer["PolicyDocument"]["Statement"][0]["Sid"] == "é"
    site.client("iam").put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=document)
    assert site.calls[-1].params["PolicyDocument"] == document


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize("method", ["GET", "POST"])  # boto3's default is the model's, POST
def test_a_presigned_get_caller_identity_is_a_login(site, token, method):  # Vault and EKS send these
    site.answers["GetCallerIdentity"] = {"Account": "123456789012"}
    client = site.client("sts", token=token)
    url = urlsplit(client.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod=method))
    http = HTTPRequest(method, url.path, url.query, [("host", url.netloc), ("user-agent", "curl")], b"")
    assert b"<Account>123456789012</Account>" in site.serve(http).body
    claimed = parse_authorization(http)
    assert (claimed.token, claimed.expires, claimed.service) == (token, 60, "sts")
    assert site.calls[0].params == {}
    with pytest.raises(Refused):
        verify(claimed, http, SECRET, int((time.time() + 61) * 1_000_000))


def test_unsigned_operations_need_no_signature_and_others_do(site):
    client = site.client("sts")
    client.assume_role_with_web_identity(
        RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="ana", WebIdentityToken="a.b.c" * 10
    )
    assert site.calls[0].action == "AssumeRoleWithWebIdentity"
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    answer = site.serve(HTTPRequest("POST", "/", "", [("host", "x")], body))
    assert (answer.status, b"<Code>MissingAuthenticationToken</Code>" in answer.body) == (403, True)


@pytest.mark.parametrize(
    ("service", "method", "code", "status"),
    [("iam", "list_users", "SignatureDoesNotMatch", 403),
     ("organizations", "list_accounts", "InvalidSignatureException", 400),
     ("accessanalyzer", "list_analyzers", "InvalidSignatureException", 403)],
)  # fmt: skip
def test_a_wrong_secret_is_told_in_each_protocol(site, service, method, code, status):
    client = boto3.client(
        service, region_name="us-east-1", endpoint_url=ENDPOINT, aws_access_key_id=KEY_ID, aws_secret_access_key="wrong"
    )
    client.meta.events.register("before-send.*.*", site._send)
    with pytest.raises(ClientError) as raised:
        getattr(client, method)()
    error = raised.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert error["Error"]["Message"].startswith("The request signature we calculated does not match")


def test_a_bad_parameter_is_told_in_awss_words(site):
    client = site.client("iam", parameter_validation=False)
    with pytest.raises(ClientError) as raised:
        client.create_user(UserName="a b")
    assert raised.value.response["Error"] == {
        "Type": "Sender",
        "Code": "ValidationError",
        "Message": r"1 validation error detected: Value at 'userName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+=,.@-]+",
    }
