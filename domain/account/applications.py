"""Applications: what is recorded of their types, their policies and their entities."""

from typing import ClassVar

import msgspec

from muniment.domain.account.application import (
    Application,
    ApplicationEntity,
    ApplicationPolicy,
    Properties,
    entity_key,
)
from muniment.domain.account.state import Account, AccountFact
from muniment.domain.ledger import Entry

ACCESS_ONLY = frozenset({"access"})


class ApplicationRegistered(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """An application has these types of its own."""

    changes: ClassVar[frozenset[str]] = ACCESS_ONLY

    application_name: str
    subject_types: tuple[str, ...] = ()
    resource_types: dict[str, tuple[str, ...]] = {}
    description: str = ""

    def application(self, entry: Entry) -> Application:
        """The application as it was at its beginning."""
        return Application(self.application_name, entry.time, self.subject_types, self.resource_types, self.description)

    def evolve(self, state: Account, entry: Entry) -> None:
        state.applications[self.application_name.lower()] = self.application(entry)


class ApplicationTypesChanged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """An application has these types, in place of those before."""

    changes: ClassVar[frozenset[str]] = ACCESS_ONLY

    application_name: str
    subject_types: tuple[str, ...] = ()
    resource_types: dict[str, tuple[str, ...]] = {}

    def evolve(self, state: Account, entry: Entry) -> None:
        key = self.application_name.lower()
        state.applications[key] = msgspec.structs.replace(
            state.applications[key], subject_types=self.subject_types, resource_types=self.resource_types
        )


class ApplicationDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """An application is gone. It had neither policies nor entities left."""

    changes: ClassVar[frozenset[str]] = ACCESS_ONLY

    application_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        del state.applications[self.application_name.lower()]


class ApplicationPolicyPut(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """The subjects of a type, or one of them, hold this policy, in place of one of the same name."""

    changes: ClassVar[frozenset[str]] = ACCESS_ONLY

    application_name: str
    policy_name: str
    subject_type: str
    policy_document: str
    subject_id: str = ""  # empty: every subject of the type

    def evolve(self, state: Account, entry: Entry) -> None:
        if self.subject_id:
            key = entity_key(self.subject_type, self.subject_id)
            entity = state.entities[key]
            policies = entity.policies | {self.policy_name: self.policy_document}
            state.entities[key] = msgspec.structs.replace(entity, policies=policies)
            return
        name = self.application_name.lower()
        application = state.applications[name]
        policy = ApplicationPolicy(self.subject_type, self.policy_document)
        state.applications[name] = msgspec.structs.replace(
            application, policies=application.policies | {self.policy_name: policy}
        )


class ApplicationPolicyDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """The subjects of a type, or one of them, no longer hold this policy."""

    changes: ClassVar[frozenset[str]] = ACCESS_ONLY

    application_name: str
    policy_name: str
    subject_type: str = ""
    subject_id: str = ""

    def evolve(self, state: Account, entry: Entry) -> None:
        if self.subject_id:
            key = entity_key(self.subject_type, self.subject_id)
            entity = state.entities[key]
            own = {name: text for name, text in entity.policies.items() if name != self.policy_name}
            state.entities[key] = msgspec.structs.replace(entity, policies=own)
            return
        key = self.application_name.lower()
        application = state.applications[key]
        policies = {name: policy for name, policy in application.policies.items() if name != self.policy_name}
        state.applications[key] = msgspec.structs.replace(application, policies=policies)


class ApplicationEntityPut(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A subject or resource is known with these properties, in place of those before; its own policies stay."""

    changes: ClassVar[frozenset[str]] = ACCESS_ONLY

    application_name: str
    entity_type: str
    entity_id: str
    properties: Properties = {}

    def evolve(self, state: Account, entry: Entry) -> None:
        key = entity_key(self.entity_type, self.entity_id)
        known = state.entities.get(key)
        policies = known.policies if known is not None else {}
        state.entities[key] = ApplicationEntity(self.entity_type, self.entity_id, self.properties, policies)


class ApplicationEntityDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A subject or resource is known no more, and its own policies are gone with it."""

    changes: ClassVar[frozenset[str]] = ACCESS_ONLY

    application_name: str
    entity_type: str
    entity_id: str

    def evolve(self, state: Account, entry: Entry) -> None:
        del state.entities[entity_key(self.entity_type, self.entity_id)]
