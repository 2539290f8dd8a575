"""Commands that touch several boundaries, in the real Ledger: one batch, and repeats that get the first answer (DESIGN §2, §3)."""

import pytest

from muniment.commands.iam.access_keys import CreateAccessKey
from muniment.commands.iam.account_alias import CreateAccountAlias, DeleteAccountAlias
from muniment.commands.iam.users import CreateUser, UpdateUser
from muniment.commands.muniment.accounts import CreateAccount, FoundSite, ResetRootCredentials
from muniment.commands.organizations import organization
from muniment.commands.task import Context
from muniment.domain.caller import Caller
from muniment.domain.errors import EntityAlreadyExists, IdempotencyMismatch
from muniment.domain.ledger import Actor
from muniment.domain.organization.errors import OrganizationsNotInUse
from muniment.domain.site.state import SITE
from tests.commands.given import ACCOUNT, OPERATOR, ROOT
from tests.commands.test_ledger import OtherProcess, ledger

FOUND = FoundSite(email="root@example.com", account_id=ACCOUNT)
TWO = CreateAccount(email="two@example.com", account_name="Two")


def run(log, command, actor=ROOT, key=""):
    context = Context(Caller(actor, operator=actor is OPERATOR), "request", idempotency_key=key)
    return log.execute(command, context)


@pytest.fixture
def log():
    with ledger() as opened:
        run(opened, FOUND, OPERATOR)
        yield opened


def root_of(number):
    return Actor(number, f"arn:aws:iam::{number}:root", number, "Root")


def test_founding_writes_the_site_and_the_account_together(log):
    assert log.boundaries.get(SITE).version == 1
    account = log.boundaries.get(f"account.{ACCOUNT}")
    assert (account.version, len(account.root_keys)) == (2, 1)


def test_an_account_is_made_in_every_boundary_it_concerns(log):
    number = run(log, TWO).result["AccountId"]
    (found,) = log.boundaries.get(SITE).organizations
    assert list(log.boundaries.get(f"organization.{found}").accounts) == [ACCOUNT, number]
    assert log.boundaries.get(f"account.{number}").email == "two@example.com"


def test_an_organization_that_is_there_is_written_on(log):
    """Its boundary is not known before the decision, so `also` cannot name it."""
    run(log, organization.CreateOrganization())
    run(log, organization.CreateAccount(email="two@example.com", account_name="Two"))
    run(log, organization.CreateAccount(email="two@example.com", account_name="Three"))
    (found,) = log.boundaries.get(SITE).organizations
    states = [request.state for request in log.boundaries.get(f"organization.{found}").requests.values()]
    assert states == ["SUCCEEDED", "FAILED"]


def test_another_process_writes_on_the_same_organization(log):
    run(log, organization.CreateOrganization())
    other = OtherProcess(log)
    for n in range(3):
        run(log, organization.CreateAccount(email=f"a{n}@example.com", account_name="A"))
        run(other, organization.CreateAccount(email=f"b{n}@example.com", account_name="B"))
    (found,) = log.boundaries.get(SITE).organizations
    assert len(log.boundaries.get(f"organization.{found}").accounts) == 7
    assert len(log.boundaries.get(SITE).emails) == 7


@pytest.mark.parametrize("forget", [False, True])
def test_a_repeated_creation_gets_the_same_account_and_root_key(log, forget):
    first = run(log, TWO, key="k")
    run(log, ResetRootCredentials(account_id=first.result["AccountId"]), OPERATOR)
    if forget:
        log.boundaries.forget()
    again = run(log, TWO, key="k")
    assert again.repeated
    assert again.result == first.result
    assert len(log.boundaries.get(SITE).accounts) == 2


def test_a_repeat_from_another_process_gets_the_same_root_key(log):
    first = run(log, TWO, key="k")
    assert run(OtherProcess(log), TWO, key="k").result == first.result


def test_the_same_key_with_another_body_is_refused(log):
    run(log, TWO, key="k")
    with pytest.raises(IdempotencyMismatch):
        run(log, CreateAccount(email="three@example.com", account_name="Two"), key="k")


def test_a_repeated_access_key_shows_its_secret_again(log):
    run(log, CreateUser(user_name="ana"))
    first = run(log, CreateAccessKey(user_name="ana"), key="k")
    run(log, UpdateUser(user_name="ana", new_user_name="eva"))
    again = run(log, CreateAccessKey(user_name="ana"), key="k")
    assert again.result == first.result
    assert len(log.boundaries.get(f"account.{ACCOUNT}").user("eva").keys) == 1


def test_an_alias_is_taken_across_accounts(log):
    number = run(log, TWO).result["AccountId"]
    run(log, CreateAccountAlias(account_alias="acme"))
    with pytest.raises(EntityAlreadyExists):
        run(log, CreateAccountAlias(account_alias="acme"), root_of(number))
    run(log, DeleteAccountAlias(account_alias="acme"))
    run(log, CreateAccountAlias(account_alias="acme"), root_of(number))
    assert log.boundaries.get(SITE).aliases == {"acme": number}


def test_two_processes_cannot_take_one_alias(log):
    number = run(log, TWO).result["AccountId"]
    other = OtherProcess(log)
    other.boundaries.get(SITE)
    run(log, CreateAccountAlias(account_alias="acme"))
    with pytest.raises(EntityAlreadyExists):
        run(other, CreateAccountAlias(account_alias="acme"), root_of(number))


def test_a_refused_creation_leaves_nothing_behind(log):
    before = log.boundaries.get(SITE)
    with pytest.raises(EntityAlreadyExists):
        run(log, CreateAccount(email="ROOT@example.com", account_name="Two"))
    with pytest.raises(OrganizationsNotInUse):
        run(log, organization.CreateAccount(email="two@example.com", account_name="Two"))
    assert log.boundaries.get(SITE) == before


def test_no_secret_stands_in_an_entry_or_its_parameters(log):
    outcomes = [run(log, TWO), run(log, CreateUser(user_name="ana")), run(log, CreateAccessKey(user_name="ana"))]
    secrets = [outcomes[0].result["Root"]["SecretAccessKey"], outcomes[2].result["AccessKey"]["SecretAccessKey"]]
    shown = repr([outcome.entries for outcome in outcomes])
    assert not any(secret in shown for secret in secrets)
