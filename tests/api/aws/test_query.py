"""The query protocol: what a form may say, what it may not, and XML that is always well-formed."""

import time
from contextlib import suppress
from urllib.parse import quote_from_bytes, unquote_to_bytes
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.aws import models, query, xml
from muniment.api.aws.protocols import Call, identify, parse, render, render_error
from muniment.api.aws.shapes import Shapes
from muniment.api.aws.validation import validate
from muniment.domain.errors import (
    InvalidAction,
    MalformedInput,
    MalformedQueryString,
    MissingAction,
    Refused,
    RequestEntityTooLarge,
)

HEAD = b"Action=CreateUser&Version=2010-05-08&"
TAGS = b"Action=TagUser&Version=2010-05-08&UserName=a&"


def test_parameters_come_from_the_body_the_query_string_or_both(form):
    whole = "Action=GetUser&Version=2010-05-08&UserName=ana%20b+c"
    expected = {"UserName": "ana b c"}
    assert parse(form(whole.encode())).params == expected
    assert parse(form(b"", query=whole, method="GET")).params == expected
    assert parse(form(b"UserName=ana%20b+c", query="Action=GetUser&Version=2010-05-08")).params == expected


def test_a_body_of_a_get_request_says_nothing(form):
    http = form(b"UserName=ben", query="Action=GetUser&Version=2010-05-08&UserName=ana", method="GET")
    assert parse(http).params == {"UserName": "ana"}


def test_lists_structures_and_an_empty_list(form):
    body = TAGS + b"Tags.member.1.Key=a&Tags.member.1.Value=b&Tags.member.2.Value=&Tags.member.2.Key=c"
    assert parse(form(body)).params == {
        "UserName": "a",
        "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": ""}],
    }
    assert parse(form(TAGS + b"Tags=")).params["Tags"] == []


def test_more_than_nine_elements_stay_in_their_order(form):
    body = TAGS + b"&".join(b"Tags.member.%d.Key=k%d" % (n, n) for n in range(12, 0, -1))
    assert [tag["Key"] for tag in parse(form(body)).params["Tags"]] == [f"k{n}" for n in range(1, 13)]


def test_unknown_parameters_are_ignored_as_aws_ignores_them(form):
    body = HEAD + b"UserName=ana&SignatureVersion=4&Tags.member.1.Colour=red&Tags.member.1.Key=k&username=x&Nope.1.2=3"
    assert parse(form(body)).params == {"UserName": "ana", "Tags": [{"Key": "k"}]}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"UserName=a&UserName=a", MalformedQueryString),
        (b"UserName=a&User%4eame=b", MalformedQueryString),
        (b"UserName=%zz", MalformedQueryString),
        (b"UserName=%", MalformedQueryString),
        (b"UserName=%ff", MalformedQueryString),
        (b"UserName=\xff\xfe", MalformedQueryString),
        (b"\xff=a", MalformedQueryString),
        (b"Tags.member.1.Key=a&Tags.member.3.Key=b", MalformedInput),
        (b"Tags.member.0.Key=a", MalformedInput),
        (b"Tags.member.01.Key=a", MalformedInput),
        (b"Tags.member.-1.Key=a", MalformedInput),
        (b"Tags.member.1000000000.Key=a", MalformedInput),
        (b"Tags.member.%C2%B9.Key=a", MalformedInput),
        (b"Tags.member.x.Key=a", MalformedInput),
        (b"Tags.member.1=a", MalformedInput),
        (b"Tags.member=a", MalformedInput),
        (b"Tags.1.Key=a&Tags.1.Value=b&Tags=", MalformedInput),
        (b"Tags=a", MalformedInput),
        (b"Tags.member.1.Key=a&Tags.member.1.Key.x=b", MalformedInput),
        (b"Tags.member.1.Key.x=b&Tags.member.1.Key=a", MalformedInput),
        (b"UserName.member.1=a", MalformedInput),
        (b"Tags." + b"member." * 40 + b"1=a", MalformedInput),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(form, body, kind):
    with pytest.raises(kind) as refused:
        parse(form(HEAD + body))
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [("MaxItems", b"abc"), ("MaxItems", b"1.5"), ("MaxItems", b""), ("MaxItems", b"1e3"), ("MaxItems", b"9" * 5000),
     ("MaxItems", "\u0663".encode()), ("OnlyAttached", b"yes"), ("OnlyAttached", b"1")],
)  # fmt: skip
def test_a_value_of_a_wrong_type_is_refused(form, name, value):
    with pytest.raises(MalformedInput, match=name):
        parse(form(b"Action=ListPolicies&Version=2010-05-08&" + name.encode() + b"=" + value))


def test_a_repeated_name_is_not_shown_where_it_may_be_a_piece_of_a_secret(form):
    for body in (b"Password=abc&s3cret&s3cret", b"Password=a&s3cret=x&s3cret=y"):
        with pytest.raises(MalformedQueryString) as refused:
            parse(form(HEAD + body))
        assert "s3cret" not in refused.value.message
    with pytest.raises(MalformedQueryString, match=r"UserName"):
        parse(form(HEAD + b"UserName=a&UserName=b"))


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "multipart/form-data", "application/x-amz-json-1.1"]
)
def test_a_body_of_another_content_type_is_refused(form, content_type):
    with pytest.raises(MalformedQueryString):
        parse(form(HEAD + b"UserName=a", ("content-type", content_type), query="Action=GetUser&Version=2010-05-08"))


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded; charset=utf-8", "Application/X-WWW-Form-urlencoded"]
)
def test_the_content_type_may_be_spelled_freely(form, content_type):
    assert parse(form(HEAD + b"UserName=a", ("content-type", content_type))).action == "CreateUser"


def test_an_unknown_operation_is_named_in_awss_words(form):
    with pytest.raises(InvalidAction) as refused:
        parse(form(b"Action=FlyToTheMoon&Version=2010-05-08"))
    assert refused.value.message == "Could not find operation FlyToTheMoon for version 2010-05-08"
    with pytest.raises(InvalidAction, match="for version 1999-01-01"):
        query.operation_of(models.service("iam"), {"Action": "GetUser", "Version": "1999-01-01"})
    with pytest.raises(MissingAction):
        query.operation_of(models.service("iam"), {"Version": "2010-05-08"})


# Limits (SECURITY 17, CVE row 28): refused quickly


@pytest.mark.parametrize(
    "body",
    [
        HEAD + b"&".join(b"a%d=1" % n for n in range(100_000)),
        HEAD + b"&".join(b"Tags.member.%d.Key=a" % n for n in range(1, 30_000)),
        HEAD + b"&".join(b"Tags.member.%d.Key.%s=a" % (n, b"x." * 30) for n in range(1, 9_000)),
        HEAD + b"UserName=" + b"%00" * 349_000,
        HEAD + b"Tags" + b".member" * 140_000 + b"=1",
        HEAD + b"&" * 1_000_000,
        HEAD + b"=" * 1_000_000,
        HEAD + b"Tags.member.1.Key=" + b"\xf0\x9f\x98\x80" * 260_000,
        b"x" * 1_048_577,
    ],
    ids=["10^5 names", "many elements", "deep and many", "1 MB of NUL", "140 000 deep", "ampersands",
          "equals signs", "emoji", "too large"],
)  # fmt: skip
def test_a_hostile_form_is_answered_within_a_tenth_of_a_second(form, body):
    http, begin = form(body), time.thread_time()

    def read() -> None:
        call = parse(http)
        validate(call.operation, call.params)

    with pytest.raises(Refused) as refused:
        read()
    assert 400 <= refused.value.status < 500
    assert time.thread_time() - begin < 0.1


@given(st.binary(max_size=60))
def test_escapes_are_read_as_the_standard_library_reads_them(text):
    for escaped in (
        quote_from_bytes(text),
        quote_from_bytes(text, safe="=+&/ \n\r").lower(),
        "".join(f"%{b:02x}=" for b in text),
    ):
        assert query.unescaped(escaped.encode()) == unquote_to_bytes(escaped.replace("+", " "))


def test_the_limits_are_exactly_the_limits(form):
    few = b"&".join(b"a%d=1" % n for n in range(9_998))
    assert parse(form(b"Action=GetUser&Version=2010-05-08&" + few)).params == {}
    with pytest.raises(MalformedQueryString, match="more than 10000"):
        parse(form(b"Action=GetUser&Version=2010-05-08&X=1&" + few))
    with pytest.raises(MalformedInput, match="too many"):
        parse(form(TAGS + b"&".join(b"Tags.member.%d.Key=a" % n for n in range(1, 2_502))))
    with pytest.raises(RequestEntityTooLarge) as refused:
        parse(form(b"Action=GetUser&X=" + b"x" * 1_048_576))
    assert refused.value.status == 413


def test_a_stranger_gets_no_work_done(form):
    body = b"Action=AssumeRoleWithSAML&Version=2011-06-15&SAMLAssertion=" + b"%41" * 345_000
    begin = time.thread_time()
    assert identify(form(body)).service == "sts"
    assert time.thread_time() - begin < 0.05


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(body):
    from muniment.api.aws.http import HTTPRequest

    for head in (b"", HEAD, TAGS):
        with suppress(Refused):
            parse(HTTPRequest("POST", "/", "", [("host", "x")], head + body))


# Answers


def test_an_answer_without_a_result_has_only_its_metadata():
    answer = render(Call("iam", "DeleteUser", {}, "query"), {}, "abc")
    assert answer.body == (
        b'<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata>'
        b"<RequestId>abc</RequestId></ResponseMetadata></DeleteUserResponse>"
    )
    assert dict(answer.headers)["content-type"] == "text/xml"


def test_a_result_is_written_as_iam_writes_it():
    user = {
        "Path": "/",
        "UserName": "ana",
        "UserId": "AIDAX",
        "Arn": "arn:aws:iam::123456789012:user/ana",
        "CreateDate": 1_767_323_045_999_999,
        "PasswordLastUsed": None,
        "Extra": "of the native front",
        "Tags": [],
    }
    body = render(Call("iam", "GetUser", {}, "query"), {"User": user}, "r").body.decode()
    assert "<CreateDate>2026-01-02T03:04:05Z</CreateDate>" in body
    assert "<Tags></Tags>" in body
    assert "PasswordLastUsed" not in body
    assert "Extra" not in body


def test_policy_documents_go_out_percent_encoded_and_come_in_plain(form):
    document = '{"Version":"2012-10-17","Statement":[{"Sid":"é *~"}]}'
    answer = render(Call("iam", "GetUserPolicy", {}, "query"), {"PolicyDocument": document}, "r")
    assert b"%7B%22Version%22%3A%222012-10-17%22" in answer.body
    assert b"%C3%A9%20%2A~" in answer.body
    from urllib.parse import quote

    body = f"Action=PutUserPolicy&Version=2010-05-08&PolicyDocument={quote(document)}".encode()
    assert parse(form(body)).params["PolicyDocument"] == document


@given(st.text())
def test_xml_is_well_formed_whatever_the_text(text):
    call = Call("iam", "GetUser", {}, "query")
    for answer in (render(call, {"User": {"UserName": text}}, "r"), render_error(call, text, text, 400, text)):
        root = ElementTree.fromstring(answer.body)  # noqa: S314
        assert root is not None
    shown = ElementTree.fromstring(render(call, {"User": {"UserName": text}}, "r").body)  # noqa: S314
    name = shown.find(".//{*}UserName")
    assert (name.text or "") == xml._SPECIAL.sub(lambda f: f[0] if f[0] in "&<>\r" else "\ufffd", text)


def test_flattened_lists_and_maps_are_read_and_written(form):
    # no model of ours has them; the protocol does
    shapes = Shapes(
        {
            "In": {"type": "structure", "members": {
                "Names": {"shape": "Names"}, "Map": {"shape": "Map"}, "Flat": {"shape": "Map", "flattened": True}}},
            "Names": {"type": "list", "member": {"shape": "Text", "locationName": "Name"}, "flattened": True},
            "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
            "Text": {"type": "string"},
        }
    )  # fmt: skip
    shape = shapes.of({"shape": "In"})
    fields = {
        "Name.1": "a",
        "Name.2": "b",
        "Map.entry.1.key": "k",
        "Map.entry.1.value": "v",
        "Flat.1.key": "x",
        "Flat.1.value": "y",
    }
    tree = query._tree(fields, {"Name", "Map", "Flat"})
    assert query._value(shape, tree, "") == {"Names": ["a", "b"], "Map": {"k": "v"}, "Flat": {"x": "y"}}
    parts: list[str] = []
    xml.write_members(parts, shape, {"Names": ["a", "b"], "Map": {"k": "v"}})
    assert "".join(parts) == "<Name>a</Name><Name>b</Name><Map><entry><key>k</key><value>v</value></entry></Map>"
    for bad in ({"Map.entry.1.key": "k"}, {"Map.entry.2.key": "k", "Map.entry.2.value": "v"}, {"Map": "x"}, {"Map.x": "y"},
                {"Map.entry.1.key": "k", "Map.entry.1.value": "v", "Map.entry.2.key": "k", "Map.entry.2.value": "w"}):  # fmt: skip
        with pytest.raises(MalformedInput):
            query._value(shape, query._tree(bad, {"Map"}), "")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [("timestamp", "2026-01-02T03:04:05Z", 1_767_323_045_000_000), ("timestamp", "1767323045", 1_767_323_045_000_000),
     ("timestamp", "2026-01-02T04:04:05.25+01:00", 1_767_323_045_250_000), ("blob", "AP8=", b"\x00\xff"),
     ("double", "-2.5e1", -25.0), ("boolean", "TRUE", True), ("long", "-9", -9)],
)  # fmt: skip
def test_scalars_are_read(kind, text, value):
    shape = Shapes({"S": {"type": kind}}).of({"shape": "S"})
    assert query.scalar(shape, text, "X") == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [("timestamp", "2026-02-30T00:00:00Z"), ("timestamp", "2026-01-02"), ("timestamp", "99999999999999"), ("timestamp", ""),
     ("blob", "AP8"), ("blob", "ü"), ("double", "NaN"), ("double", "1e9999"), ("long", "+"), ("boolean", "")],
)  # fmt: skip
def test_scalars_that_are_none_are_refused(kind, text):
    shape = Shapes({"S": {"type": kind}}).of({"shape": "S"})
    with pytest.raises(MalformedInput):
        query.scalar(shape, text, "X")
