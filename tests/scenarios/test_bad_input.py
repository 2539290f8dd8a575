"""What bad input gets: a clear refusal, in time, with nothing half done."""

import json
import time
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from tests.scenarios.wire import FORM

VERSION = "Version=2010-05-08"
CREATE = f"Action=CreateUser&{VERSION}"
SECONDS_MAX = 3.0  # generous: other work shares the machine


def nobody(wire):
    """That there are no users, as a way to see that nothing was half done."""
    return b"<UserName>" not in wire.call("ListUsers").body


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (b"", {"MissingAction"}),
        (b"Action=", {"MissingAction"}),
        (b"action=ListUsers", {"MissingAction"}),
        (b"Action=Nope&Version=2010-05-08", {"InvalidAction"}),
        (b"Action=listusers&Version=2010-05-08", {"InvalidAction"}),
        (b"Action=ListUsers&Version=2011-06-15", {"InvalidAction"}),
        (b"Action=ListUsers&Version=x", {"InvalidAction"}),
        (b"Action=" + b"A" * 100_000, {"InvalidAction"}),
        (b"Action=<b>&Version=2010-05-08", {"InvalidAction"}),
        (b"Action=%00&Version=2010-05-08", {"InvalidAction"}),
        (b"Action=ListUsers&Action=ListUsers&" + VERSION.encode(), {"MalformedQueryString"}),
        (CREATE.encode() + b"&UserName=a&UserName=b", {"MalformedQueryString"}),
        (CREATE.encode() + b"&UserName=a&User%4eame=b", {"MalformedQueryString"}),
        (CREATE.encode() + b"&UserName=%", {"MalformedQueryString"}),
        (CREATE.encode() + b"&UserName=%zz", {"MalformedQueryString"}),
        (CREATE.encode() + b"&UserName=%ff%fe", {"MalformedQueryString"}),
        (CREATE.encode() + b"&UserName=\xff", {"MalformedQueryString"}),
        (CREATE.encode() + b"&UserName=%ed%a0%80", {"MalformedQueryString"}),
        (CREATE.encode(), {"ValidationError"}),
        (CREATE.encode() + b"&UserName", {"ValidationError"}),
        (CREATE.encode() + b"&UserName.member.1=a", {"MalformedInput"}),
        (CREATE.encode() + b"&UserName=a&Tags=x", {"MalformedInput"}),
        (CREATE.encode() + b"&UserName=a&Tags.member.2.Key=k&Tags.member.2.Value=v", {"MalformedInput"}),
        (CREATE.encode() + b"&UserName=a&Tags.member.1.Key=k", {"ValidationError"}),
        (CREATE.encode() + b"&UserName=a&Tags.member.1=k", {"MalformedInput"}),
        (CREATE.encode() + b"&UserName=a&Tags." + b"a." * 5_000 + b"b=c", {"MalformedInput"}),
        (CREATE.encode() + b"&UserName=a" + b"&x=1" * 20_000, {"MalformedQueryString"}),
        (CREATE.encode() + b"&UserName=" + b"a" * 1_000_000, {"ValidationError"}),
        (CREATE.encode() + b"&UserName=" + b"%41" * 340_000, {"ValidationError"}),
        (b'{"Action":"ListUsers"}', {"MissingAction", "MalformedQueryString"}),
        (b"<xml/>", {"MissingAction"}),
        (b"\x00" * 1_000, {"MissingAction", "MalformedQueryString"}),
        (b"&" * 9_000, {"MissingAction"}),
        (b"=" * 9_000, {"MissingAction"}),
    ],
    ids=lambda value: repr(value[:60]) if isinstance(value, bytes) else "",
)
def test_a_form_that_cannot_be_read_is_refused(calm, body, codes):
    began = time.monotonic()
    answer = calm.form(body)
    assert time.monotonic() - began < SECONDS_MAX
    assert answer.status in (400, 413)
    assert answer.code in codes, answer
    assert len(answer.body) < 4_096, "the refusal repeats what it was sent"
    assert nobody(calm)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"x"',
        b"nul",
        b'{"UserName":"a",}',
        b'{"UserName":"a","UserName":"b"}',
        b'{"UserName":NaN}',
        b'{"UserName":"\\ud800"}',
        b'{"UserName":"\xff"}',
        b"\xef\xbb\xbf{}",
        b'{"UserName":["a"]}',
        b'{"UserName":{"a":1}}',
        b'{"UserName":true}',
        b'{"UserName":1e999}',
        b'{"UserName":null}',
        b'{"UserName":"a","Tags":{"Key":"a"}}',
        b'{"UserName":"a","Tags":[null]}',
        b'{"UserName":"a","Tags":[{"Key":"k"}]}',
        b"[" * 32_768,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"Tags":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
        b"{" + b",".join(b'"k%d":1' % number for number in range(70_000)) + b"}",
        b'{"UserName":"' + b"a" * 1_000_000 + b'"}',
        b'{"UserName":' + b"9" * 500_000 + b"}",
        b'{"UserName":"' + b"\\u0000" * 1_000 + b'"}',
    ],
    ids=lambda value: repr(value[:40]),
)
def test_json_that_cannot_be_read_is_refused_on_every_front(calm, body):
    for send in (
        lambda: calm.native("CreateUser", body=body),
        lambda: calm.native("CreateAccount", body=body, service="muniment"),
        lambda: calm.organizations("CreateAccount", body),
        lambda: calm.evaluate(body),
    ):
        began = time.monotonic()
        answer = send()
        assert time.monotonic() - began < SECONDS_MAX
        assert answer.status == 400, answer
        assert len(answer.body) < 4_096
        json.loads(answer.text)
    assert nobody(calm)


@pytest.mark.parametrize("size", [1_048_576 + 1, 5_000_000])
def test_a_body_over_a_mebibyte_is_refused(calm, size):
    for send in (
        lambda body: calm.form(body),
        lambda body: calm.native("CreateUser", body=body),
        lambda body: calm.evaluate(body),
    ):
        try:
            answer = send(b"a" * size)
        except (BrokenPipeError, ConnectionResetError):
            continue  # the answer came, and the connection was closed, before everything was sent
        assert answer.status == (400 if answer.code is None else 413)  # AuthZEN knows no 413
        assert answer.code in ("RequestEntityTooLarge", None)
    assert nobody(calm)


def test_content_types_are_what_they_say(wire):
    body = f"{CREATE}&UserName=ana".encode()
    for kind in ("application/json", "text/xml", "multipart/form-data; boundary=x", "nonsense", "x" * 4_000):
        assert wire.form(body, headers={"Content-Type": kind}).status in (400, 415)
    assert nobody(wire)
    assert wire.form(body, headers={"Content-Type": f"{FORM}; charset=utf-8"}).status == 200
    target = "AWSOrganizationsV20161128.DescribeOrganization"
    for headers in (
        {"X-Amz-Target": target, "Content-Type": "text/plain"},
        {"Content-Type": "application/x-amz-json-1.1"},
    ):
        assert wire.ask(body=b"{}", headers=headers, service="organizations").status in (400, 415)


@pytest.mark.parametrize(
    "text",
    [
        "<&>\"'", "]]>", "<!DOCTYPE x>", "<!--", "&amp;", "&#0;", "%3Cb%3E", "a\tb\nc\r\nd", "\u2028", "\U0001f600",
        "\u202eevil", "é" * 256, "a" * 256,
    ],
)  # fmt: skip
def test_text_that_is_hostile_to_xml_comes_back_as_it_went(iam, text):
    iam.create_user(UserName="ana")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "*"}]}
    if (code := code_of(lambda: iam.tag_user(UserName="ana", Tags=[{"Key": "k", "Value": text}]))) is None:
        assert iam.list_user_tags(UserName="ana")["Tags"][0]["Value"] == text
    assert code in (None, "ValidationError")  # IAM has a pattern for the values of tags
    document["Statement"][0]["Condition"] = {"StringEquals": {"aws:username": text}}
    written = json.dumps(document, ensure_ascii=False)
    code = code_of(lambda: iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=written))
    assert code in (None, "ValidationError", "MalformedPolicyDocument", "LimitExceeded")
    if code is None:
        assert iam.get_user_policy(UserName="ana", PolicyName="p")["PolicyDocument"] == document


def code_of(call):
    """The code of a call's refusal, None where it is not refused."""
    try:
        call()
    except ClientError as refused:
        return refused.response["Error"]["Code"]
    return None


def test_characters_that_xml_does_not_have_never_come_out(calm):
    for character in (0x00, 0x08, 0x0B, 0x1F, 0xFFFE, 0xFFFF):
        name = quote(chr(character))
        answer = calm.form(f"Action=GetUser&{VERSION}&UserName={name}".encode())
        assert answer.status == 400
        assert all(byte >= 0x20 or byte in b"\t\n\r" for byte in answer.body)


def test_targets_that_are_none_are_refused(calm):
    for target in ("", "x", "AWSOrganizationsV20161128.", "AWSOrganizationsV20161128.Nope", "a" * 5_000, ".", "a.b.c"):
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
        answer = calm.ask(body=b"{}", headers=headers, service="organizations")
        assert (answer.status, answer.code) == (400, "UnknownOperationException"), target


def test_services_that_are_none_are_refused(calm):
    for service in ("s3", "ec2", "zork", "a" * 64):
        answer = calm.form(b"Action=ListUsers&Version=2010-05-08", service=service)
        assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch"), service
        answer = calm.native("ListUsers", service=service, signed_for="muniment")
        assert (answer.status, answer.code) == (400, "InvalidAction"), service


@pytest.mark.parametrize(
    "service", ["secretsmanager", "cloudtrail", "sso-admin", "accessanalyzer", "verifiedpermissions"]
)
def test_services_that_come_later_refuse_and_do_not_fail(calm, service):
    client = calm.server.client(service, parameter_validation=False)
    for operation in list(client.meta.method_to_api_mapping)[::7]:
        with pytest.raises((ClientError, KeyError, ValueError)) as caught:
            getattr(client, operation)()
        if isinstance(caught.value, ClientError):
            assert 400 <= caught.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500


@pytest.mark.parametrize("action", ["FoundSite", "ResetRootCredentials", "ErasePrincipal", "NoteCredentialUse"])
def test_the_operators_commands_are_on_no_front(calm, action):
    for account in (calm.server.account, "*", ">", "1\n", ".."):
        answer = calm.native(action, {"AccountId": account, "UniqueId": account}, service="muniment")
        assert (answer.status, answer.code) == (400, "InvalidAction"), answer


@pytest.mark.parametrize("token", ["zzz", "=", "a" * 4_000, "gqFhAQ", "kqFhAQ", "%00"])
def test_a_position_that_is_none_is_refused(calm, token):
    answer = calm.call("ListUsers", headers={"X-Muniment-Position": token})
    assert (answer.status, answer.code) == (400, "ValidationError")


def test_a_position_from_the_future_holds_nobody_else_up(wire, iam):
    """It was waited for inside the account's lane, so that one caller could stop the account's other writers."""
    import base64
    import threading

    import msgspec

    token = wire.call("ListUsers").headers["x-muniment-position"]
    epoch, _ = msgspec.msgpack.decode(base64.urlsafe_b64decode(token + "=="))
    future = base64.urlsafe_b64encode(msgspec.msgpack.encode([epoch, 10**9])).decode().rstrip("=")
    answers = []

    def ask(number):
        answers.append(wire.call("CreateUser", UserName=f"future{number}", headers={"X-Muniment-Position": future}))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    iam.create_user(UserName="ana")
    assert time.monotonic() - began < 1.0
    for thread in threads:
        thread.join()
    assert [(answer.status, answer.headers["retry-after"]) for answer in answers] == [(503, "1")] * 3
    assert len(iam.list_users()["Users"]) == 1
