"""Customer managed policies and their versions: facts, and what each changes in the account."""

from typing import ClassVar

from muniment.domain import arn
from muniment.domain.account import drafting
from muniment.domain.account.state import Account, AccountFact, Policy, PolicyVersion, Tags
from muniment.domain.account.tags import merged, without
from muniment.domain.ledger import Entry

FIRST_VERSION = "v1"


class PolicyCreated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A managed policy came to be, with its first version."""

    changes: ClassVar[frozenset[str]] = frozenset()

    policy_name: str
    policy_id: str
    policy_document: str
    path: str = "/"
    description: str = ""
    tags: Tags = {}

    def policy(self, account: str, entry: Entry) -> Policy:
        """The policy as it was at its beginning."""
        return Policy(
            self.policy_name,
            self.policy_id,
            arn.iam(account, "policy", self.path, self.policy_name),
            self.path,
            entry.time,
            entry.time,
            {FIRST_VERSION: PolicyVersion(FIRST_VERSION, self.policy_document, entry.time)},
            FIRST_VERSION,
            description=self.description,
            tags=self.tags,
        )

    def evolve(self, state: Account, entry: Entry) -> None:
        state.policies[self.policy_name.lower()] = self.policy(state.number, entry)
        state.ids[self.policy_id] = self.policy_name.lower()


class PolicyDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A managed policy is gone, and its default version with it."""

    policy_arn: str

    def evolve(self, state: Account, entry: Entry) -> None:
        policy = state.policies.pop(arn.name_of(self.policy_arn).lower())
        del state.ids[policy.id]


class PolicyVersionCreated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A managed policy has a new version; where `set_as_default`, it is the one that counts from now on."""

    policy_arn: str
    version_id: str
    policy_document: str
    set_as_default: bool = False

    def evolve(self, state: Account, entry: Entry) -> None:
        policy = state.policy(self.policy_arn)
        drafting.change(
            state.policies,
            policy.name,
            versions=policy.versions
            | {self.version_id: PolicyVersion(self.version_id, self.policy_document, entry.time)},
            latest=int(self.version_id[1:]),
            default=self.version_id if self.set_as_default else policy.default,
            updated=entry.time,
        )


class PolicyVersionDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A version that was not the default is gone; its number is never given again."""

    policy_arn: str
    version_id: str

    def evolve(self, state: Account, entry: Entry) -> None:
        policy = state.policy(self.policy_arn)
        left = {key: version for key, version in policy.versions.items() if key != self.version_id}
        drafting.change(state.policies, policy.name, versions=left, updated=entry.time)


class PolicyDefaultVersionSet(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """Another version of a managed policy counts from now on."""

    policy_arn: str
    version_id: str

    def evolve(self, state: Account, entry: Entry) -> None:
        policy = state.policy(self.policy_arn)
        drafting.change(state.policies, policy.name, default=self.version_id, updated=entry.time)


class PolicyTagged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A managed policy has these tags, besides those it had."""

    policy_arn: str
    tags: Tags

    def evolve(self, state: Account, entry: Entry) -> None:
        policy = state.policy(self.policy_arn)
        drafting.change(state.policies, policy.name, tags=merged(policy.tags, self.tags, fold_case=False))


class PolicyUntagged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A managed policy no longer has these tags."""

    policy_arn: str
    tag_keys: tuple[str, ...]

    def evolve(self, state: Account, entry: Entry) -> None:
        policy = state.policy(self.policy_arn)
        drafting.change(state.policies, policy.name, tags=without(policy.tags, self.tag_keys, fold_case=False))
