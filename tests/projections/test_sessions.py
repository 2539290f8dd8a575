"""Whether what a session stands on still stands (SECURITY CVE rows 22, 23; docs/decisions/0026)."""

import msgspec
import pytest

from muniment.domain.account.account import AccountCreated
from muniment.domain.account.keys import AccessKeyActivated, AccessKeyCreated, AccessKeyDeactivated, AccessKeyDeleted
from muniment.domain.account.roles import RoleCreated, RoleDeleted
from muniment.domain.account.sessions import KEPT_SECONDS, SessionRevoked, SessionsRevoked
from muniment.domain.account.sign_ins import SignInSessionsEnded, SignInSessionStarted
from muniment.domain.account.users import UserCreated, UserDeleted, UserRenamed
from muniment.domain.ledger import Sealed
from muniment.domain.session import FEDERATED, ROLE, ROOT, USER, Session, Step
from muniment.projections.sessions import standing
from tests.projections.worlds import World

A, B = "111122223333", "210987654321"
NOW = 1_700_000_000_000_000
HOUR = 3_600_000_000
TRUST = '{"Version":"2012-10-17","Statement":[]}'
KEY = Step(A, "AIDAANA", "AKIAANA", NOW)


@pytest.fixture
def world():
    made = World(
        AccountCreated("A", "a@example.com"),
        UserCreated("ana", "AIDAANA"),
        AccessKeyCreated("ana", "AKIAANA", Sealed("k", b"s"), "AIDAANA"),
        RoleCreated("run", "AROARUN", TRUST),
    )
    made.happened(AccountCreated("B", "b@example.com"), RoleCreated("far", "AROAFAR", TRUST), boundary=f"account.{B}")
    return made


def session(kind=ROLE, account=A, principal="AROARUN", key="ASIAONE", issued=NOW, lineage=(KEY,)):
    return Session(
        id=key,
        secret="x",
        type=kind,
        account=account,
        principal=principal,
        name="s",
        issued=issued,
        expires=issued + HOUR,
        lineage=lineage,
    )


def chained(*sessions):
    """A session over those before it."""
    lineage = (KEY,)
    for each in sessions:
        last = msgspec.structs.replace(each, lineage=lineage)
        lineage = last.steps
    return last


def alive(world, *sessions):
    return [standing(each, world.credentials) is not None for each in sessions]


def test_a_session_is_who_its_principal_is_now(world):
    role = standing(session(), world.credentials)
    assert (role.arn, role.id, role.type) == (f"arn:aws:sts::{A}:assumed-role/run/s", "AROARUN:s", "AssumedRole")
    user = session(USER, principal="AIDAANA")
    assert standing(user, world.credentials).arn == f"arn:aws:iam::{A}:user/ana"
    world.happened(UserRenamed("ana", "anna"))
    assert standing(user, world.credentials).arn == f"arn:aws:iam::{A}:user/anna"
    assert standing(user, world.credentials).name == "anna"
    federated = standing(session(FEDERATED, principal="AIDAANA"), world.credentials)
    assert (federated.arn, federated.id, federated.issuer) == (
        f"arn:aws:sts::{A}:federated-user/s",
        f"{A}:s",
        "AIDAANA",
    )
    root = standing(session(ROOT, principal=A, lineage=()), world.credentials)
    assert (root.arn, root.id) == (f"arn:aws:iam::{A}:root", A)


def test_a_deactivated_key_takes_along_what_came_from_it_until_it_is_active_again(world):
    here, far = session(), session(account=B, principal="AROAFAR", key="ASIATWO")
    assert alive(world, here, far) == [True, True]
    world.happened(AccessKeyDeactivated("ana", "AKIAANA"))
    assert alive(world, here, far) == [False, False]
    world.happened(AccessKeyActivated("ana", "AKIAANA"))
    assert alive(world, here, far) == [True, True]
    world.happened(AccessKeyDeleted("ana", "AKIAANA"))
    assert alive(world, here, far) == [False, False]


def test_a_deleted_role_ends_its_sessions_and_what_came_from_them_even_if_the_name_comes_back(world):
    one = session()
    two = chained(one, session(account=B, principal="AROAFAR", key="ASIATWO"))
    assert alive(world, one, two) == [True, True]
    world.happened(RoleDeleted("run"), RoleCreated("run", "AROANEW", TRUST))
    assert alive(world, one, two) == [False, False]


def test_a_deleted_user_ends_its_sessions_even_if_the_name_comes_back(world):
    own, role = session(USER, principal="AIDAANA"), session()
    world.happened(AccessKeyDeleted("ana", "AKIAANA"), UserDeleted("ana"), UserCreated("ana", "AIDANEW"))
    assert alive(world, own, role) == [False, False]


def test_one_session_can_be_ended_with_what_came_from_it_and_nothing_else(world):
    one, other = session(), session(key="ASIAOTHER")
    two = chained(one, session(account=B, principal="AROAFAR", key="ASIATWO"))
    three = chained(one, session(account=B, principal="AROAFAR", key="ASIATWO"), session(key="ASIATHREE"))
    world.happened(SessionRevoked("ASIAONE"))
    assert alive(world, one, two, three, other) == [False, False, False, True]


def test_all_sessions_of_a_principal_before_a_moment_can_be_ended(world):
    old, new = session(issued=NOW - HOUR), session(key="ASIANEW", issued=NOW)
    far = chained(old, session(account=B, principal="AROAFAR", key="ASIATWO", issued=NOW + 1))
    world.happened(SessionsRevoked("AROARUN", NOW))
    assert alive(world, old, new, far) == [False, True, False]


def test_what_a_user_began_before_a_moment_ends_with_it_and_the_key_goes_on(world):
    before = session(lineage=(msgspec.structs.replace(KEY, issued=NOW - 1),))
    after = session(key="ASIANEW", lineage=(KEY,))
    world.happened(SessionsRevoked("AIDAANA", NOW))
    assert alive(world, before, after) == [False, True]


def test_what_was_begun_with_one_credential_can_be_ended(world):
    ours, other = session(), session(key="ASIANEW", lineage=(Step(A, A, "", NOW),))
    world.happened(SessionsRevoked("AKIAANA", NOW + 1))
    assert alive(world, ours, other) == [False, True]


def test_an_account_ends_only_what_stands_on_something_of_its_own(world):
    one = session()
    world.happened(SessionRevoked("ASIAONE"), SessionsRevoked("AROARUN", NOW + HOUR), boundary=f"account.{B}")
    assert alive(world, one) == [True]


def test_a_later_revocation_never_brings_sessions_back(world):
    world.happened(SessionsRevoked("AROARUN", NOW), SessionsRevoked("AROARUN", NOW - HOUR))
    assert alive(world, session(issued=NOW - 1)) == [False]


def test_what_was_begun_while_signed_in_ends_with_the_sign_in(world):
    """A sign-in is a credential like a key: its id stands in the lineage."""
    held = session(lineage=(Step(A, "AIDAANA", "signed-in", NOW),))
    assert alive(world, held) == [False]
    world.happened(SignInSessionStarted("", "signed-in", "AIDAANA", "digest", NOW + HOUR))
    assert alive(world, held) == [True]
    world.happened(SignInSessionsEnded("", "AIDAANA"))
    assert alive(world, held) == [False]


def test_sessions_of_an_account_that_is_not_there_are_none(world):
    assert alive(world, session(account="999999999999")) == [False]


def test_the_table_forgets_what_can_concern_nobody_any_more(world):
    world.happened(SessionRevoked("ASIAOLD"), SessionsRevoked("AROARUN", NOW))
    state = world.credentials.account(A).draft()
    from muniment.domain.account.sessions import forget_old

    forget_old(state, NOW + KEPT_SECONDS * 1_000_000 + HOUR)
    assert state.revoked_before == {}
