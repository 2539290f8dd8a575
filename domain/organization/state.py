"""An organization: its management account, its members, and the requests that made them (FEATURES 1a)."""

from typing import ClassVar

import msgspec

from muniment.domain.boundary import State
from muniment.domain.ledger import Entry, Fact


class OrganizationFact(Fact, frozen=True, gc=False, omit_defaults=True):
    """A fact of the `organization` boundary."""

    kind: ClassVar[str] = "organization"


class Member(msgspec.Struct, frozen=True, gc=False):
    """An account in the organization."""

    number: str  # 12 digits
    name: str
    email: str
    joined: int  # microseconds
    method: str = "CREATED"  # or INVITED, which the management account is said to be
    status: str = "ACTIVE"
    tags: dict[str, str] = {}


class AccountRequest(msgspec.Struct, frozen=True, gc=False):
    """What became of one CreateAccount call."""

    id: str  # car-…
    name: str
    requested: int  # microseconds
    completed: int
    state: str  # SUCCEEDED or FAILED
    account: str = ""
    failure: str = ""  # EMAIL_ALREADY_EXISTS, ACCOUNT_LIMIT_EXCEEDED …


class Organization(State, kw_only=True):
    """One organization."""

    kind = "organization"

    management: str = ""  # the management account's number
    feature_set: str = "ALL"
    created: int = 0
    root: str = ""  # r-…
    accounts: dict[str, Member] = {}  # by number
    requests: dict[str, AccountRequest] = {}  # by car-…

    def arn(self) -> str:
        """arn:aws:organizations::MANAGEMENT:organization/o-…"""
        return f"arn:aws:organizations::{self.management}:organization/{self.number}"

    def account_arn(self, number: str) -> str:
        """arn:aws:organizations::MANAGEMENT:account/o-…/NUMBER"""
        return f"arn:aws:organizations::{self.management}:account/{self.number}/{number}"


class OrganizationCreated(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """An organization came to be, with its management account as the first member."""

    account_id: str
    account_name: str
    email: str
    root_id: str
    feature_set: str = "ALL"

    def evolve(self, state: Organization, entry: Entry) -> None:
        state.management, state.feature_set = self.account_id, self.feature_set
        state.root, state.created = self.root_id, entry.time
        member = Member(self.account_id, self.account_name, self.email, entry.time, method="INVITED")
        state.accounts[self.account_id] = member


class AccountJoined(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """An account that was made for the organization is in it."""

    account_id: str
    account_name: str
    email: str
    request_id: str  # car-…
    tags: dict[str, str] = {}

    def evolve(self, state: Organization, entry: Entry) -> None:
        state.accounts[self.account_id] = Member(
            self.account_id, self.account_name, self.email, entry.time, tags=self.tags
        )
        state.requests[self.request_id] = AccountRequest(
            self.request_id, self.account_name, entry.time, entry.time, "SUCCEEDED", self.account_id
        )


class AccountCreationFailed(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """An account was asked for and could not be made."""

    account_name: str
    email: str
    request_id: str  # car-…
    reason: str  # EMAIL_ALREADY_EXISTS …

    def evolve(self, state: Organization, entry: Entry) -> None:
        state.requests[self.request_id] = AccountRequest(
            self.request_id, self.account_name, entry.time, entry.time, "FAILED", failure=self.reason
        )
