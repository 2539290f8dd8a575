"""FIDO2 in a real browser, with Chromium's virtual authenticator (SECURITY 8, FEATURES 1e)."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.test_sign_in import fill, signed_in
from tests.scenarios.signing_in import PASSWORD, Client, with_password

ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*"}]}'


class Authenticator:
    """A security key that the browser believes in."""

    def __init__(self, page, verifies=True):
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "usb",
            "hasResidentKey": False,
            "hasUserVerification": verifies,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        self.id = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def credentials(self):
        return self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]

    def set_count(self, count):
        """Put the counter back, as a copy of the key would have it."""
        (credential,) = self.credentials()
        self.session.send(
            "WebAuthn.removeCredential", {"authenticatorId": self.id, "credentialId": credential["credentialId"]}
        )
        self.add(credential | {"signCount": count})

    def add(self, credential):
        self.session.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": credential})


@pytest.fixture
def ana(iam):
    with_password(iam)
    iam.put_user_policy(UserName="ana", PolicyName="keys", PolicyDocument=ALLOW)


def register(page, name="blue-key"):
    page.goto("/signin/security-keys")
    page.get_by_label("A name for the key").fill(name)
    page.get_by_role("button", name="Register the key").click()


def enrolled(page, server, **options):
    """A page whose user is signed in and has a security key."""
    key = Authenticator(page, **options)
    fill(page, server.account)
    signed_in(page)
    register(page)
    signed_in(page)
    expect(page.get_by_text("blue-key")).to_be_visible()
    return key


def use_key(page):
    page.get_by_role("button", name="Use a security key").click()


def test_a_key_is_registered_and_then_asked_for(page, ana, iam, server):
    enrolled(page, server)
    (device,) = iam.list_mfa_devices(UserName="ana")["MFADevices"]
    assert device["SerialNumber"] == f"arn:aws:iam::{server.account}:u2f/user/ana/blue-key"
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
    page.get_by_role("button", name="Sign out", exact=True).click()
    for _ in range(2):
        fill(page, server.account)
        use_key(page)
        signed_in(page)
    iam.deactivate_mfa_device(UserName="ana", SerialNumber=device["SerialNumber"])
    assert iam.list_mfa_devices(UserName="ana")["MFADevices"] == []


def test_root_has_security_keys_too(page, iam, server):
    iam.create_login_profile(Password=PASSWORD)
    Authenticator(page)

    def sign_in():
        page.goto("/signin?root=1")
        page.get_by_label("Root user's e-mail address").fill("root@muniment.invalid")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()

    sign_in()
    register(page)
    expect(page.get_by_text("blue-key")).to_be_visible()
    (device,) = iam.list_mfa_devices()["MFADevices"]
    assert device["SerialNumber"] == f"arn:aws:iam::{server.account}:u2f/root-account/blue-key"
    sign_in()
    use_key(page)
    signed_in(page)


def test_a_user_without_the_permission_registers_nothing(page, iam, server):
    with_password(iam)
    Authenticator(page)
    fill(page, server.account)
    signed_in(page)
    register(page)
    expect(page.get_by_role("alert")).to_contain_text("not authorized to perform: iam:EnableMFADevice")
    assert iam.list_mfa_devices(UserName="ana")["MFADevices"] == []


def test_the_browser_itself_refuses_to_register_a_key_twice(page, ana, server):
    enrolled(page, server)
    register(page, "again")
    expect(page.get_by_text("This key is registered already.")).to_be_visible()


def test_another_key_opens_nothing(open_page, ana, iam, server):
    page = open_page()
    enrolled(page, server)
    stranger = open_page()
    Authenticator(stranger)
    fill(stranger, server.account)
    use_key(stranger)
    expect(stranger.get_by_text("The security key gave no answer.")).to_be_visible()


def test_a_counter_that_goes_back_blocks_the_key_and_raises_an_alarm(page, ana, iam, server):  # SECURITY 8
    key = enrolled(page, server)
    fill(page, server.account)
    use_key(page)
    signed_in(page)
    key.set_count(0)
    fill(page, server.account)
    use_key(page)
    expect(page.get_by_role("alert")).to_contain_text("was changed meanwhile")  # the key is blocked
    assert "SecurityKeyBlocked" in server.output()
    key.set_count(1_000)  # the true one, or its copy: nobody knows, so neither is believed
    fill(page, server.account)
    use_key(page)
    expect(page.get_by_role("alert")).to_contain_text("incorrect")
    page.goto("/signin/account")
    expect(page.get_by_text("blue-key (blocked)")).to_be_visible()  # of the session from before


def test_proving_again_needs_a_key_that_verifies_its_user(open_page, ana, server):  # UV required for step-up
    page = open_page()
    enrolled(page, server)
    page.goto("/signin/confirm")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue with a security key").click()
    signed_in(page)


def test_a_key_without_a_pin_signs_in_but_proves_nothing_again(page, ana, server):
    enrolled(page, server, verifies=False)
    fill(page, server.account)
    use_key(page)
    signed_in(page)
    page.goto("/signin/confirm")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue with a security key").click()
    expect(page.get_by_text("The security key gave no answer.")).to_be_visible()


ASSERT = """async (options) => {
  const bytes = (t) => Uint8Array.from(atob(t.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
  const found = await navigator.credentials.get({ publicKey: { ...options, challenge: bytes(options.challenge),
    allowCredentials: options.allowCredentials.map((each) => ({ ...each, id: bytes(each.id) })) } });
  const r = found.response;
  return JSON.stringify({ id: found.id, rawId: text(found.rawId), type: found.type, response: {
    clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature) } });
}"""


def test_an_answer_is_good_once_for_its_own_sign_in_only(page, ana, server):
    """Challenges are single use, and bound to the sign-in, the user and the ceremony."""
    enrolled(page, server)
    client = Client(server)
    first, second = client.sign_in(), client.sign_in()
    begun = client("BeginSecurityKey", Ticket=first["Ticket"])
    answer = page.evaluate(ASSERT, begun["Options"])
    given = {"Challenge": begun["Challenge"], "Response": answer}
    assert client("AnswerSecurityKey", Ticket=second["Ticket"], **given).status == 401  # another sign-in's
    assert client("AnswerSecurityKey", Ticket=first["Ticket"], **given).status == 401  # and used up by the try
    begun = client("BeginSecurityKey", Ticket=first["Ticket"])
    answer = page.evaluate(ASSERT, begun["Options"])
    damaged = json.loads(answer)
    damaged["response"]["signature"] = damaged["response"]["signature"][:-4] + "AAAA"
    bad = client(
        "AnswerSecurityKey", Ticket=first["Ticket"], Challenge=begun["Challenge"], Response=json.dumps(damaged)
    )
    assert bad.status == 401
    begun = client("BeginSecurityKey", Ticket=first["Ticket"])
    answer = page.evaluate(ASSERT, begun["Options"])
    good = client("AnswerSecurityKey", Ticket=first["Ticket"], Challenge=begun["Challenge"], Response=answer)
    assert client("GetSession", good["Token"])["Factor"].endswith("/blue-key")


def test_an_answer_from_another_origin_is_refused(open_page, ana, server, chromium):
    """The page of a phisher gets an answer that names its own origin; here the same host on another port."""
    page = open_page()
    key = enrolled(page, server)
    (credential,) = key.credentials()
    phisher = open_page(base_url="http://localhost:1")
    phisher.route("**/*", lambda route: route.fulfill(body="<p>trust me</p>", content_type="text/html"))
    phisher.goto("http://localhost:1/")
    stolen = Authenticator(phisher)
    stolen.add(credential)
    client = Client(server)
    step = client.sign_in()
    begun = client("BeginSecurityKey", Ticket=step["Ticket"])
    answer = phisher.evaluate(ASSERT, begun["Options"])
    reply = client("AnswerSecurityKey", Ticket=step["Ticket"], Challenge=begun["Challenge"], Response=answer)
    assert reply.status == 401
