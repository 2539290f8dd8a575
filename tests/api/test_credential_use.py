"""The last use of a key: once for each key and hour, off the request's way (FEATURES 1b)."""

from muniment.api.credential_use import CredentialUse
from muniment.commands.muniment.credential_use import HOUR
from muniment.domain.account.keys import CredentialUsed
from muniment.domain.account.roles import RoleUsed
from muniment.domain.caller import Caller
from muniment.domain.ledger import Actor
from muniment.domain.session import FEDERATED, ROLE, Session
from tests.api.house import ACCOUNT

NOON = 12 * HOUR
ROOT = Caller(Actor(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "Root"))


def uses(house, kind=CredentialUsed):
    entries = house.ledger.events.get(f"account.{ACCOUNT}")
    return [entry.fact for entry in entries if isinstance(entry.fact, kind)]


def in_session(principal, session_type=ROLE):
    session = Session(
        id="ASIA", secret="s", type=session_type, account=ACCOUNT, principal=principal, issued=NOON, expires=2 * NOON
    )
    actor = Actor(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s", f"{principal}:s", session_type)
    return Caller(actor, session=session)


def a_role(house):
    trust = (
        f'{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{ACCOUNT}"}},'
        '"Action":"sts:AssumeRole"}]}'
    )
    status, _, answer = house.native("CreateRole", {"RoleName": "app", "AssumeRolePolicyDocument": trust})
    assert status == 200, answer
    return answer["Role"]["RoleId"]


def test_a_key_is_noted_once_an_hour(house):
    use = CredentialUse(house.ledger)
    for minute in range(0, 180, 10):
        use.note(ROOT, house.key[0], "iam", "us-east-1", NOON + minute * 60_000_000)
    use.close()
    assert [fact.time // HOUR for fact in uses(house)] == [12, 13, 14]


def test_a_role_is_noted_once_an_hour(house):  # `RoleLastUsed` stayed empty for ever
    role, use = a_role(house), CredentialUse(house.ledger)
    for minute in range(0, 180, 10):
        use.note(in_session(role), "ASIA", "iam", "us-east-1", NOON + minute * 60_000_000)
    use.note(in_session("AROAGONE"), "ASIA", "iam", "us-east-1", NOON)
    use.note(in_session(role, FEDERATED), "ASIA", "iam", "us-east-1", NOON + 5 * HOUR)
    use.close()
    assert [fact.time // HOUR for fact in uses(house, RoleUsed)] == [12, 13, 14]
    _, _, answer = house.native("GetRole", {"RoleName": "app"})
    assert answer["Role"]["RoleLastUsed"]["Region"] == "us-east-1"
    assert answer["Role"]["RoleLastUsed"]["LastUsedDate"]


def test_a_key_that_is_gone_meanwhile_is_nobodys_trouble(house):
    use = CredentialUse(house.ledger)
    use.note(ROOT, "AKIAAAAAAAAAAAAAAAAA", "iam", "us-east-1", NOON)
    use.note(ROOT, house.key[0], "sts", "us-east-1", NOON)
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
    first.note(ROOT, house.key[0], "iam", "us-east-1", NOON)
    first.close()
    again = CredentialUse(house.ledger)
    again.note(ROOT, house.key[0], "iam", "us-east-1", NOON)
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
    use.note(ROOT, "AKIAAAAAAAAAAAAAAAAA", "iam", "us-east-1", NOON)
    use.note(ROOT, house.key[0], "iam", "us-east-1", NOON)
    use.close()
    assert len(uses(house)) == 1


def test_a_process_that_only_decides_notes_nothing():
    use = CredentialUse(None)
    use.note(ROOT, "AKIA", "iam", "us-east-1", NOON)
    use.close()
