"""Origins, cookies and forms as plain functions (SECURITY 9, CVE row 20)."""

import pytest

from muniment.api.aws.http import HTTPRequest
from muniment.api.signin.cookies import FORM, SESSION, cookies, drop, put
from muniment.api.signin.forms import form_token, read_form
from muniment.api.signin.origins import Origins
from muniment.domain.errors import AccessDenied, ValidationError
from muniment.ops.proving import relying_party

KEY = b"k" * 32
OURS = Origins.of("https://iam.example.com")


def request(body="", secret="s", session="", token=None, **headers):
    jar = f"{FORM}={secret}; {SESSION}={session}" if secret else f"{SESSION}={session}"
    base = {
        "cookie": jar,
        "content-type": "application/x-www-form-urlencoded",
        "origin": "https://iam.example.com",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    http = HTTPRequest("POST", "/signin", "", [(name, value) for name, value in base.items() if value is not None], b"")
    form = form_token(KEY, http, secret) if token is None else token
    text = f"form={form}{'&' if body else ''}{body}"
    return HTTPRequest("POST", "/signin", "", http.headers, text.encode())


@pytest.mark.parametrize(
    ("endpoint", "allowed"),
    [
        ("https://iam.example.com", ("https://iam.example.com",)),
        ("https://iam.example.com:443/x", ("https://iam.example.com",)),
        ("https://IAM.example.com:8443", ("https://iam.example.com:8443",)),
        ("http://127.0.0.1:8020", ("http://127.0.0.1:8020", "http://localhost:8020")),
        ("http://localhost:8020", ("http://localhost:8020",)),
        ("http://[::1]:8020", ("http://[::1]:8020", "http://localhost:8020")),
    ],
)
def test_origins_come_from_the_settings(endpoint, allowed):
    assert Origins.of(endpoint).allowed == allowed


def test_security_keys_are_for_a_name_and_on_loopback_that_is_localhost():
    party = relying_party("http://127.0.0.1:8020")
    assert (party.id, party.origins) == ("localhost", ("http://localhost:8020",))
    party = relying_party("https://iam.example.com")
    assert (party.id, party.origins) == ("iam.example.com", ("https://iam.example.com",))


def test_a_form_of_ours_is_read():
    assert read_form(request("a=1&b=%C3%A9"), KEY, OURS) == {**read_form(request(), KEY, OURS), "a": "1", "b": "é"}


def test_a_browser_that_says_where_it_comes_from_in_one_way_is_enough():
    assert read_form(request(origin=None, sec_fetch_site="same-origin"), KEY, OURS)
    assert read_form(request(sec_fetch_site="same-origin"), KEY, OURS)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://iam.example.com"},
        {"origin": "https://iam.example.com.evil.example"},
        {"origin": "null"},
        {"origin": None},
        {"sec_fetch_site": "cross-site"},
        {"origin": None, "sec_fetch_site": "none"},
    ],
)
def test_a_form_of_another_origin_is_refused(headers):
    with pytest.raises(AccessDenied):
        read_form(request(**headers), KEY, OURS)


def test_a_token_is_of_one_browser_and_one_session():
    mine = request(session="mine")
    token = form_token(KEY, mine, "s")
    for http in (request(session="other", token=token), request(secret="t", session="mine", token=token)):
        with pytest.raises(AccessDenied):
            read_form(http, KEY, OURS)
    assert read_form(request(session="mine", token=token), KEY, OURS)
    with pytest.raises(AccessDenied):
        read_form(mine, b"q" * 32, OURS)


def test_without_a_cookie_no_form_counts():
    with pytest.raises(AccessDenied):
        read_form(request(secret="", token=form_token(KEY, request(secret=""), "")), KEY, OURS)


@pytest.mark.parametrize("body", ["form=again", "a=1&a=2", "&".join(f"f{n}=1" for n in range(30)), "x" * 70_000])
def test_a_form_that_says_things_twice_or_too_many_is_refused(body):
    with pytest.raises(ValidationError):
        read_form(request(body), KEY, OURS)


def test_another_content_type_is_refused():
    with pytest.raises(ValidationError):
        read_form(request(content_type="text/plain"), KEY, OURS)


def test_cookies_are_read_and_one_that_comes_twice_is_none():
    http = HTTPRequest("GET", "/", "", [("cookie", "a=1; b=2=3"), ("cookie", "c=4; a=5")], b"")
    assert cookies(http) == {"b": "2=3", "c": "4"}


def test_cookies_are_set_for_this_host_alone():
    name, value = put(SESSION, "x")
    assert (name, value) == ("set-cookie", f"{SESSION}=x; Path=/; Secure; HttpOnly; SameSite=Lax")
    assert "Max-Age=0" in drop(SESSION)[1]
