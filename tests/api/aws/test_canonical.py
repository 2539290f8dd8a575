"""The canonical request against published vectors: AWS's Signature Version 4 test suite and the IAM user guide."""

from datetime import UTC, datetime

import pytest

from muniment.api.aws import canonical
from muniment.api.aws.http import HTTPRequest
from muniment.api.aws.signature import Claimed, parse_authorization, verify
from muniment.domain.errors import SignatureDoesNotMatch

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = int(datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()) * 1_000_000
TOKEN = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"


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


# Published vectors: the AWS Signature Version 4 test suite, and the IAM example of the user guide

HOST, DATE = ("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")
VECTORS: list[tuple[str, str, str, str, list[tuple[str, str]], bytes, str, str]] = [
    ("get-vanilla", "GET", "/", "", [], b"", "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("post-vanilla", "POST", "/", "", [], b"", "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ("get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1", [], b"", "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ("get-vanilla-query-order-encoded", "GET", "/", "Param-3=Value3&Param=Value2&%E1%88%B4=Value1", [], b"",
     "host;x-amz-date", "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"),
    ("get-vanilla-utf8-query", "GET", "/", "%E1%88%B4=bar", [], b"", "host;x-amz-date",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
    ("get-unreserved", "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "", [], b"",
     "host;x-amz-date", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    ("get-utf8", "GET", "/\u1234".encode().decode("latin-1"), "", [], b"", "host;x-amz-date",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    ("get-space", "GET", "/example space/", "", [], b"", "host;x-amz-date",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
    ("get-header-value-trim", "GET", "/", "", [("my-header1", " value1"), ("my-header2", ' "a   b   c"')], b"",
     "host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    ("post-header-key-sort", "POST", "/", "", [("my-header1", "value1")], b"", "host;my-header1;x-amz-date",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
    ("post-x-www-form-urlencoded", "POST", "/", "", [("content-type", "application/x-www-form-urlencoded")],
     b"Param1=value1", "content-type;host;x-amz-date",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ("get-vanilla-with-session-token", "GET", "/", "", [("x-amz-security-token", TOKEN)], b"",
     "host;x-amz-date;x-amz-security-token", "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"),
]  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS, ids=[vector[0] for vector in VECTORS])
def test_a_published_vector_verifies_and_its_neighbour_does_not(vector):
    _, method, path, query, headers, body, signed, signature = vector
    http = HTTPRequest(method, path, query, [HOST, *headers, DATE, authorized(signed, signature)], body)
    claimed = check(http)
    assert claimed.token == (TOKEN if "token" in vector[0] else None)
    wrong = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    with pytest.raises(SignatureDoesNotMatch):
        check(HTTPRequest(method, path, query, [HOST, *headers, DATE, authorized(signed, wrong)], body))


def test_the_iam_example_of_the_user_guide_verifies():
    headers = [
        ("host", "iam.amazonaws.com"),
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        DATE,
        authorized(
            "content-type;host;x-amz-date",
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            "iam",
        ),
    ]
    check(HTTPRequest("GET", "/", "Action=ListUsers&Version=2010-05-08", headers, b""))


def test_the_derived_key_of_the_user_guide_is_derived():
    key = canonical.signing_key(SECRET, "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"


PRESIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request"
    "&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600"
)


def test_the_presigned_vector_verifies():
    query = (
        f"Param2=value2&Param1=value1&{PRESIGNED}"
        "&X-Amz-Signature=86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5"
    )
    claimed = check(HTTPRequest("GET", "/", query, [HOST], b""))
    assert (claimed.presigned, claimed.expires, claimed.token) == (True, 3600, None)


def test_the_presigned_vector_with_a_session_token_verifies():
    query = (
        f"{PRESIGNED}&X-Amz-Security-Token={TOKEN}"
        "&X-Amz-Signature=7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c"
    )
    assert check(HTTPRequest("GET", "/", query, [HOST], b"")).token == TOKEN


def test_the_canonical_path_is_normalised_as_the_suite_has_it():
    paths = {"": "/", "/": "/", "//": "/", "/./": "/", "/example/..": "/", "/example1/example2/../..": "/",
             "//example//": "/example/", "/./example": "/example", "/example space/": "/example%20space/",
             "/a%2Fb": "/a%252Fb"}  # fmt: skip
    assert {raw: canonical.canonical_path(raw) for raw in paths} == paths
