"""Organization policies: written, changed, attached to nodes and detached; and the types that count."""

from typing import ClassVar

import msgspec

from muniment.domain.ledger import Entry
from muniment.domain.organization.state import Attached, Organization, OrganizationFact, OrganizationPolicy, Tags


class OrganizationPolicyCreated(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """A policy was written. It counts nowhere until it is attached."""

    changes: ClassVar[frozenset[str]] = frozenset()

    policy_id: str
    policy_type: str
    policy_name: str
    description: str
    policy_document: str
    tags: Tags = {}

    def policy(self, entry: Entry) -> OrganizationPolicy:
        """The policy as it was at its beginning."""
        return OrganizationPolicy(
            self.policy_id,
            self.policy_type,
            self.policy_name,
            self.description,
            self.policy_document,
            entry.time,
            self.tags,
        )

    def evolve(self, state: Organization, entry: Entry) -> None:
        state.policies[self.policy_id] = self.policy(entry)


class OrganizationPolicyChanged(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """A policy has another name, description or document; None leaves it as it was. It counts at once wherever it is attached."""

    policy_id: str
    policy_name: str | None = None
    description: str | None = None
    policy_document: str | None = None

    def changed(self, policy: OrganizationPolicy) -> OrganizationPolicy:
        """The policy after this."""
        return msgspec.structs.replace(
            policy,
            name=policy.name if self.policy_name is None else self.policy_name,
            description=policy.description if self.description is None else self.description,
            document=policy.document if self.policy_document is None else self.policy_document,
        )

    def evolve(self, state: Organization, entry: Entry) -> None:
        policies = state.policies
        policies[self.policy_id] = self.changed(policies[self.policy_id])


class OrganizationPolicyDeleted(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """A policy that was attached nowhere is gone."""

    changes: ClassVar[frozenset[str]] = frozenset()

    policy_id: str

    def evolve(self, state: Organization, entry: Entry) -> None:
        del state.policies[self.policy_id]


class OrganizationPolicyAttached(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """A policy counts for an account, or for every account under a unit or the root."""

    policy_id: str
    target_id: str

    def evolve(self, state: Organization, entry: Entry) -> None:
        kind = state.type_of(self.policy_id)
        _attach(state, self.target_id, kind, (*state.attached_to(self.target_id, kind), self.policy_id))


class OrganizationPolicyDetached(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """A policy is no longer attached to a node."""

    policy_id: str
    target_id: str

    def evolve(self, state: Organization, entry: Entry) -> None:
        kind = state.type_of(self.policy_id)
        left = tuple(one for one in state.attached_to(self.target_id, kind) if one != self.policy_id)
        _attach(state, self.target_id, kind, left)


def _attach(state: Organization, node: str, policy_type: str, policies: tuple[str, ...]) -> None:
    key = f"{policy_type}/{node}"
    if policies == state.default(policy_type):
        state.attached.pop(key, None)
    else:
        state.attached[key] = Attached(node, policy_type, policies)


class PolicyTypeEnabled(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """Policies of a type may be attached; of those that decide, the one that allows everything now is, to every node."""

    policy_type: str

    def evolve(self, state: Organization, entry: Entry) -> None:
        state.policy_types = (*state.policy_types, self.policy_type)


class PolicyTypeDisabled(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """Policies of a type count no more, and none of them is attached any more."""

    policy_type: str

    def evolve(self, state: Organization, entry: Entry) -> None:
        state.policy_types = tuple(each for each in state.policy_types if each != self.policy_type)
        for key, held in list(state.attached.items()):
            if held.type == self.policy_type:
                del state.attached[key]


class AllFeaturesEnabled(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """An organization that was made for its bills alone may have policies from now on."""

    changes: ClassVar[frozenset[str]] = frozenset()

    handshake_id: str  # h-…; the answer names it

    def evolve(self, state: Organization, entry: Entry) -> None:
        state.feature_set = "ALL"
