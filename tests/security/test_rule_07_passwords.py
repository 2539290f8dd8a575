"""Rules 7, 8 and 18: passwords, codes, seeds, tokens and tickets lie nowhere, in no dress; sign-ins are on record (rule 14)."""

import base64
import json
import time

import pytest

from tests.muniment_server import MUNIMENT, Muniment
from tests.scenarios.signing_in import Client, Phone
from tests.scenarios.wire import Wire
from tests.security.browserless import Pages
from tests.security.test_cve_27_canaries import dresses, haystacks
from tests.security.timeline import rows

FIRST, SECOND, WRONG = "Canary-Password-Qx81zt", "Canary-Password-Vm27yd", "Canary-Wrong-Ht55ke"


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory):
    """A server where people signed in, failed, changed passwords, used factors; what lies about, and the canaries."""
    folder = tmp_path_factory.mktemp("canaries")
    with Muniment(folder / "data", "--trusted-proxy", "127.0.0.1") as server:
        iam, client = server.client("iam"), Client(server, "198.51.100.7")
        iam.create_user(UserName="ana")
        iam.create_login_profile(UserName="ana", Password=FIRST, PasswordResetRequired=True)
        allow = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
        iam.put_user_policy(UserName="ana", PolicyName="all", PolicyDocument=allow)
        assert client.sign_in(password=WRONG).status == 401
        assert client.sign_in(WRONG, WRONG).status == 401  # typed into the wrong field
        ticket = client.sign_in(password=FIRST)["Ticket"]
        token = client("ChoosePassword", Ticket=ticket, Password=SECOND)["Token"]
        phone = Phone(iam, "ana")
        second = client.sign_in(password=SECOND)["Ticket"]
        factored = client("AnswerCode", Ticket=second, Code=phone.code())["Token"]
        codes = client.native("IssueRecoveryCodes", factored, "muniment")["RecoveryCodes"]
        third = client.sign_in(password=SECOND)["Ticket"]
        assert client("AnswerRecoveryCode", Ticket=third, Code=codes[0]).status == 200
        pages = Pages(server)
        pages.sign_in(password=WRONG)
        server.run(MUNIMENT, "rebuild", "access")
        wire = Wire(server)
        give_up = time.monotonic() + 15
        while len(found := rows(wire, ActionName="signin:ConsoleLogin")) < 6 and time.monotonic() < give_up:
            time.sleep(0.1)
        server.kill()
        canaries = {
            "first": FIRST,
            "second": SECOND,
            "wrong": WRONG,
            "seed": phone.seed,
            "raw seed": base64.b32decode(phone.seed),
            "token": token,
            "factored": factored,
            "ticket": ticket,
            "raw ticket": bytes.fromhex(ticket),
            "recovery": codes[1],
            "used recovery": codes[0].replace("-", ""),
        }
        server.start()
        hay = list(haystacks(server, folder)) + list(haystacks(server, server.folder))
        yield hay, canaries, found


def test_nothing_that_proves_an_identity_lies_about(left_behind):
    hay, canaries, _ = left_behind
    assert len(hay) > 20
    hits = [
        (secret, dress, name)
        for secret, value in canaries.items()
        for dress, needle in dresses(value).items()
        for name, data in hay
        if needle in data
    ]
    assert hits == []


def test_hashes_are_sealed(left_behind):
    hay, _, _ = left_behind
    assert [name for name, data in hay if b"$argon2" in data and "/lib" not in name] == []


def test_every_sign_in_and_every_refusal_is_on_record_with_its_reason(left_behind):  # rule 14
    _, _, found = left_behind
    text = json.dumps(found)
    for word in ("wrong-password", "unknown-user", "recovery", "SignInSucceeded", "SignInRefused"):
        assert word in text
    assert WRONG not in text


def test_a_refusal_is_durable_before_its_answer(tmp_path):  # rule 14
    with Muniment(tmp_path / "data") as server:
        assert Client(server).sign_in("nobody", "wrong").status == 401
        server.kill()
        server.start()
        wire, give_up = Wire(server), time.monotonic() + 15
        while not (found := rows(wire, ActionName="signin:ConsoleLogin")):
            assert time.monotonic() < give_up
            time.sleep(0.1)
        assert [row["Fact"] for row in found] == ["SignInRefused"]
