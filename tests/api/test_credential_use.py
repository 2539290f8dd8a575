"""The last use of a key: once for each key and hour, off the request's way (FEATURES 1b)."""

from muniment.api.credential_use import CredentialUse
from muniment.commands.muniment.credential_use import HOUR
from muniment.domain.account.keys import CredentialUsed
from tests.api.house import ACCOUNT

NOON = 12 * HOUR


def uses(house):
    entries = house.ledger.events.get(f"account.{ACCOUNT}")
    return [entry.fact for entry in entries if isinstance(entry.fact, CredentialUsed)]


def test_a_key_is_noted_once_an_hour(house):
    use = CredentialUse(house.ledger)
    for minute in range(0, 180, 10):
        use.note(ACCOUNT, house.key[0], "iam", "us-east-1", NOON + minute * 60_000_000)
    use.close()
    assert [fact.time // HOUR for fact in uses(house)] == [12, 13, 14]


def test_a_key_that_is_gone_meanwhile_is_nobodys_trouble(house):
    use = CredentialUse(house.ledger)
    use.note(ACCOUNT, "AKIAAAAAAAAAAAAAAAAA", "iam", "us-east-1", NOON)
    use.note(ACCOUNT, house.key[0], "sts", "us-east-1", NOON)
    use.close()
    assert [fact.access_key_id for fact in uses(house)] == [house.key[0]]


def test_what_could_not_be_recorded_is_noted_again(house, monkeypatch):
    from muniment.domain.errors import ServiceUnavailable

    execute, tries = house.ledger.execute, []

    def fail_once(command, context):
        tries.append(command)
        if len(tries) == 1:
            raise ServiceUnavailable("away")
        return execute(command, context)

    monkeypatch.setattr(house.ledger, "execute", fail_once)
    first = CredentialUse(house.ledger)
    first.note(ACCOUNT, house.key[0], "iam", "us-east-1", NOON)
    first.close()
    again = CredentialUse(house.ledger)
    again.note(ACCOUNT, house.key[0], "iam", "us-east-1", NOON)
    again.close()
    assert len(uses(house)) == 1


def test_a_fault_does_not_end_the_noting(house, monkeypatch):
    """The thread died of it, and no key was ever noted again."""
    execute, tries = house.ledger.execute, []

    def fail_once(command, context):
        tries.append(command)
        if len(tries) == 1:
            raise KeyError("a fault")
        return execute(command, context)

    monkeypatch.setattr(house.ledger, "execute", fail_once)
    use = CredentialUse(house.ledger)
    use.note(ACCOUNT, "AKIAAAAAAAAAAAAAAAAA", "iam", "us-east-1", NOON)
    use.note(ACCOUNT, house.key[0], "iam", "us-east-1", NOON)
    use.close()
    assert len(uses(house)) == 1


def test_a_process_that_only_decides_notes_nothing():
    use = CredentialUse(None)
    use.note(ACCOUNT, "AKIA", "iam", "us-east-1", NOON)
    use.close()
