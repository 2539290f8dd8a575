"""CVE row 1: a lockout keyed on the name as it was typed (Vault 2025-6004, OpenBao 2025-54998, Authelia 2025-24806)."""

from tests.scenarios.signing_in import Client, with_password
from tests.security.sign_in import Crowd, behind_proxy, crowd

__all__ = ["behind_proxy", "crowd"]


def spellings(user_id):
    """Fifty ways of writing one name."""
    cases = ["ana.maria", "Ana.Maria", "ANA.MARIA", "aNA.mARIA", "ana.MARIA"]
    wide = [text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}) for text in cases]
    plain = [*cases, *wide]
    spaced = [
        f"{before}{text}{after}"
        for text in plain
        for before, after in ((" ", ""), ("", " "), ("\t", "\n"), ("\u3000", ""))
    ]
    return [*plain, *spaced[:38], user_id, user_id.lower()]


def test_ten_wrong_passwords_over_fifty_spellings_lock_one_account(crowd):
    iam, client = crowd.client("iam"), Crowd(crowd)
    with_password(iam, "ana.maria")
    with_password(iam, "eva")
    names = spellings(iam.get_user(UserName="ana.maria")["User"]["UserId"])
    assert len(names) == len(set(names)) == 50
    number = crowd.account
    iam.create_account_alias(AccountAlias="acme")
    accounts = [number, "acme", f" {number} ", "ACME", f"{number[:4]}-{number[4:8]}-{number[8:]}"]
    statuses = [
        client.sign_in(name, "wrong", account=accounts[turn % len(accounts)]).status
        for turn, name in enumerate(names[::5])
    ]
    assert len(statuses) == 10
    assert statuses[:5] == [401] * 5
    assert statuses.count(401) <= 7  # the delays are seconds: one or two more may come through
    for name in names:
        if client.sign_in(name).status == 429:
            break
    else:
        raise AssertionError("no spelling is locked")
    assert client.token("eva")  # nobody else is


def test_every_spelling_means_the_same_user(crowd):
    iam = crowd.client("iam")
    with_password(iam, "ana.maria")
    user_id = iam.get_user(UserName="ana.maria")["User"]["UserId"]
    client = Crowd(crowd)
    for name in spellings(user_id)[::3]:
        token = client.token(name)
        assert client("GetSession", token)["Arn"].endswith(":user/ana.maria")


def test_root_is_locked_however_its_address_is_written(crowd):
    crowd.client("iam").create_login_profile(Password="Correct-Horse-1")
    client = Crowd(crowd)
    spelled = ["root@muniment.invalid", "ROOT@MUNIMENT.INVALID", " root@muniment.invalid ", "ｒoot@muniment.invalid"]
    for turn in range(5):
        assert client("SignIn", Email=spelled[turn % 4], Password="wrong").status == 401
    for text in spelled:
        assert client("SignIn", Email=text, Password="Correct-Horse-1").status == 429


def test_a_stranger_cannot_lock_somebody_out_for_good(crowd):  # SECURITY 7
    iam = crowd.client("iam")
    with_password(iam)
    client = Crowd(crowd)
    for _ in range(30):
        client.sign_in("ana", "wrong")
    reply = client.sign_in("ana")
    assert reply.status == 429
    assert int(reply.headers["retry-after"]) <= 60


def test_one_address_is_slowed_down_whoever_it_tries(crowd):
    iam = crowd.client("iam")
    with_password(iam)
    client = Client(crowd, "203.0.113.7")
    statuses = [client.sign_in(f"user{number}", "wrong").status for number in range(10)]
    assert statuses[:5] == [401] * 5
    assert 429 in statuses
    assert Client(crowd, "203.0.113.8").token()
