"""Rule 9: cookies, CSRF, CSP, fixation, open redirects, sign-out, and proofs of five minutes."""

import html
import re

import pytest

from tests.scenarios.signing_in import PASSWORD, with_password
from tests.security.browserless import Pages
from tests.security.sign_in import behind_proxy, crowd

__all__ = ["behind_proxy", "crowd"]

SESSION, FORM = "__Host-muniment-session", "__Host-muniment-form"


@pytest.fixture
def pages(crowd):
    with_password(crowd.client("iam"))
    return Pages(crowd)


def test_cookies_are_host_bound_secure_and_out_of_scripts_reach(pages):
    pages.sign_in()
    set_cookies = [value for name, value in pages.last.headers if name.lower() == "set-cookie"]
    assert any(value.startswith(SESSION) for value in set_cookies)
    for value in set_cookies:
        assert value.startswith("__Host-")
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(value.split("; "))
        assert "Domain" not in value


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost.evil.example"},
        {"origin": "http://localhost:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": None, "sec-fetch-site": None},  # a browser says one of them; who says none is none of ours
        {"origin": None, "sec-fetch-site": "cross-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused(pages, headers):
    pages.get("/signin")
    fields = {"account": pages.server.account, "user_name": "ana", "password": PASSWORD}
    page = pages.post("/signin", fields, headers=headers)
    assert (page.status, page.problem[:26]) == (403, "This form did not come fro")
    assert SESSION not in pages.jar


@pytest.mark.parametrize(
    "path", [f"/signin/{name}" for name in ("out", "out-everywhere", "revoke", "confirm", "recovery-codes")]
)
@pytest.mark.parametrize("form", ["", "0" * 64, "another visitor's"])
def test_a_form_without_our_token_does_nothing(pages, crowd, path, form):
    pages.signed_in()
    if form == "another visitor's":
        form = Pages(crowd).signed_in().last.form
    page = pages.post(path, {"session_id": "x", "password": PASSWORD}, form=form)
    assert page.status == 403
    assert pages.get("/signin/account").status == 200


def test_a_form_of_before_the_sign_in_does_not_count_in_the_session(pages):
    pages.get("/signin")
    old = pages.last.form
    pages.signed_in()
    assert pages.post("/signin/out", {}, form=old).status == 403


@pytest.mark.parametrize(
    "body", [b"form=a&form=b", b"\xff\xfe", b"a" * 70_000, b"&".join(b"f%d=1" % n for n in range(40))]
)
def test_a_form_that_cannot_be_read_is_refused_and_no_fault(pages, body):
    import http.client

    pages.get("/signin")
    connection = http.client.HTTPConnection(pages.address.hostname, pages.address.port)
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "origin": pages.origin,
        "cookie": f"{FORM}={pages.jar[FORM]}",
    }
    connection.request("POST", "/signin", body, headers)
    assert connection.getresponse().status in (400, 403)
    connection.close()


def test_every_page_keeps_scripts_and_frames_out(pages):
    pages.signed_in()
    for path in (
        "/signin",
        "/signin/account",
        "/signin/confirm",
        "/signin/security-keys",
        "/signin/nonsense",
        "/signin/style.css",
    ):
        page = pages.get(path)
        policy = page.header("content-security-policy")
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.header("x-content-type-options") == "nosniff"
        assert page.header("x-frame-options") == "DENY"
        assert not re.search(r"<script(?![^>]*\bsrc=)", page.text)
        assert not re.search(r"\son[a-z]+=|style=", page.text)
    assert pages.get("/signin").header("cache-control") == "no-store"


@pytest.mark.parametrize(
    "text", ['"><script>alert(1)</script>', "'; alert(1); '", "{{7777*7777}}", "<img src=x onerror=alert(1)>"]
)
def test_what_was_typed_is_shown_as_text(pages, text):
    pages.get("/signin")
    page = pages.post("/signin", {"account": text, "user_name": text, "password": "x", "return_to": text})
    shown = html.escape(text, quote=True).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    assert shown in page.text  # as text, letter for letter
    assert shown == text or text not in page.text
    assert "60481729" not in page.text  # and nothing in it was worked out


@pytest.mark.parametrize(
    "where",
    [
        "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "/%5cevil.example", "/%2f/evil",
        "/%252f%252fevil", "javascript:alert(1)", "/a\r\nset-cookie: x=y", "/@evil.example", "http:/evil", "////evil",
        "/%09/evil.example", "/.\\\\evil", "/" + "a" * 3_000,
    ],
)  # fmt: skip
def test_a_sign_in_leads_to_none_but_our_own_pages(pages, where):
    page = pages.sign_in(return_to=where)
    assert page.status == 303
    assert page.header("location") == "/signin/account"


@pytest.mark.parametrize("where", ["/signin/security-keys", "/console/?a=b&c=d", "/x/y-z_1~2.html"])
def test_a_sign_in_leads_back_to_our_own_pages(pages, where):
    assert pages.sign_in(return_to=where).header("location") == where


def test_a_session_that_was_planted_is_not_taken_over(pages, crowd):  # fixation
    planted = f"mun_{crowd.account}_{'A' * 43}"
    pages.jar[SESSION] = planted
    pages.sign_in()
    assert pages.jar[SESSION] != planted
    other = Pages(crowd)
    other.jar[SESSION] = planted
    assert other.get("/signin/account").status == 303


def test_proving_again_changes_the_token_and_voids_the_old_one(pages, crowd):
    pages.signed_in()
    before = pages.jar[SESSION]
    assert pages.confirm(PASSWORD).status == 303
    assert pages.jar[SESSION] != before
    other = Pages(crowd)
    other.jar[SESSION] = before
    assert other.get("/signin/account").status == 303


def test_signing_out_ends_the_session_on_the_server(pages, crowd):
    pages.signed_in()
    kept = pages.jar[SESSION]
    assert pages.post("/signin/out", {}).status == 303
    assert SESSION not in pages.jar
    other = Pages(crowd)
    other.jar[SESSION] = kept
    assert other.get("/signin/account").status == 303


def test_a_cookie_that_is_sent_twice_is_none(pages):
    pages.signed_in()
    pages.jar[f"{SESSION}=x; {SESSION}"] = pages.jar[SESSION]
    assert pages.get("/signin/account").status == 303


def test_a_session_cookie_is_no_key_to_the_native_front(pages):
    """Cookies come along by themselves; only the pages, with their forms, take them."""
    pages.signed_in()
    page = pages.send("POST", "/v1/iam/GetUser", headers={"content-type": "application/json"})
    assert page.status == 403


def test_tokens_are_nowhere_in_the_log(pages, crowd):
    pages.signed_in()
    assert pages.jar[SESSION] not in crowd.output()
    assert PASSWORD not in crowd.output()


def test_the_host_header_changes_nothing(pages):  # CVE row 20
    page = pages.get("/signin", host="evil.example", **{"x-forwarded-host": "evil.example"})
    assert "evil.example" not in page.text
    assert "evil.example" not in str(page.headers)
    fields = {"account": pages.server.account, "user_name": "ana", "password": PASSWORD}
    forged = {"host": "evil.example", "origin": "http://evil.example"}
    assert pages.post("/signin", fields, headers=forged).status == 403
