"""The JSON protocols: strict reading, AWS's words for what does not fit, exact writing."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.aws import json as aws_json
from muniment.api.aws import models, strict_json, timestamps
from muniment.api.aws.http import HTTPRequest
from muniment.api.aws.protocols import Call, parse, render, render_error
from muniment.api.aws.shapes import Shapes
from muniment.api.aws.signature import Claimed
from muniment.domain.errors import Refused, SerializationError, UnknownOperation, UnsupportedMediaType


def call(
    body: bytes, target: str = "secretsmanager.CreateSecret", content_type: str = "application/x-amz-json-1.1"
) -> HTTPRequest:
    return HTTPRequest("POST", "/", "", [("host", "x"), ("x-amz-target", target), ("content-type", content_type)], body)


def test_members_are_read_by_their_types_and_unknown_ones_are_ignored():
    body = {
        "Name": "n",
        "SecretBinary": "AP8=",
        "Tags": [{"Key": "k", "Value": None}],
        "Nope": [[[1]]],
        "Description": None,
    }
    assert parse(call(json.dumps(body).encode())).params == {
        "Name": "n",
        "SecretBinary": b"\x00\xff",
        "Tags": [{"Key": "k"}],
    }
    assert parse(call(b"")).params == {}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"Name":1}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"Name":true}', "TRUE_VALUE can not be converted to a String"),
        (b'{"Name":{}}', "Start of structure or map found where not expected."),
        (b'{"Name":["a"]}', "Start of structure or map found where not expected."),
        (b'{"ForceOverwriteReplicaSecret":"yes"}', "STRING_VALUE can not be converted to a Boolean"),
        (b'{"Tags":{}}', "Start of structure or map found where a list was expected"),
        (b'{"Tags":[1]}', "NUMBER_VALUE found where a structure was expected"),
        (b'{"Tags":[null]}', "NULL_VALUE found where a structure was expected"),
        (b'{"SecretBinary":"AP8"}', "STRING_VALUE can not be converted to a Blob"),
        (b"[]", "Start of list found where a structure was expected"),
        (b'"x"', "STRING_VALUE found where a structure was expected"),
        (b"null", "NULL_VALUE found where a structure was expected"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_in_awss_words(body, message):
    with pytest.raises(SerializationError) as refused:
        parse(call(body))
    assert (refused.value.code, refused.value.status, refused.value.message) == ("SerializationException", 400, message)


@pytest.mark.parametrize(
    "body",
    [b"{", b"{}x", b"{'a':1}", b'{"a":NaN}', b'{"a":Infinity}', b'{"a":1,"a":1}', b'{"b":{"a":1,"a":2}}', b'{"a":"\xff"}',
     b'\xef\xbb\xbf{}', '{"a":1}'.encode("utf-16"), b'{"Name":"\\ud800"}', b'{"\\udfff":1}', b'{"a":"\x01"}', b"\x00",
     b'{"Name":' + b"1" * 5000 + b"}"],
)  # fmt: skip
def test_what_is_not_strict_json_is_refused(body):
    with pytest.raises(SerializationError):
        parse(call(body))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 32_768 + b"]" * 32_768,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * 1_000_000,
        b"{" + b",".join(b'"%d":1' % n for n in range(100_000)) + b"}",
        b"[" + b"1," * 500_000 + b"1]",
        b"[" + b"[]," * 300_000 + b"1]",
        b'{"a":"' + b"\\" * 1_000_000,
        b'"' * 1_000_000,
        b'{"Name":' + b"9" * 1_000_000 + b"}",
        b" " * 1_000_000 + b"x",
        b'{"a":"' + b"[{,\\\"" * 190_000,
    ],
    ids=["64 KiB deep", "deep objects", "1 MB of brackets", "10^5 keys", "10^6 numbers", "many lists", "backslashes",
         "quotes", "a long number", "spaces", "structure inside a string"],
)  # fmt: skip
def test_a_hostile_body_is_refused_within_a_tenth_of_a_second(body):
    http, begin = call(body), time.thread_time()
    with pytest.raises(Refused) as refused:
        parse(http)
    assert 400 <= refused.value.status < 500
    assert time.thread_time() - begin < 0.1


def test_the_limits_are_exactly_the_limits():
    deep = b"[" * 32 + b"]" * 32
    assert strict_json.decode(deep)
    with pytest.raises(strict_json.BadJSON, match="deeper than 32"):
        strict_json.decode(b"[" + deep + b"]")
    assert len(strict_json.decode(b"[" + b"1," * 9_998 + b"1]")) == 9_999
    with pytest.raises(strict_json.BadJSON, match="more than 10000"):
        strict_json.decode(b"[" + b"1," * 10_000 + b"1]")
    text = json.dumps({"document": "[{," * 50_000}).encode()  # inside a string it is text
    assert strict_json.decode(text) == json.loads(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_strict_json_reads_what_json_reads(value, escaped):
    text = json.dumps(value, ensure_ascii=escaped)
    try:
        expected = json.loads(text.encode())
        text.encode()
        json.dumps(expected, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert strict_json.decode(text.encode()) == expected


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    for text in (body, b'{"Name":"' + body + b'"}', b'{"Tags":' + body + b"}"):
        with suppress(Refused):
            parse(call(text))


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", "application/x-amz-json-1.2"])
def test_another_content_type_is_refused(content_type):
    with pytest.raises(UnsupportedMediaType) as refused:
        parse(call(b"{}", content_type=content_type))
    assert refused.value.status == 415


@pytest.mark.parametrize("target", ["secretsmanager.Fly", "secretsmanager.", "secretsmanager.createsecret"])
def test_an_unknown_operation_is_refused(target):
    with pytest.raises(UnknownOperation) as refused:
        parse(call(b"{}", target))
    assert (refused.value.code, refused.value.status) == ("UnknownOperationException", 400)


def test_a_target_of_another_service_is_refused():
    claimed = Claimed("AKID", "20260102", "us-east-1", "secretsmanager", ("host",), "0" * 64, 0, "")
    with pytest.raises(UnknownOperation):
        parse(call(b"{}", "AWSOrganizationsV20161128.CreateSecret"), claimed)
    with pytest.raises(UnknownOperation, match="X-Amz-Target is missing"):
        parse(HTTPRequest("POST", "/", "", [("host", "x")], b"{}"), claimed)


@pytest.mark.parametrize("value", [True, "5", 1.5, 1e20, [5]])
def test_what_is_no_integer_is_refused(value):
    shape = models.service("cloudtrail").operation("LookupEvents").input.members["MaxResults"]
    assert (aws_json.from_json(shape, 5), aws_json.from_json(shape, 5.0)) == (5, 5)
    with pytest.raises(SerializationError):
        aws_json.from_json(shape, value)


def test_timestamps_go_out_as_epoch_seconds_or_iso8601():
    answer = render(
        Call("secretsmanager", "DeleteSecret", {}, "json"), {"Name": "n", "DeletionDate": 1_767_323_045_250_000}, "r"
    )
    assert json.loads(answer.body) == {"Name": "n", "DeletionDate": 1_767_323_045.25}
    answer = render(Call("secretsmanager", "DeleteSecret", {}, "json"), {"DeletionDate": 1_767_323_045_000_000}, "r")
    assert answer.body == b'{"DeletionDate":1767323045}'
    shape = Shapes({"T": {"type": "timestamp", "timestampFormat": "iso8601"}}).of({"shape": "T"})
    assert aws_json.to_json(shape, 1_767_323_045_250_000) == "2026-01-02T03:04:05.250000Z"
    assert aws_json.to_json(shape, 1_767_323_045_000_000) == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize("value", ["2026-01-02T03:04:05Z", 1_767_323_045, 1_767_323_045.0])
def test_timestamps_come_in_as_numbers_or_iso8601(value):
    shape = models.service("cloudtrail").operation("LookupEvents").input.members["StartTime"]
    assert aws_json.from_json(shape, value) == 1_767_323_045_000_000


@pytest.mark.parametrize("value", ["today", "", 1e300, -1e300, 10**400, True, 253_402_300_800])
def test_what_is_no_moment_is_refused(value):
    shape = models.service("cloudtrail").operation("LookupEvents").input.members["StartTime"]
    with pytest.raises(SerializationError):
        aws_json.from_json(shape, value)


@given(st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999))
def test_a_moment_survives_iso8601(moment):
    assert timestamps.from_iso8601(timestamps.iso8601_exact(moment)) == moment
    assert timestamps.from_iso8601(timestamps.iso8601(moment)) == moment // 1_000_000 * 1_000_000


def test_an_error_names_its_message_as_its_model_does():
    organizations = Call("organizations", "DescribeAccount", {}, "json")
    assert json.loads(render_error(organizations, "AccountNotFoundException", "gone", 400, "r").body) == {
        "__type": "AccountNotFoundException",
        "Message": "gone",
    }
    assert "message" in json.loads(render_error("json", "Throttling", "slow", 400, "r").body)
    assert (
        json.loads(render_error(organizations, "ValidationError", "bad", 400, "r").body)["__type"]
        == "InvalidInputException"
    )


@given(st.text())
def test_an_error_is_always_json_with_harmless_headers(text):
    for protocol in ("json", "rest-json"):
        answer = render_error(protocol, text, text, 400, "r")
        assert json.loads(answer.body)["message"] == text.encode("utf-8", "replace").decode()
        assert all(value.isascii() and value.isprintable() for _, value in answer.headers)
