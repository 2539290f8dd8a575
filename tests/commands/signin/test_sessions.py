"""Commands of the sign-in itself: what was proven must still count when the session starts (SECURITY 7, 9)."""

import pytest

from muniment.commands.signin.identity import Claim, account_of, by_id, canonical, find, stranger_key
from muniment.commands.signin.internal import BlockSecurityKey, UseRecoveryCode
from muniment.commands.signin.sessions import (
    ChooseNewPassword,
    EndSignInSession,
    EndSignInSessions,
    RehashPassword,
    RenewSignInSession,
    StartSignInSession,
    stamp,
)
from muniment.domain.account.account import AccountCreated
from muniment.domain.account.erasure import PrincipalErased
from muniment.domain.account.mfa import SecurityKeyBlocked, SecurityKeyRegistered
from muniment.domain.account.passwords import LoginProfileCreated, PasswordChanged, PasswordRehashed
from muniment.domain.account.recovery import RecoveryCodesIssued, RecoveryCodeUsed
from muniment.domain.account.sign_ins import RootSignInSessionStarted, SignInSessionStarted, sessions_of
from muniment.domain.account.users import UserCreated, UserDeleted
from muniment.domain.errors import EntityTemporarilyUnmodifiable, NoSuchEntity, PasswordPolicyViolation
from muniment.domain.ledger import Sealed
from muniment.domain.quotas import SIGN_IN_SESSIONS_PER_PRINCIPAL_MAX
from muniment.domain.site.state import SITE, AccountRegistered, AliasReserved
from tests.commands.given import ACCOUNT, START, House, after, ana, now, refused, then

ANA, FAR = "AIDAANA", START + 10**15
HASH = Sealed(f"account.{ACCOUNT}/{ANA} password", b"Correct-Horse-1")  # sealed backwards, of a hash that is backwards
KEY = f"arn:aws:iam::{ACCOUNT}:u2f/user/Ana/key"


@pytest.fixture
def house():
    return House(after(AccountCreated("A", "a@example.com"), UserCreated("Ana", ANA), LoginProfileCreated("Ana", HASH)))


def stamp_of(house):
    return stamp(by_id(house.account, ANA))


def start(house, digest="a" * 64, proven=None, unique_id=ANA):
    return StartSignInSession(
        unique_id=unique_id,
        session_id=digest[:4],
        token_digest=digest,
        stamp=proven or stamp_of(house),
        expires=FAR,
        factor="",
        session_kind="browser",
    )


def test_a_session_starts_on_what_was_proven(house):
    (entry,), _ = house.run(start(house), ana())
    assert type(entry.fact) is SignInSessionStarted
    assert house.account.sign_ins["a" * 64].owner == ANA
    assert house.account.user("ana").login.last_used == house.time


def test_roots_session_is_an_alarm(house):
    house.states[f"account.{ACCOUNT}"] = then(house.account, LoginProfileCreated("", HASH))
    proven = stamp(by_id(house.account, ACCOUNT))
    (entry,), _ = house.run(start(house, proven=proven, unique_id=ACCOUNT))
    assert type(entry.fact) is RootSignInSessionStarted
    assert entry.fact.severity == "high"


@pytest.mark.parametrize(
    "changed",
    [
        PasswordChanged("Ana", Sealed("k", b"other")),
        SecurityKeyRegistered("Ana", KEY, ANA, b"c", b"p"),
    ],
)
def test_what_was_proven_before_a_change_starts_nothing(house, changed):
    proven = stamp_of(house)
    house.states[f"account.{ACCOUNT}"] = then(house.account, changed)
    with refused(EntityTemporarilyUnmodifiable):
        house.run(start(house, proven=proven), ana())


def test_somebody_who_is_gone_starts_nothing(house):
    proven = stamp_of(house)
    house.states[f"account.{ACCOUNT}"] = then(house.account, UserDeleted("Ana"))
    with refused(NoSuchEntity):
        house.run(start(house, proven=proven), ana())


def test_a_renewed_session_keeps_its_id_and_loses_its_old_token(house):
    house.run(start(house), ana())
    renew = {
        "unique_id": ANA,
        "old_digest": "a" * 64,
        "token_digest": "b" * 64,
        "stamp": stamp_of(house),
        "factor": KEY,
    }
    house.run(RenewSignInSession(**renew), ana())
    (session,) = house.account.sign_ins.values()
    assert list(house.account.sign_ins) == ["b" * 64]
    assert (session.id, session.factor, session.proven) == ("aaaa", KEY, house.time)
    with refused(EntityTemporarilyUnmodifiable):
        house.run(RenewSignInSession(**renew), ana())


def test_sessions_end_one_by_one_and_all_at_once(house):
    for letter in "abc":
        house.run(start(house, letter * 64), ana())
    house.run(EndSignInSession(unique_id=ANA, session_id="bbbb"), ana())
    assert [each.id for each in sessions_of(house.account, ANA, START)] == ["aaaa", "cccc"]
    assert house.run(EndSignInSession(unique_id=ANA, session_id="bbbb"), ana())[0] == ()
    house.run(EndSignInSessions(unique_id=ANA), ana())
    assert house.account.sign_ins == {}
    assert house.run(EndSignInSessions(unique_id=ANA), ana())[0] == ()


def test_sessions_of_somebody_who_is_erased_end(house):
    house.run(start(house), ana())
    house.states[f"account.{ACCOUNT}"] = then(house.account, PrincipalErased(ANA))
    assert house.account.sign_ins == {}


def test_the_oldest_session_gives_way_to_one_too_many(house):
    for number in range(SIGN_IN_SESSIONS_PER_PRINCIPAL_MAX + 3):
        house.run(start(house, f"{number:064d}"), ana())
    assert len(house.account.sign_ins) == SIGN_IN_SESSIONS_PER_PRINCIPAL_MAX
    assert f"{2:064d}" not in house.account.sign_ins
    assert f"{3:064d}" in house.account.sign_ins


def test_sessions_that_are_over_are_forgotten_at_the_next_start(house):
    old = SignInSessionStarted("Ana", "old", ANA, "f" * 64, START + 1)
    house.states[f"account.{ACCOUNT}"] = then(house.account, old)
    assert sessions_of(house.account, ANA, START + 2) == ()
    house.run(start(house), ana())
    assert list(house.account.sign_ins) == ["a" * 64]


def test_an_old_hash_is_replaced_by_the_password_that_was_typed(house):  # SECURITY 7: rehash on login
    old = Sealed(HASH.key, b"Correct-Horse-1:dlo")
    house.states[f"account.{ACCOUNT}"] = then(house.account, PasswordRehashed("Ana", old))
    command = RehashPassword(unique_id=ANA, password="Correct-Horse-1", stamp=stamp_of(house))
    (entry,), _ = house.run(command, ana())
    assert type(entry.fact) is PasswordRehashed
    assert house.account.user("ana").login.history == ()
    assert house.run(command, ana())[0] == ()  # it has another hash by now


def test_a_new_password_at_sign_in_is_not_the_old_one(house):
    for password in ("Correct-Horse-1", "short"):
        with refused(PasswordPolicyViolation):
            house.run(ChooseNewPassword(unique_id=ANA, password=password, stamp=stamp_of(house)), ana())
    house.run(ChooseNewPassword(unique_id=ANA, password="Battery-Staple-2", stamp=stamp_of(house)), ana())
    assert len(house.account.user("ana").login.history) == 1


def test_a_recovery_code_is_used_up(house):
    house.states[f"account.{ACCOUNT}"] = then(house.account, RecoveryCodesIssued("Ana", {"1": HASH, "2": HASH}))
    (entry,), _ = house.run(UseRecoveryCode(unique_id=ANA, number="1"), ana())
    assert entry.fact == RecoveryCodeUsed("Ana", "1")
    assert list(house.account.user("ana").recovery.hashes) == ["2"]
    with refused(EntityTemporarilyUnmodifiable):
        house.run(UseRecoveryCode(unique_id=ANA, number="1"), ana())


def test_a_copied_key_is_blocked_once(house):
    house.states[f"account.{ACCOUNT}"] = then(house.account, SecurityKeyRegistered("Ana", KEY, ANA, b"c", b"p"))
    command = BlockSecurityKey(unique_id=ANA, serial_number=KEY, known_count=9, seen_count=3)
    (entry,), _ = house.run(command, ana())
    assert (entry.fact, entry.fact.severity) == (SecurityKeyBlocked(KEY, 9, 3), "high")
    assert house.run(command, ana())[0] == ()
    assert house.account.mfa_devices[KEY].enabled  # it still asks for a factor


# -- whom somebody means


def site():
    return after(AccountRegistered(ACCOUNT, "A", "Root@Example.com"), AliasReserved("acme", ACCOUNT), boundary=SITE)


@pytest.mark.parametrize(
    "claim",
    [
        Claim(ACCOUNT), Claim(f" {ACCOUNT[:4]}-{ACCOUNT[4:8]} {ACCOUNT[8:]} "), Claim("acme"), Claim(" ACME"), Claim("ａｃｍｅ"),
        Claim(email="root@example.com"), Claim(email=" ROOT@EXAMPLE.COM "),
    ],
)  # fmt: skip
def test_an_account_is_found_however_it_is_written(claim):
    assert account_of(claim, site()) == ACCOUNT


@pytest.mark.parametrize(
    "claim", [Claim(""), Claim("123"), Claim("999999999999"), Claim("nobody"), Claim(email="x@y.z")]
)
def test_an_account_that_is_not_there_is_nobodys(claim):
    assert account_of(claim, site()) == "000000000000"


@pytest.mark.parametrize("name", ["Ana", "ana", " ANA ", "Ａｎａ", "AIDAANA", "aidaana"])
def test_a_user_is_found_however_it_is_written(house, name):
    assert find(Claim(ACCOUNT, name), ACCOUNT, house.account).id == ANA


@pytest.mark.parametrize("name", ["", "eva", ACCOUNT, "root", "Ana/", "a\u200bna"])
def test_other_names_mean_nobody(house, name):
    assert find(Claim(ACCOUNT, name), ACCOUNT, house.account) is None


def test_strangers_are_counted_by_what_they_mean_not_by_how_it_is_spelled():
    keys = {stranger_key(Claim(account, name)) for account in ("Acme", " acme") for name in ("Bob", "ｂｏｂ", "BOB ")}
    assert len(keys) == 1
    assert canonical("x" * 10_000) == "x" * 256


def test_nothing_secret_is_a_parameter_of_record(house):
    from muniment.commands.task import Context, Task
    from muniment.domain.caller import Caller

    for command in (
        start(house),
        RehashPassword(unique_id=ANA, password="Correct-Horse-1", stamp="s" * 64),
        ChooseNewPassword(unique_id=ANA, password="Correct-Horse-1", stamp="s" * 64),
    ):
        public = Task(command, Context(Caller(ana()), "request")).public
        assert not {"password", "token_digest", "stamp"} & set(public)
    assert now()
