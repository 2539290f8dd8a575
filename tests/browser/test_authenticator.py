"""An authenticator app becomes a second factor on a page, with and without JavaScript (FEATURES 1e; SECURITY 8, 9)."""

import json
import time

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE_WIDTH
from tests.browser.test_sign_in import fill, signed_in
from tests.scenarios.signing_in import with_password

OWN_DEVICE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice"],
            "Resource": ["arn:aws:iam::*:mfa/${aws:username}*", "arn:aws:iam::*:user/${aws:username}"],
        }
    ],
}


@pytest.fixture
def ana(iam):
    with_password(iam)
    iam.put_user_policy(UserName="ana", PolicyName="own", PolicyDocument=json.dumps(OWN_DEVICE))


def shown_code(page, name="ana-phone"):
    """Asks for a device; answers the key that the page shows."""
    page.get_by_role("link", name="Add an authenticator app").click()
    page.get_by_label("A name for the app").fill(name)
    page.get_by_role("button", name="Show the QR code").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    return page.locator("code.seed").text_content().replace(" ", "")


def give(page, first, second):
    page.get_by_label("The code that it shows").fill(first)
    page.get_by_label("The next one").fill(second)
    page.get_by_role("button", name="Use this app").click()


def codes_of(seed):
    """Two consecutive codes, of the last minute; the later ones stay unused."""
    step = int(time.time()) // 30
    return [pyotp.HOTP(seed).at(step + off) for off in (-2, -1)]


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}, {"viewport": PHONE_WIDTH}])
def test_a_user_adds_an_app_and_is_asked_for_its_code_from_then_on(open_page, ana, server, options):
    page = open_page(**options)
    fill(page, server.account)
    seed = shown_code(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    first, second = codes_of(seed)
    give(page, f"{first[:3]} {first[3:]}", second)
    signed_in(page)
    expect(page.get_by_text("ana-phone")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    fill(page, server.account)
    page.get_by_label("Code of your device").fill(pyotp.TOTP(seed).now())
    page.get_by_role("button", name="Continue").click()
    signed_in(page)


def test_wrong_codes_are_told_and_the_same_app_is_tried_again(page, ana, server):
    fill(page, server.account)
    seed = shown_code(page)
    give(page, "000000", "000001")
    expect(page.get_by_role("alert")).to_contain_text("Authentication code")
    expect(page.get_by_role("img", name="QR code")).to_have_count(0)  # it was shown once
    give(page, *codes_of(seed))
    signed_in(page)
    expect(page.get_by_text("ana-phone")).to_be_visible()


def test_a_name_that_is_taken_or_cannot_be_is_told(page, ana, server):
    fill(page, server.account)
    shown_code(page)
    page.get_by_role("link", name="Begin again").click()
    page.get_by_label("A name for the app").fill("ana-phone")
    page.get_by_role("button", name="Show the QR code").click()
    expect(page.get_by_role("alert")).to_contain_text("already exists")
    page.locator("#name").evaluate("field => field.removeAttribute('pattern')")
    page.get_by_label("A name for the app").fill("ana phone/1")
    page.get_by_role("button", name="Show the QR code").click()
    expect(page.get_by_role("alert")).to_contain_text("1 to 64 letters")


def test_policies_say_who_may_have_which_device(page, ana, server):
    fill(page, server.account)
    page.goto("/signin/authenticator")
    page.get_by_label("A name for the app").fill("ben-phone")
    page.get_by_role("button", name="Show the QR code").click()
    expect(page.get_by_role("alert")).to_contain_text("is not authorized to perform: iam:CreateVirtualMFADevice")


def test_root_adds_an_app(page, iam):
    iam.create_login_profile(Password="Correct-Horse-1")
    page.goto("/signin")
    page.get_by_role("link", name="Sign in as the root user").click()
    page.get_by_label("Root user's e-mail address").fill("root@muniment.invalid")
    page.get_by_label("Password").fill("Correct-Horse-1")
    page.get_by_role("button", name="Sign in").click()
    give(page, *codes_of(shown_code(page, "root-phone")))
    signed_in(page)
    expect(page.get_by_text("root-phone")).to_be_visible()
