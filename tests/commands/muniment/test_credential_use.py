"""Use of access keys: once for each key and hour; root's is an alarm, an old key's a reminder (FEATURES 1a, 1b)."""

import pytest

from muniment.commands.muniment.credential_use import DAY, HOUR, NoteCredentialUse
from muniment.domain.account.keys import (
    AccessKeyCreated,
    AccessKeyRotationReminded,
    CredentialUsed,
    RootCredentialUsed,
)
from muniment.domain.account.users import UserCreated
from muniment.domain.ledger import Sealed
from tests.commands.given import ACCOUNT, OPERATOR, START, after, facts_of, now, then

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
    from tests.commands.given import entry, fold

    for fact in facts:
        account = fold(account, [entry(fact, account, time=START + 91 * DAY)])
    assert account.user("ana").keys[0].reminded == START + 91 * DAY
    assert len(used(account, later=100 * DAY)) == 1
    assert len(used(account, later=182 * DAY)) == 2


@pytest.mark.parametrize("fact", [CredentialUsed("AKIAGONE", 5), AccessKeyRotationReminded("Ana", "AKIAGONE", 90)])
def test_what_is_noted_of_a_key_that_is_gone_changes_nothing(fact):
    account = after(ANA)
    assert then(account, fact).users == account.users
