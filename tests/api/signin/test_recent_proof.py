"""A proof of identity is good for five minutes (SECURITY 9): every front that asks for a recent one, by the sign-in's own clock."""

import json
from types import SimpleNamespace

import pytest

from muniment.api.signin.cookies import SESSION
from muniment.api.signin.origins import Origins
from muniment.api.signin.sensitive import SENSITIVE
from muniment.api.signin.services import SignInServices
from muniment.commands.drawn import clock
from muniment.commands.proofs.cells import Cells
from muniment.commands.proofs.security_keys import RelyingParty, SecurityKeys
from muniment.commands.proofs.spent import SpentProofs
from muniment.commands.proofs.tickets import Tickets
from muniment.commands.signin.flow import SignIn
from muniment.commands.signin.standing import RECENT_SECONDS, Standing
from tests.api.house import ACCOUNT, House
from tests.commands.bench import SECOND, Bench

PASSWORD = "Correct-Horse-1"
FIVE_MINUTES = 300 * SECOND


class Clocked:
    """The sign-in over a Ledger in memory, with one clock for both, which only the test turns."""

    def __init__(self):
        self.bench = Bench()
        cells = Cells(self.bench.memory)
        self.tickets = Tickets(cells, self.bench.clock)
        keys = SecurityKeys(
            cells,
            self.tickets,
            self.bench.attempts(),
            RelyingParty("localhost", ("http://localhost",)),
            self.bench.clock,
        )
        self.parts = SimpleNamespace(
            workshop=self.bench.workshop(),
            tickets=self.tickets,
            spent=SpentProofs(cells),
            keys=keys,
            now=self.bench.clock,
        )
        self.parts.wait = lambda position: None
        self.parts.known = self.parts.state = lambda boundary: self.house.ledger.boundaries.get(boundary)
        standing = Standing(self.parts)
        flow = SignIn(self.parts, standing)
        services = SignInServices(self.parts, flow, standing, b"f" * 32, Origins.of("http://localhost"))
        self.house = House(sign_in=services, now=self.bench.clock)
        self.parts.ledger, self.parts.activity = self.house.ledger, self.house.activity
        self.house.ledger.workshop, self.house.ledger.now = self.parts.workshop, self.bench.clock
        self.bench.now = clock() + SECOND  # the ledger's time never goes back
        status, _, answer = self.house.native("CreateLoginProfile", {"Password": PASSWORD})
        assert status == 200, answer
        begun = self.json("SignIn", Email="root@example.com", Password=PASSWORD)
        self.token, self.began = begun["Token"], self.bench.now

    def post(self, path, body, **headers):
        return self.house.send("POST", path, json.dumps(body).encode(), {"content-type": "application/json", **headers})

    def json(self, action, **body):
        status, _, answer = self.post(f"/v1/signin/{action}", body)
        assert status == 200, answer
        return json.loads(answer)

    def held(self, service, action, **body):
        """(status, code) of a call with the bearer token."""
        status, _, answer = self.post(f"/v1/{service}/{action}", body, authorization=f"Bearer {self.token}")
        return status, json.loads(answer).get("title"), json.loads(answer)

    def page(self, method, path):
        """(status, place) of a page, with the session as a browser holds it."""
        status, headers, _ = self.house.send(method, path, b"", {"cookie": f"{SESSION}={self.token}"})
        return status, headers.get("location")


@pytest.fixture
def clocked():
    built = Clocked()
    yield built
    built.house.close()


def test_the_clock_of_the_test_is_the_sign_ins(clocked):
    (session,) = clocked.house.reads.account(ACCOUNT).sign_ins.values()
    assert session.proven == clocked.began
    assert RECENT_SECONDS * SECOND == FIVE_MINUTES


@pytest.mark.parametrize(("service", "action"), sorted(SENSITIVE))
def test_a_sensitive_action_needs_a_proof_of_the_last_five_minutes(clocked, service, action):
    clocked.bench.now = clocked.began + FIVE_MINUTES + 1  # a microsecond too late; first, for it changes nothing
    assert clocked.held(service, action)[:2] == (403, "ReauthenticationRequired")
    clocked.bench.now -= 1
    assert clocked.held(service, action)[1] != "ReauthenticationRequired"


def test_other_actions_go_on_without_a_recent_proof(clocked):
    clocked.bench.now = clocked.began + 2 * FIVE_MINUTES
    assert clocked.held("iam", "ListUsers")[0] == 200
    assert clocked.held("signin", "GetSession")[2]["Recent"] is False


def test_proving_again_lasts_five_minutes_and_not_longer(clocked):
    clocked.bench.now = clocked.began + 2 * FIVE_MINUTES
    status, _, begun = clocked.held("signin", "Reauthenticate", Password=PASSWORD)
    assert status == 200, begun
    old, clocked.token = clocked.token, begun["Token"]
    again = clocked.bench.now
    assert clocked.held("iam", "CreateAccessKey")[0] == 200
    clocked.bench.now = again + FIVE_MINUTES + 1
    assert clocked.held("iam", "CreateAccessKey")[1] == "ReauthenticationRequired"
    clocked.token = old
    assert clocked.held("iam", "ListUsers")[0] == 401


def test_a_wrong_password_proves_nothing_again(clocked):
    clocked.bench.now = clocked.began + FIVE_MINUTES + 1
    assert clocked.held("signin", "Reauthenticate", Password="wrong")[0] == 401
    assert clocked.held("iam", "CreateAccessKey")[1] == "ReauthenticationRequired"


def test_registering_a_security_key_needs_a_recent_proof_in_both_halves(clocked):
    clocked.bench.now = clocked.began + FIVE_MINUTES
    begun = clocked.held("signin", "BeginSecurityKeyRegistration")
    assert begun[0] == 200, begun
    clocked.bench.now += 1
    assert clocked.held("signin", "BeginSecurityKeyRegistration")[1] == "ReauthenticationRequired"
    finish = {"Challenge": begun[2]["Challenge"], "Name": "key", "Response": "{}"}
    assert clocked.held("signin", "RegisterSecurityKey", **finish)[1] == "ReauthenticationRequired"


def test_the_page_of_security_keys_leads_to_the_proof_when_the_last_is_too_old(clocked):
    clocked.bench.now = clocked.began + FIVE_MINUTES
    assert clocked.page("GET", "/signin/security-keys")[0] == 200
    clocked.bench.now += 1
    status, place = clocked.page("GET", "/signin/security-keys")
    assert (status, place) == (303, "/signin/confirm?return_to=%2Fsignin%2Fsecurity-keys")
    assert clocked.page("GET", "/signin/account")[0] == 200


def test_no_proof_makes_a_session_last_longer_than_it_was_given(clocked):
    """The hour of a token is over whatever was proven in it."""
    clocked.bench.now = clocked.began + 3_599 * SECOND
    clocked.token = clocked.held("signin", "Reauthenticate", Password=PASSWORD)[2]["Token"]
    assert clocked.held("iam", "ListUsers")[0] == 200
    clocked.bench.now = clocked.began + 3_600 * SECOND
    assert clocked.held("iam", "ListUsers")[0] == 401


def test_credentials_that_outlive_the_proof_need_one():
    """A stolen session could assume a role, and do with its credentials all that asks for a recent proof."""
    assert {("sts", "AssumeRole"), ("sts", "GetSessionToken"), ("sts", "GetFederationToken")} <= SENSITIVE
