"""An organization: its management account, its members and the requests that made them; its tree of organizational units, and
the policies attached to the tree's nodes (FEATURES 1a).

A *node* is the root, an organizational unit or an account, by its id; policies are attached to nodes and count for every account
below.
"""

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from muniment.domain.boundary import State
from muniment.domain.ledger import Entry, Fact
from muniment.domain.organization.policy_types import DEFAULT_POLICIES, GIVEN

Tags = dict[str, str]


class OrganizationFact(Fact, frozen=True, gc=False, omit_defaults=True):
    """A fact of the `organization` boundary."""

    kind: ClassVar[str] = "organization"
    changes: ClassVar[frozenset[str]] = frozenset({"access"})


class Member(msgspec.Struct, frozen=True, gc=False):
    """An account in the organization."""

    number: str  # 12 digits
    name: str
    email: str
    joined: int  # microseconds
    method: str = "CREATED"  # or INVITED, which the management account is said to be
    status: str = "ACTIVE"
    tags: Tags = {}
    parent: str = ""  # r-… or ou-…


class Unit(msgspec.Struct, frozen=True, gc=False):
    """An organizational unit."""

    id: str  # ou-…
    name: str
    parent: str  # r-… or ou-…
    created: int  # microseconds
    tags: Tags = {}


class OrganizationPolicy(msgspec.Struct, frozen=True, gc=False):
    """A policy that the organization wrote."""

    id: str  # p-…
    type: str  # SERVICE_CONTROL_POLICY …
    name: str
    description: str
    document: str
    created: int  # microseconds
    tags: Tags = {}


class Attached(msgspec.Struct, frozen=True, gc=False):
    """The policies of one type that are attached to a node, in the order of attaching."""

    node: str
    type: str
    policies: tuple[str, ...]


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
    units: dict[str, Unit] = {}  # by ou-…
    policies: dict[str, OrganizationPolicy] = {}  # by p-…; those that come with Muniment are not among them
    policy_types: tuple[str, ...] = ()  # enabled in the root
    attached: dict[str, Attached] = {}  # by TYPE/node, where it is not what every node begins with
    root_tags: Tags = {}

    def arn(self) -> str:
        """arn:aws:organizations::MANAGEMENT:organization/o-…"""
        return f"arn:aws:organizations::{self.management}:organization/{self.number}"

    def account_arn(self, number: str) -> str:
        """arn:aws:organizations::MANAGEMENT:account/o-…/NUMBER"""
        return self._arn("account", number)

    def root_arn(self) -> str:
        """arn:aws:organizations::MANAGEMENT:root/o-…/r-…"""
        return self._arn("root", self.root)

    def unit_arn(self, unit_id: str) -> str:
        """arn:aws:organizations::MANAGEMENT:ou/o-…/ou-…"""
        return self._arn("ou", unit_id)

    def policy_arn(self, policy_id: str, policy_type: str) -> str:
        """arn:aws:organizations::MANAGEMENT:policy/o-…/service_control_policy/p-…; of a given one, `aws` without organization."""
        if (given := GIVEN.get(policy_id)) is not None:
            return given.arn
        return self._arn("policy", f"{policy_type.lower()}/{policy_id}")

    def node_arn(self, node: str) -> str:
        """The ARN of a node."""
        if node == self.root:
            return self.root_arn()
        return self.unit_arn(node) if node.startswith("ou-") else self.account_arn(node)

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:aws:organizations::{self.management}:{kind}/{self.number}/{name}"

    def nodes(self) -> Iterator[str]:
        """Every node: the root, the units, the accounts."""
        yield self.root
        yield from self.units
        yield from self.accounts

    def is_container(self, node: str) -> bool:
        """Whether a node can have children."""
        return node == self.root or node in self.units

    def is_node(self, node: str) -> bool:
        """Whether the organization has such a node."""
        return self.is_container(node) or node in self.accounts

    def parent_of(self, node: str) -> str:
        """The node above a unit or an account; empty for the root, and for what is not here."""
        if (member := self.accounts.get(node)) is not None:
            return member.parent or self.root
        unit = self.units.get(node)
        return "" if unit is None else unit.parent

    def path_to(self, node: str) -> tuple[str, ...]:
        """The nodes from the root to this one, both included."""
        path = [node]
        while above := self.parent_of(path[-1]):
            path.append(above)
        return tuple(reversed(path))

    def path_text(self, node: str) -> str:
        """`o-…/r-…/ou-…/`, as `aws:PrincipalOrgPaths` has it for the accounts of a root or unit."""
        return "/".join((self.number, *self.path_to(node), ""))

    def type_of(self, policy_id: str) -> str:
        """The type of a policy that exists, the organization's own or a given one; empty for what is not here."""
        found = self.policies.get(policy_id) or GIVEN.get(policy_id)
        return "" if found is None else found.type

    def attached_to(self, node: str, policy_type: str) -> tuple[str, ...]:
        """The ids of the policies of a type that are attached to a node itself."""
        found = self.attached.get(f"{policy_type}/{node}")
        return self.default(policy_type) if found is None else found.policies

    def default(self, policy_type: str) -> tuple[str, ...]:
        """The policies of a type that every node begins with."""
        given = DEFAULT_POLICIES.get(policy_type) if policy_type in self.policy_types else None
        return () if given is None else (given,)

    def targets_of(self, policy_id: str) -> list[str]:
        """The nodes that a policy is attached to."""
        kind = self.type_of(policy_id)
        if policy_id not in self.default(kind):  # only then it can be where nothing is noted
            return [each.node for each in self.attached.values() if policy_id in each.policies]
        return [node for node in self.nodes() if policy_id in self.attached_to(node, kind)]

    def tags_of(self, resource_id: str) -> Tags:
        """The tags of a node or policy; none where it is not here."""
        if resource_id == self.root:
            return self.root_tags
        found = self.accounts.get(resource_id) or self.units.get(resource_id) or self.policies.get(resource_id)
        return {} if found is None else found.tags


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
        state.accounts[self.account_id] = Member(
            self.account_id, self.account_name, self.email, entry.time, method="INVITED", parent=self.root_id
        )


class AccountJoined(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """An account that was made for the organization is in it, under its root."""

    account_id: str
    account_name: str
    email: str
    request_id: str  # car-…
    tags: dict[str, str] = {}

    def evolve(self, state: Organization, entry: Entry) -> None:
        state.accounts[self.account_id] = Member(
            self.account_id, self.account_name, self.email, entry.time, tags=self.tags, parent=state.root
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
