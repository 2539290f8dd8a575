"""Signature Version 4: published vectors, botocore as an independent signer, and every kind of damage."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.api.aws.http import HTTPRequest
from muniment.api.aws.signature import Claimed, check_scope, parse_authorization, verify
from muniment.domain.errors import (
    IncompleteSignature,
    InvalidSignature,
    Refused,
    RequestExpired,
    SignatureDoesNotMatch,
)

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
THEN = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
NOW = int(THEN.timestamp()) * 1_000_000
TOKEN = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
SECOND = 1_000_000


def authorized(signed: str, signature: str, service: str = "service") -> tuple[str, str]:
    scope = f"20150830/us-east-1/{service}/aws4_request"
    return "authorization", (
        f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={signed}, Signature={signature}"
    )


def check(http: HTTPRequest, now: int = NOW, key: str | bytes = SECRET) -> Claimed:
    claimed = parse_authorization(http)
    assert claimed is not None
    verify(claimed, http, key, now)
    return claimed


HOST, DATE = ("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")
PRESIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request"
    "&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600"
)


# botocore as an independent signer

NAMES = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_characters="\u00ad"), min_size=1, max_size=12
)
HEADER_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


def signed_by_botocore(
    wire: Callable[[Any], HTTPRequest], method: str, path: str, params: dict[str, str], headers: dict[str, str],
    body: bytes, token: str | None, expires: int | None, service: str = "iam",
) -> HTTPRequest:  # fmt: skip
    request = AWSRequest(method, f"https://iam.example.org{path}", dict(headers), body, params=dict(params))
    credentials = Credentials(KEY_ID, SECRET, token)
    with mock.patch("botocore.auth.get_current_datetime", return_value=THEN.replace(tzinfo=None)):
        if expires is None:
            SigV4Auth(credentials, service, "us-east-1").add_auth(request)
        else:
            SigV4QueryAuth(credentials, service, "us-east-1", expires=expires).add_auth(request)
    return wire(request)


@settings(deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT"]),
    path=st.lists(NAMES, max_size=3),
    params=st.dictionaries(NAMES, st.text(max_size=12).filter(lambda text: text.isprintable()), max_size=4),
    headers=st.dictionaries(
        st.from_regex(r"x-amz-meta-[a-z]{1,5}|x-[a-z]{3}", fullmatch=True), HEADER_VALUES, max_size=3
    ),
    body=st.binary(max_size=60),
    token=st.none() | st.just("FwoGZXIvYXdzEBYaD+/=="),
    expires=st.none() | st.integers(1, 604_800),
)
def test_what_botocore_signs_verifies_and_nothing_else(wire, method, path, params, headers, body, token, expires):
    from urllib.parse import quote

    if expires is not None:
        body = b""  # SigV4QueryAuth moves a form body into the query string
    raw = "/" + "/".join(quote(part, safe="") for part in path if part not in (".", ".."))
    http = signed_by_botocore(wire, method, raw, params, headers, body, token, expires)
    claimed = check(http)
    assert (claimed.token, claimed.presigned) == (token, expires is not None)
    for damaged in (
        HTTPRequest("DELETE", http.raw_path, http.query_string, http.headers, http.body),
        HTTPRequest(http.method, http.raw_path + "x", http.query_string, http.headers, http.body),
        HTTPRequest(http.method, http.raw_path, http.query_string + "&a=b", http.headers, http.body),
        HTTPRequest(http.method, http.raw_path, http.query_string, http.headers, http.body + b"x"),
    ):
        with pytest.raises(Refused):
            check(damaged)


# CVE row 11: {header, presigned, STREAMING-*, UNSIGNED-PAYLOAD, both, none} x damage

BODY = b"Action=GetUser&Version=2010-05-08"


def header_signed(wire, token: str | None = None, **headers: str) -> HTTPRequest:
    return signed_by_botocore(wire, "POST", "/", {}, headers, BODY, token, None)


def presigned(wire, token: str | None = None, expires: int = 900) -> HTTPRequest:
    return signed_by_botocore(wire, "GET", "/", {"Action": "GetCallerIdentity"}, {}, b"", token, expires, "sts")


def replaced(http: HTTPRequest, name: str, old: str, new: str) -> HTTPRequest:
    headers = [(key, value.replace(old, new) if key == name else value) for key, value in http.headers]
    assert headers != http.headers
    return HTTPRequest(http.method, http.raw_path, http.query_string, headers, http.body)


def requeried(http: HTTPRequest, old: str, new: str) -> HTTPRequest:
    assert old in http.query_string
    return HTTPRequest(http.method, http.raw_path, http.query_string.replace(old, new), http.headers, http.body)


def more(http: HTTPRequest, *headers: tuple[str, str]) -> HTTPRequest:
    return HTTPRequest(http.method, http.raw_path, http.query_string, [*http.headers, *headers], http.body)


def less(http: HTTPRequest, name: str) -> HTTPRequest:
    headers = [(key, value) for key, value in http.headers if key != name]
    return HTTPRequest(http.method, http.raw_path, http.query_string, headers, http.body)


HEADER_DAMAGE: dict[str, tuple[Callable[[HTTPRequest], HTTPRequest], int]] = {
    "signature, one digit": (lambda h: replaced(h, "authorization", "Signature=", "Signature=0"), 403),
    "signature in capitals": (lambda h: HTTPRequest(
        h.method, h.raw_path, h.query_string,
        [(k, v[:-64] + v[-64:].upper() if k == "authorization" else v) for k, v in h.headers], h.body), 403),
    "signature not of digits": (lambda h: HTTPRequest(
        h.method, h.raw_path, h.query_string,
        [(k, v[:-64] + "\xe9" * 64 if k == "authorization" else v) for k, v in h.headers], h.body), 403),
    "no signature": (lambda h: replaced(h, "authorization", "Signature=", "Sign="), 400),
    "empty signature": (lambda h: HTTPRequest(
        h.method, h.raw_path, h.query_string,
        [(k, v[:-64] if k == "authorization" else v) for k, v in h.headers], h.body), 400),
    "no credential": (lambda h: replaced(h, "authorization", "Credential=", "Cred="), 400),
    "another key": (lambda h: replaced(h, "authorization", KEY_ID, "AKIDOTHER"), 0),
    "another day": (lambda h: replaced(h, "authorization", "20150830", "20150831"), 403),
    "another region": (lambda h: replaced(h, "authorization", "us-east-1", "eu-west-1"), 403),
    "another service": (lambda h: replaced(h, "authorization", "/iam/", "/sts/"), 403),
    "another terminator": (lambda h: replaced(h, "authorization", "aws4_request", "aws5_request"), 403),
    "six elements": (lambda h: replaced(h, "authorization", "/iam/", "/iam/x/"), 400),
    "another algorithm": (lambda h: replaced(h, "authorization", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), 400),
    "signature version 2": (lambda h: replaced(h, "authorization", "AWS4-HMAC-SHA256", "AWS"), 400),
    "host not signed": (lambda h: replaced(h, "authorization", "host;", ""), 400),
    "date not signed": (lambda h: replaced(h, "authorization", ";x-amz-date", ""), 403),
    "token not signed": (lambda h: replaced(h, "authorization", ";x-amz-security-token", ""), 403),
    "headers out of order": (lambda h: replaced(h, "authorization", "host;x-amz-date", "x-amz-date;host"), 400),
    "a header twice": (lambda h: replaced(h, "authorization", "host;", "host;host;"), 400),
    "a signed header that is missing": (lambda h: less(h, "content-type"), 403),
    "another host": (lambda h: replaced(h, "host", "iam.example.org", "evil.example.org"), 403),
    "another token": (lambda h: replaced(h, "x-amz-security-token", "token", "other"), 403),
    "no token": (lambda h: less(h, "x-amz-security-token"), 403),
    "another date": (lambda h: replaced(h, "x-amz-date", "123600Z", "123601Z"), 403),
    "no date": (lambda h: less(h, "x-amz-date"), 400),
    "a date that is none": (lambda h: replaced(h, "x-amz-date", "123600Z", "126600Z"), 400),
    "a second date": (lambda h: more(h, DATE), 400),
    "a second authorization": (lambda h: more(h, ("authorization", h.header("authorization") or "")), 400),
    "a second host": (lambda h: more(h, ("host", "evil.example.org")), 400),
    "a second content type": (lambda h: more(h, ("content-type", "application/json")), 400),
    "an unsigned target": (lambda h: more(h, ("x-amz-target", "IAM.DeleteUser")), 403),
    "another body": (lambda h: HTTPRequest(h.method, h.raw_path, h.query_string, h.headers, h.body + b"&X=1"), 403),
    "no body": (lambda h: HTTPRequest(h.method, h.raw_path, h.query_string, h.headers, b""), 403),
    "another path": (lambda h: HTTPRequest(h.method, "/x", h.query_string, h.headers, h.body), 403),
    "a path with dots": (lambda h: HTTPRequest(h.method, "/x/..", h.query_string, h.headers, h.body), 403),
    "a doubled slash": (lambda h: HTTPRequest(h.method, "//", h.query_string, h.headers, h.body), 403),
    "another query": (lambda h: HTTPRequest(h.method, h.raw_path, "a=b", h.headers, h.body), 403),
    "query too": (lambda h: HTTPRequest(h.method, h.raw_path, PRESIGNED, h.headers, h.body), 400),
    "a part of the query too": (lambda h: HTTPRequest(h.method, "/", "x-amz-signature=1", h.headers, h.body), 400),
    "a token in the query too": (lambda h: HTTPRequest(h.method, "/", "X-Amz-Security-Token=1", h.headers, h.body), 400),
    "an escaped part of the query too": (lambda h: HTTPRequest(h.method, "/", "X%2DAmz-Expires=1", h.headers, h.body), 400),
    "a chunked body": (lambda h: more(h, ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")), 403),
    "an unsigned body": (lambda h: more(h, ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")), 403),
}  # fmt: skip


@pytest.mark.parametrize("damage", HEADER_DAMAGE)
def test_a_damaged_header_signature_is_refused(wire, damage):
    http = header_signed(wire, "the-token", **{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
    check(http)
    change, status = HEADER_DAMAGE[damage]
    damaged = change(http)
    if damage == "another key":  # the caller finds another secret, or none, for it
        assert parse_authorization(damaged).access_key_id == "AKIDOTHER"
        with pytest.raises(SignatureDoesNotMatch):
            check(damaged, key="the secret of that other key")
        return
    with pytest.raises(Refused) as refused:
        check(damaged)
    assert refused.value.status == status


QUERY_DAMAGE: dict[str, tuple[Callable[[HTTPRequest], HTTPRequest], int]] = {
    "signature, one digit": (lambda h: requeried(h, "X-Amz-Signature=", "X-Amz-Signature=0"), 403),
    "no signature": (lambda h: requeried(h, "X-Amz-Signature=", "Signature="), 400),
    "no algorithm": (lambda h: requeried(h, "X-Amz-Algorithm=", "Algorithm="), 400),
    "no credential": (lambda h: requeried(h, "X-Amz-Credential=", "Credential="), 400),
    "no date": (lambda h: requeried(h, "X-Amz-Date=", "Date="), 400),
    "no signed headers": (lambda h: requeried(h, "X-Amz-SignedHeaders=", "SignedHeaders="), 400),
    "no expiry": (lambda h: requeried(h, "X-Amz-Expires=900&", ""), 403),
    "a longer expiry": (lambda h: requeried(h, "X-Amz-Expires=900", "X-Amz-Expires=901"), 403),
    "an endless expiry": (lambda h: requeried(h, "X-Amz-Expires=900", "X-Amz-Expires=604801"), 400),
    "no time at all": (lambda h: requeried(h, "X-Amz-Expires=900", "X-Amz-Expires=0"), 400),
    "a negative expiry": (lambda h: requeried(h, "X-Amz-Expires=900", "X-Amz-Expires=-1"), 400),
    "a wordy expiry": (lambda h: requeried(h, "X-Amz-Expires=900", "X-Amz-Expires=9e2"), 400),
    "an expiry twice": (lambda h: requeried(h, "X-Amz-Expires=900", "X-Amz-Expires=900&X-Amz-Expires=901"), 400),
    "a signature twice": (lambda h: requeried(h, "X-Amz-Signature=", "X-Amz-Signature=0&X-Amz-Signature="), 400),
    "another spelling": (lambda h: requeried(h, "X-Amz-Signature=", "x-amz-signature="), 400),
    "another token": (lambda h: requeried(h, "the-token", "an-other"), 403),
    "no token": (lambda h: requeried(h, "&X-Amz-Security-Token=the-token", ""), 403),
    "a token in the headers too": (lambda h: more(h, ("x-amz-security-token", "other")), 400),
    "another action": (lambda h: requeried(h, "GetCallerIdentity", "GetSessionToken"), 403),
    "another parameter": (lambda h: requeried(h, "Action=", "UserName=ben&Action="), 403),
    "another host": (lambda h: replaced(h, "host", "iam.example.org", "evil.example.org"), 403),
    "another service": (lambda h: requeried(h, "%2Fsts%2F", "%2Fiam%2F"), 403),
    "another day": (lambda h: requeried(h, "%2F20150830%2F", "%2F20150831%2F"), 403),
    "a body": (lambda h: HTTPRequest("GET", "/", h.query_string, h.headers, b"x"), 403),
    "another method": (lambda h: HTTPRequest("POST", "/", h.query_string, h.headers, b""), 403),
    "a header signature too": (lambda h: more(h, authorized("host", "0" * 64)), 400),
    "a bearer token too": (lambda h: more(h, ("authorization", "Bearer x")), 400),
    "an unsigned x-amz header": (lambda h: more(h, ("x-amz-target", "x")), 403),
    "an unsigned body": (lambda h: more(h, ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")), 403),
    "host not signed": (lambda h: requeried(h, "X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=date"), 400),
}  # fmt: skip


@pytest.mark.parametrize("damage", QUERY_DAMAGE)
def test_a_damaged_presigned_request_is_refused(wire, damage):
    http = presigned(wire, "the-token")
    check(http)
    change, status = QUERY_DAMAGE[damage]
    with pytest.raises(Refused) as refused:
        check(change(http))
    assert refused.value.status == status


@pytest.mark.parametrize(
    "payload",
    [
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "",
        "e3b0",
        "0" * 64,
    ],
)
def test_a_valid_signature_over_anything_but_the_bodys_hash_is_refused(wire, payload):
    http = header_signed(wire, **{"X-Amz-Content-SHA256": payload})
    with pytest.raises(SignatureDoesNotMatch) as refused:
        check(http)
    assert refused.value.status == 403


def test_a_request_without_any_signature_claims_nothing():
    assert parse_authorization(HTTPRequest("POST", "/", "", [HOST], BODY)) is None
    assert parse_authorization(HTTPRequest("POST", "/", "a=b", [HOST, ("authorization", "Bearer abc")], BODY)) is None


def test_the_declared_hash_of_the_body_may_be_signed_too(wire):
    import hashlib

    check(header_signed(wire, **{"X-Amz-Content-SHA256": hashlib.sha256(BODY).hexdigest()}))


# Time (SECURITY 1.6: five minutes either way; presigned at most seven days)


@pytest.mark.parametrize("seconds", [-300, -1, 0, 299, 300])
def test_a_clock_up_to_five_minutes_off_is_accepted(wire, seconds):
    check(header_signed(wire), NOW + seconds * SECOND)


def test_an_old_request_is_refused_in_awss_words(wire):
    with pytest.raises(SignatureDoesNotMatch) as refused:
        check(header_signed(wire), NOW + 301 * SECOND)
    assert refused.value.message == (
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
    )


def test_a_request_from_the_future_is_refused_in_awss_words(wire):
    for http in (header_signed(wire), presigned(wire)):
        with pytest.raises(SignatureDoesNotMatch) as refused:
            check(http, NOW - 301 * SECOND)
        assert refused.value.message == (
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z "
            "(20150830T123059Z + 5 min.)"
        )


def test_a_presigned_request_ends_when_it_says(wire):
    http = presigned(wire, expires=604_800)
    check(http, NOW + 604_800 * SECOND)
    with pytest.raises(RequestExpired) as refused:
        check(http, NOW + 604_801 * SECOND)
    assert refused.value.status == 400


def test_two_equal_requests_are_both_accepted(wire):  # no replay cache: one second, one signature
    http = header_signed(wire)
    assert check(http) == check(http)


def test_the_scope_must_be_of_this_endpoint(wire):
    claimed = check(header_signed(wire))
    check_scope(claimed, frozenset({"iam"}))
    check_scope(claimed, frozenset({"iam"}), frozenset({"us-east-1"}))
    with pytest.raises(SignatureDoesNotMatch, match="correct service"):
        check_scope(claimed, frozenset({"sts"}))
    with pytest.raises(SignatureDoesNotMatch, match="valid region, not 'us-east-1'"):
        check_scope(claimed, frozenset({"iam"}), frozenset({"eu-west-1"}))


def test_what_is_missing_from_the_header_is_named():
    http = HTTPRequest(
        "GET", "/", "", [HOST, ("authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request")], b""
    )
    with pytest.raises(IncompleteSignature) as refused:
        parse_authorization(http)
    assert refused.value.message == (
        "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
        "Authorization header requires existence of a 'X-Amz-Date' header."
    )


def test_a_claim_never_shows_its_token_or_signature(wire):
    claimed = check(header_signed(wire, "the-token"))
    assert "the-token" not in repr(claimed)
    assert claimed.signature not in repr(claimed)


@pytest.mark.parametrize("damage", [name for name in HEADER_DAMAGE if name != "another key"])
def test_a_refusal_never_repeats_the_token_or_the_right_signature(wire, damage):
    http = header_signed(wire, "the-token", **{"Content-Type": "application/x-www-form-urlencoded"})
    right = check(http).signature
    with pytest.raises(Refused) as refused:
        check(HEADER_DAMAGE[damage][0](http))
    assert "the-token" not in refused.value.message
    assert right not in refused.value.message


def test_a_second_claim_is_refused_before_anything_is_looked_up(wire):
    http = header_signed(wire, "the-token")
    for name in ("authorization", "x-amz-date", "x-amz-security-token"):
        with pytest.raises(InvalidSignature, match=f"more than one {name} header"):
            parse_authorization(more(http, (name, http.header(name) or "")))
    with pytest.raises(InvalidSignature, match="as AWS spells them"):
        parse_authorization(requeried(presigned(wire), "X-Amz-Expires=", "x-amz-expires="))


def test_the_day_of_the_scope_must_be_the_requests(wire):
    with pytest.raises(SignatureDoesNotMatch) as refused:
        parse_authorization(replaced(header_signed(wire), "authorization", "20150830", "20150831"))
    assert refused.value.message == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        "'20150831' != '20150830', from '20150830T123600Z'."
    )


@given(st.text(max_size=200))
def test_any_authorization_header_is_read_or_refused(text):
    http = HTTPRequest("GET", "/", "", [HOST, DATE, ("authorization", "AWS4-HMAC-SHA256 " + text)], b"")
    with pytest.raises((IncompleteSignature, SignatureDoesNotMatch)):
        parse_authorization(http)


def test_two_headers_that_were_not_signed_may_repeat(wire):
    check(more(header_signed(wire), ("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "5.6.7.8")))


def test_invalid_signature_is_what_two_claims_are_called():
    assert InvalidSignature("x").status == 400
