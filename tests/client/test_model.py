"""What a reader of one account decides about secrets, whose own policies it does not follow: nobody is let in."""

import pytest

from muniment.client.model import Following
from muniment.domain.account.account import AccountCreated
from muniment.domain.account.inline import UserInlinePolicyPut
from muniment.domain.account.users import UserCreated
from muniment.domain.ledger import Sealed
from muniment.domain.organization.leaving import AccountRemoved
from muniment.domain.organization.policies import (
    OrganizationPolicyAttached,
    OrganizationPolicyCreated,
    PolicyTypeEnabled,
)
from muniment.domain.organization.policy_types import SCP
from muniment.domain.organization.state import AccountJoined, OrganizationCreated
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.secret.secrets import SecretCreated, SecretPolicyPut
from muniment.domain.secret.state import boundary_of
from muniment.domain.secret.versions import SecretVersionCreated
from muniment.domain.site.state import AccountRegistered, OrganizationMembershipEnded, OrganizationRegistered
from muniment.projections.fold import Fold
from muniment.projections.readmodel import Checkpoint
from tests.projections.logs import ACCOUNT
from tests.projections.worlds import World

NUMBER = ACCOUNT.partition(".")[2]
MANAGEMENT = "999988887777"
NOTHING = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'
ARN = f"arn:aws:secretsmanager:us-east-1:{NUMBER}:secret:s-aBc123"
READ = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["secretsmanager:*","iam:*"],"Resource":"*"}]}'
CLOSED = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"secretsmanager:*","Resource":"*"}]}'
ANA = Principal(kind=PrincipalKind.USER, arn=f"arn:aws:iam::{NUMBER}:user/ana", account=NUMBER, unique_id="AIDAANA")


@pytest.fixture
def world():
    made = World(
        AccountCreated("A", "a@example.com"), UserCreated("ana", "AIDAANA"), UserInlinePolicyPut("ana", "p", READ)
    )
    boundary = boundary_of(NUMBER, "s")
    made.happened(SecretCreated(NUMBER, "s", "SECRA", ARN), boundary=boundary)
    made.happened(SecretVersionCreated("v" * 32, Sealed("k", b"box")), boundary=boundary)
    return made


def following(world, whole):
    """A reader that has loaded what is in the log."""
    reader = Following(Fold(), whole=whole)
    reader.fold.states = dict(world.fold.states)
    reader.load(Checkpoint())
    return reader


def asked(action, resource):
    return AccessRequest(action=action, resource=resource, principal=ANA)


@pytest.mark.parametrize("whole", [True, False])
def test_only_a_reader_of_everything_decides_about_secrets(world, whole):
    reader = following(world, whole)
    secret = asked("secretsmanager:GetSecretValue", ARN)
    assert bool(reader.decide(secret)) is whole
    assert bool(reader.evaluate(secret)) is whole
    assert reader.decide(asked("iam:GetUser", ANA.arn))


def test_the_policy_of_a_secret_counts_for_a_reader_of_everything(world):
    world.happened(SecretPolicyPut(CLOSED), boundary=boundary_of(NUMBER, "s"))
    reader = following(world, whole=True)
    assert not reader.decide(asked("secretsmanager:GetSecretValue", ARN))
    assert reader.decide(asked("secretsmanager:GetSecretValue", f"{ARN[:-1]}9"))


@pytest.mark.parametrize("whole", [True, False])
def test_an_organization_binds_its_members_until_they_leave_it(world, whole):
    """A reader of one account does not follow the site: who is in the organization it takes from the organization itself."""
    site, organization, guard = "site.muniment", "organization.o-1", "p-aaaaaaaaaa"
    world.happened(
        AccountRegistered(MANAGEMENT, "m", "m@example.org"),
        OrganizationRegistered("o-1", MANAGEMENT),
        AccountRegistered(NUMBER, "a", "a@example.org", "o-1"),
        boundary=site,
    )
    world.happened(
        OrganizationCreated(MANAGEMENT, "m", "m@example.org", "r-1"),
        AccountJoined(NUMBER, "a", "a@example.org", "car-1"),
        PolicyTypeEnabled(SCP),
        OrganizationPolicyCreated(guard, SCP, "guard", "", NOTHING),
        OrganizationPolicyAttached(guard, "r-1"),
        boundary=organization,
    )
    assert not bound(world, whole)
    world.happened(OrganizationMembershipEnded(NUMBER, "o-1"), boundary=site)
    world.happened(AccountRemoved(NUMBER), boundary=organization)
    assert bound(world, whole)


def bound(world, whole):
    """What both engines say about Ana, by a reader of all or of her account alone."""
    reader = Following(Fold(), whole=whole)
    followed = world.fold.states if whole else {ACCOUNT, "organization.o-1"}
    reader.fold.states = {name: world.fold.states[name] for name in followed}
    reader.load(Checkpoint())
    assert ("site.muniment" in reader.fold.states) is whole
    decided = reader.decide(asked("iam:GetUser", ANA.arn))
    assert bool(reader.evaluate(asked("iam:GetUser", ANA.arn))) is bool(decided)
    return decided
