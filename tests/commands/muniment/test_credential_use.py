"""Use of access keys: once for each key and hour; root's is an alarm, an old key's a reminder (FEATURES 1a, 1b)."""

import pytest

from muniment.commands.muniment.credential_use import DAY, HOUR, NoteCredentialUse, NoteRoleUse, RemindOfRotation
from muniment.domain.account.keys import (
    AccessKeyCreated,
    AccessKeyDeactivated,
    AccessKeyRotationReminded,
    CredentialUsed,
    RootCredentialUsed,
)
from muniment.domain.account.roles import RoleCreated, RoleDeleted, RoleUsed
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import AccessDenied
from muniment.domain.ledger import Sealed
from tests.commands.given import ACCOUNT, OPERATOR, ROOT, START, after, entry, facts_of, fold, now, refused, then, trust

ANA = UserCreated("Ana", "AIDAANA")
HERS = AccessKeyCreated("Ana", "AKIAHERS", Sealed("k", b""), "AIDAANA")
ROOTS = AccessKeyCreated("", "AKIAROOT", Sealed("k", b""), ACCOUNT)


def used(account, key="AKIAHERS", later=0):
    command = NoteCredentialUse(
        account_id=ACCOUNT, access_key_id=key, time=START + later, used_service="iam", used_region="us-east-1"
    )
    return facts_of(command.decide(account, now(OPERATOR)))


def test_use_is_noted_once_an_hour():
    account = after(ANA, HERS)
    (fact,) = used(account)
    assert type(fact) is CredentialUsed
    account = then(account, fact)
    assert used(account, later=1) == ()
    assert len(used(account, later=HOUR)) == 1


def test_use_of_roots_key_is_an_alarm():
    (fact,) = used(after(ROOTS), "AKIAROOT")
    assert type(fact) is RootCredentialUsed
    assert fact.severity == "high"
    assert then(after(ROOTS), fact).root_keys[0].last_used == START


def test_a_key_of_ninety_days_brings_a_reminder_every_ninety_days():
    account = after(ANA, HERS)
    assert len(used(account, later=89 * DAY)) == 1
    facts = used(account, later=91 * DAY)
    assert facts[1] == AccessKeyRotationReminded("Ana", "AKIAHERS", 90)
    for fact in facts:
        account = fold(account, [entry(fact, account, time=START + 91 * DAY)])
    assert account.user("ana").keys[0].reminded == START + 91 * DAY
    assert len(used(account, later=100 * DAY)) == 1
    assert len(used(account, later=182 * DAY)) == 2


@pytest.mark.parametrize("fact", [CredentialUsed("AKIAGONE", 5), AccessKeyRotationReminded("Ana", "AKIAGONE", 90)])
def test_what_is_noted_of_a_key_that_is_gone_changes_nothing(fact):
    account = after(ANA)
    assert then(account, fact).users == account.users


def reminded(account, later, key="AKIAHERS"):
    command = RemindOfRotation(account_id=ACCOUNT, access_key_id=key)
    return facts_of(command.decide(account, now(OPERATOR, now=START + later)))


def test_a_key_that_nobody_uses_brings_a_reminder_every_ninety_days_too():
    account = after(ANA, HERS)
    assert reminded(account, 89 * DAY) == ()
    assert reminded(account, 91 * DAY) == (AccessKeyRotationReminded("Ana", "AKIAHERS", 90),)
    account = fold(account, [entry(*reminded(account, 91 * DAY), account, time=START + 91 * DAY)])
    assert reminded(account, 100 * DAY) == ()
    assert len(reminded(account, 182 * DAY)) == 1


def test_roots_key_brings_one_and_a_key_that_is_off_or_gone_none():
    assert reminded(after(ROOTS), 91 * DAY, "AKIAROOT") == (AccessKeyRotationReminded("", "AKIAROOT", 90),)
    assert reminded(after(ANA, HERS, AccessKeyDeactivated("Ana", "AKIAHERS")), 91 * DAY) == ()
    assert reminded(after(ANA), 91 * DAY) == ()


def test_only_the_process_itself_reminds():
    with pytest.raises(AccessDenied):
        RemindOfRotation(account_id=ACCOUNT, access_key_id="AKIAHERS").decide(after(ANA, HERS), now(ROOT))


def role_used(account, role_id="AROAAPP", later=0, actor=OPERATOR):
    command = NoteRoleUse(account_id=ACCOUNT, role_id=role_id, time=START + later, used_region="eu-west-1")
    return facts_of(command.decide(account, now(actor)))


def test_use_of_a_role_is_noted_once_an_hour_and_shown():
    account = after(RoleCreated("App", "AROAAPP", trust(ACCOUNT)))
    facts = role_used(account)
    assert facts == (RoleUsed("App", "AROAAPP", START, "eu-west-1"),)
    account = then(account, *facts)
    assert (account.role("app").last_used, account.role("app").last_region) == (START, "eu-west-1")
    assert role_used(account, later=1) == ()
    assert len(role_used(account, later=HOUR)) == 1


def test_only_the_process_itself_notes_uses():
    with refused(AccessDenied):
        role_used(after(RoleCreated("App", "AROAAPP", trust(ACCOUNT))), actor=ROOT)


def test_use_of_a_role_that_was_made_anew_does_not_count_for_the_new_one():
    account = after(RoleCreated("App", "AROAAPP", trust(ACCOUNT)), RoleDeleted("App"))
    account = then(account, RoleCreated("App", "AROANEW", trust(ACCOUNT)))
    assert role_used(account) == role_used(account, "AIDAANA") == ()
    assert then(account, RoleUsed("App", "AROAAPP", START)).role("app").last_used == 0
