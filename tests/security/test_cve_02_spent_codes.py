"""CVE row 2: one-time codes used twice, limits that can be stepped around (Vault 2025-6014, -6015; OpenBao 2025-55000, -55003)."""

import threading

from tests.scenarios.signing_in import Client, Phone, with_password
from tests.security.sign_in import Crowd, behind_proxy, crowd

__all__ = ["behind_proxy", "crowd"]


def full_width(code):
    return code.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})


def at_once(calls):
    """The replies of calls made in parallel, each on a socket of its own."""
    replies, gate = [], threading.Barrier(len(calls))

    def run(call):
        gate.wait()
        replies.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def test_of_the_same_code_in_parallel_from_many_sockets_exactly_one_wins(crowd):
    iam, client = crowd.client("iam"), Crowd(crowd)
    with_password(iam)
    phone = Phone(iam, "ana")
    tickets = [client.sign_in()["Ticket"] for _ in range(16)]
    code = phone.code()
    spelled = [code, f" {code} ", f"{code[:3]} {code[3:]}", full_width(code)]
    replies = at_once(
        [
            lambda ticket=ticket, text=spelled[turn % 4]: Crowd(crowd)("AnswerCode", Ticket=ticket, Code=text)
            for turn, ticket in enumerate(tickets)
        ]
    )
    assert [reply.status for reply in replies].count(200) == 1
    assert {reply.status for reply in replies} <= {200, 401, 429}


def test_one_ticket_becomes_one_session(crowd):
    iam, client = crowd.client("iam"), Crowd(crowd)
    with_password(iam)
    phone, other = Phone(iam, "ana"), Phone(iam, "ana", "other")
    ticket, codes = client.sign_in()["Ticket"], [phone.code(), other.code()]
    replies = at_once([lambda code=code: Crowd(crowd)("AnswerCode", Ticket=ticket, Code=code) for code in codes])
    assert sorted(reply.status for reply in replies) == [200, 401]


def test_a_code_spent_at_sts_is_spent_at_sign_in(crowd):
    """One device, one counter of steps, whichever door it is shown at."""
    iam, client = crowd.client("iam"), Crowd(crowd)
    with_password(iam)
    phone = Phone(iam, "ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    code = phone.code()
    crowd.client("sts", key).get_session_token(SerialNumber=phone.serial, TokenCode=code)
    assert client("AnswerCode", Ticket=client.sign_in()["Ticket"], Code=code).status == 401


def test_the_sixth_guess_is_refused_in_whichever_flow(crowd):
    """Guesses at sign-in, at proving again and at STS are counted together, whatever comes between them."""
    iam, client = crowd.client("iam"), Crowd(crowd)
    with_password(iam)
    phone = Phone(iam, "ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    sts = crowd.client("sts", key)
    token = client("AnswerCode", Ticket=client.sign_in()["Ticket"], Code=phone.code())["Token"]
    for _ in range(2):
        assert client("AnswerCode", Ticket=client.sign_in()["Ticket"], Code="000000").status == 401
    for _ in range(2):
        assert client("Reauthenticate", token, Password="Correct-Horse-1", Code="000000").status == 401
    try:
        sts.get_session_token(SerialNumber=phone.serial, TokenCode="000000")
    except sts.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied"
    assert client("AnswerCode", Ticket=client.sign_in()["Ticket"], Code=phone.code()).status == 429
    assert client("Reauthenticate", token, Password="Correct-Horse-1", Code="000000").status == 429


def test_a_hundred_guesses_in_parallel_are_five_looked_at(crowd):
    iam, client = crowd.client("iam"), Crowd(crowd)
    with_password(iam)
    Phone(iam, "ana")
    ticket = client.sign_in()["Ticket"]
    replies = at_once([lambda n=n: Crowd(crowd)("AnswerCode", Ticket=ticket, Code=f"{n:06d}") for n in range(100)])
    statuses = [reply.status for reply in replies]
    assert statuses.count(429) == 95
    assert statuses.count(401) == 5


def test_what_was_answered_429_is_the_same_for_a_right_code(crowd):
    iam, client = crowd.client("iam"), Crowd(crowd)
    with_password(iam)
    phone = Phone(iam, "ana")
    ticket = client.sign_in()["Ticket"]
    for guess in range(5):
        client("AnswerCode", Ticket=ticket, Code=f"{guess:06d}")
    right, wrong = (client("AnswerCode", Ticket=ticket, Code=code) for code in (phone.code(), "999999"))
    assert (right.status, right.json["detail"]) == (wrong.status, wrong.json["detail"]) == (429, right.json["detail"])


def test_another_users_device_does_not_help(crowd):
    iam, client = crowd.client("iam"), Client(crowd)
    for name in ("ana", "eva"):
        with_password(iam, name)
    Phone(iam, "ana")
    evas = Phone(iam, "eva", "evas")
    assert client("AnswerCode", Ticket=client.sign_in()["Ticket"], Code=evas.code()).status == 401
