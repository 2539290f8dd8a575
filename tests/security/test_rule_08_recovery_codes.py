"""Rule 8: recovery codes that were shown are good until new ones are asked for, and not just loaded again. HEAD of the pages."""

import re

import pytest

from tests.scenarios.signing_in import Phone, with_password
from tests.scenarios.test_sign_in import ALL
from tests.security.browserless import Pages
from tests.security.sign_in import behind_proxy, crowd

__all__ = ["behind_proxy", "crowd"]


@pytest.fixture
def pages(crowd):
    """Ana, signed in by password and factor."""
    iam = crowd.client("iam")
    with_password(iam)
    iam.put_user_policy(UserName="ana", PolicyName="all", PolicyDocument=ALL)
    phone, visitor = Phone(iam, "ana"), Pages(crowd)
    assert visitor.factor("ana", phone.code()).status == 303
    return visitor


def codes(page):
    return re.findall(r"<li><code>([^<]+)</code></li>", page.text)


def asked(page):
    """What the button on the account's page sends."""
    return {"once": re.search(r'name="once" value="([0-9a-f]{32})"', page.text)[1]}


def test_loading_the_page_again_does_not_void_what_it_showed(pages):
    fields = asked(pages.get("/signin/account"))
    form = pages.last.form
    shown = pages.post("/signin/recovery-codes", fields, form)
    assert (shown.status, len(codes(shown))) == (200, 10)
    again = pages.post("/signin/recovery-codes", fields, form)
    assert (again.status, codes(again)) == (409, [])
    assert "shown once, and are good" in again.problem
    step = pages.sign_in()
    assert step.status == 303
    pages.get("/signin/factor")
    assert pages.post("/signin/factor", {"kind": "recovery", "code": codes(shown)[0]}).status == 303


def test_whoever_asks_anew_has_new_ones_and_the_old_are_void(pages):
    first = codes(pages.post("/signin/recovery-codes", asked(pages.get("/signin/account"))))
    second = codes(pages.post("/signin/recovery-codes", asked(pages.get("/signin/account"))))
    assert len({*first, *second}) == 20
    pages.sign_in()
    pages.get("/signin/factor")
    assert pages.post("/signin/factor", {"kind": "recovery", "code": first[0]}).status == 401


def test_a_page_is_asked_for_by_head_as_by_get_and_has_no_body(pages):
    for path in ("/signin", "/signin/account", "/signin/nothing", "/signin/style.css"):
        got, head = pages.get(path), pages.send("HEAD", path)
        assert (head.status, head.text) == (got.status, ""), path
        assert head.header("content-type") == got.header("content-type")
        assert abs(int(head.header("content-length")) - len(got.text.encode())) <= 64  # tokens of forms differ
    assert pages.send("HEAD", "/v1/iam/ListUsers").status in (404, 405)
