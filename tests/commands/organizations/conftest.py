"""An organization with its management account and one more."""

import pytest

from muniment.commands.organizations.organization import CreateAccount, CreateOrganization
from muniment.domain.ledger import Actor
from muniment.domain.site.state import SITE, AccountRegistered
from tests.commands.given import ACCOUNT, House, after


class Organized(House):
    """A house whose management account organized it."""

    def __init__(self, feature_set="ALL"):
        super().__init__(after(AccountRegistered(ACCOUNT, "Management", "root@example.com"), boundary=SITE))
        self.do(CreateOrganization(feature_set=feature_set))
        self.do(CreateAccount(email="two@example.com", account_name="Two"))
        self.member = self.state(SITE).emails["two@example.com"]
        self.member_root = Actor(self.member, f"arn:aws:iam::{self.member}:root", self.member, "Root")

    @property
    def organization(self):
        (found,) = self.state(SITE).organizations
        return self.state(f"organization.{found}")

    @property
    def root(self):
        return self.organization.root


@pytest.fixture
def house():
    return Organized()
