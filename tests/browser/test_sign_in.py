"""People sign in: with and without JavaScript, by keyboard, on a phone (issue "Sign-in")."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE_WIDTH
from tests.scenarios.signing_in import BETTER, PASSWORD, Phone, with_password


def fill(page, account, user="ana", password=PASSWORD, path="/signin"):
    page.goto(path)
    page.get_by_label("Account ID or alias").fill(account)
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def signed_in(page):
    expect(page.get_by_role("heading", level=1)).to_have_text("Your sign-in")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_user_signs_in_and_out(open_page, iam, server, javascript):
    with_password(iam)
    page = open_page(java_script_enabled=javascript)
    fill(page, server.account)
    signed_in(page)
    expect(page.get_by_text("You are signed in as")).to_contain_text("ana")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/signin/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")  # the session is over


def test_a_wrong_password_is_told_and_what_was_typed_is_kept_but_the_password(page, iam, server):
    with_password(iam)
    fill(page, server.account, password="wrong")
    expect(page.get_by_role("alert")).to_have_text("Your authentication information is incorrect. Please try again.")
    expect(page.get_by_label("Account ID or alias")).to_have_value(server.account)
    expect(page.get_by_label("Password")).to_have_value("")
    page.get_by_label("User name").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    signed_in(page)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_code_is_asked_for(open_page, iam, server, javascript):
    with_password(iam)
    phone = Phone(iam, "ana")
    page = open_page(java_script_enabled=javascript)
    fill(page, server.account)
    page.get_by_label("Code of your device").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("incorrect")
    code = phone.code()
    page.get_by_label("Code of your device").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Continue").click()
    signed_in(page)
    expect(page.get_by_text("phone")).to_be_visible()


def test_a_password_that_must_be_changed_is_changed(page, iam, server):
    with_password(iam, PasswordResetRequired=True)
    fill(page, server.account)
    expect(page.get_by_role("heading", level=1)).to_have_text("New password")
    for first, second in (("short", "short"), (BETTER, "other"), (BETTER, BETTER)):
        page.get_by_label("New password", exact=True).fill(first)
        page.get_by_label("New password, again").fill(second)
        page.get_by_role("button", name="Change password").click()
    signed_in(page)


def test_root_signs_in_by_e_mail_address(page, iam):
    iam.create_login_profile(Password=PASSWORD)
    page.goto("/signin")
    page.get_by_role("link", name="Sign in as the root user").click()
    page.get_by_label("Root user's e-mail address").fill("root@muniment.invalid")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    signed_in(page)
    expect(page.get_by_text("You are signed in as")).to_contain_text("root")


def test_one_session_ends_another_and_signs_out_everywhere(open_page, iam, server):
    with_password(iam)
    first, second, third = (open_page() for _ in range(3))
    for page in (first, second, third):
        fill(page, server.account)
        signed_in(page)
    first.reload()
    first.get_by_role("button", name="End the session").first.click()
    signed_in(first)
    ended = 0
    for page in (second, third):
        page.reload()
        ended += page.get_by_role("heading", level=1).text_content() == "Sign in"
    assert ended == 1
    first.get_by_role("button", name="Sign out everywhere").click()
    for page in (first, second, third):
        page.goto("/signin/account")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.parametrize("where", ["//evil.example/", "https://evil.example/", "/\\evil.example", "/%5cevil.example"])
def test_a_sign_in_leads_nowhere_else(page, iam, server, where, site):
    with_password(iam)
    page.goto(f"/signin?return_to={where}")
    fill_here(page, server.account)
    signed_in(page)
    assert page.url == f"{site}/signin/account"


def fill_here(page, account):
    page.get_by_label("Account ID or alias").fill(account)
    page.get_by_label("User name").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_a_sign_in_leads_back_to_where_it_was_asked_for(page, iam, server, site):
    with_password(iam)
    page.goto("/signin/security-keys")
    fill_here(page, server.account)
    expect(page.get_by_role("heading", level=1)).to_have_text("Add a security key")
    assert page.url == f"{site}/signin/security-keys"


def test_a_session_is_not_the_cookie_from_before_it(page, iam, server):  # fixation
    with_password(iam)
    page.goto("/signin")
    before = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    fill_here(page, server.account)
    signed_in(page)
    cookies = page.context.cookies()
    session = next(cookie for cookie in cookies if cookie["name"] == "__Host-muniment-session")
    assert session["value"] not in before.values()
    assert all(cookie["name"].startswith("__Host-") for cookie in cookies)
    assert all(cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in cookies)
    assert all(cookie["path"] == "/" and not cookie["domain"].startswith(".") for cookie in cookies)
    assert page.evaluate("document.cookie") == ""


def test_every_page_is_usable_at_a_phones_width(open_page, iam, server, tmp_path):
    with_password(iam)
    phone = Phone(iam, "ana")
    page = open_page(viewport=PHONE_WIDTH, has_touch=True, is_mobile=True)

    def check(name):
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        small = page.evaluate(
            "[...document.querySelectorAll('button, input:not([type=hidden])')]"
            ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).length"
        )
        assert small == 0, name
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)

    page.goto("/signin")
    check("start")
    fill_here(page, server.account)
    check("factor")
    page.get_by_label("Code of your device").fill(phone.code())
    page.get_by_role("button", name="Continue").click()
    signed_in(page)
    check("account")
    page.goto("/signin/confirm")
    check("confirm")


def test_every_field_has_a_label_and_every_page_a_heading_and_a_language(page, iam, server):
    with_password(iam)
    for path in ("/signin", "/signin?root=1"):
        page.goto(path)
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.locator("h1").count() == 1
        unlabelled = page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden])')].filter(e => !e.labels.length).length"
        )
        assert unlabelled == 0
        assert page.title().endswith("– Muniment")


def test_a_sign_in_is_done_with_the_keyboard_alone(page, iam, server):
    with_password(iam)
    page.goto("/signin")
    expect(page.get_by_label("Account ID or alias")).to_be_focused()
    page.keyboard.type(server.account)
    page.keyboard.press("Tab")
    page.keyboard.type("ana")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    signed_in(page)
