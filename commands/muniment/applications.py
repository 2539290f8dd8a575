"""Commands by which applications register their types and entities, to use the engine for their own permissions."""

import re
from typing import Annotated, Any, Final

import msgspec

from muniment.commands.command import Command, Decision, Given
from muniment.domain.account.application import Application, Properties, application_arn, entity_key, values_of
from muniment.domain.account.applications import (
    ApplicationDeleted,
    ApplicationEntityDeleted,
    ApplicationEntityPut,
    ApplicationRegistered,
    ApplicationTypesChanged,
)
from muniment.domain.account.state import Account
from muniment.domain.errors import DeleteConflict, EntityAlreadyExists, InvalidInput, LimitExceeded, NoSuchEntity
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.quotas import (
    ACTIONS_PER_TYPE_MAX,
    APPLICATIONS_PER_ACCOUNT_MAX,
    ENTITIES_PER_ACCOUNT_MAX,
    PROPERTIES_PER_ENTITY_MAX,
    TAG_VALUE_CHARACTERS_MAX,
    TYPES_PER_APPLICATION_MAX,
)
from muniment.domain.resource import Resource

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*\Z")]
EntityId = Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)]
PolicyName = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[\w+=,.@-]+\Z")]
Types = dict[Name, tuple[str, ...]]

# As policies can name them: `app:` and these characters, or another prefix and one colon (domain/policy/grammar_elements.py).
_ACTION: Final = re.compile(r"(?:[A-Za-z0-9_.-]{1,64}:)?[A-Za-z0-9_./@+=,-]{1,128}")


class ApplicationCommand(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """A command on one application of the caller's account."""

    service = "muniment"
    boundary = Account

    application_name: Name

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(application_arn(state.number, named(state, self.application_name))),)

    def application(self, state: Account) -> Application:
        """The application, which must be there. Raises NoSuchEntity."""
        found = state.applications.get(self.application_name.lower())
        if found is None:
            raise NoSuchEntity(f"The application with name {self.application_name} cannot be found.")
        return found


class RegisterApplication(ApplicationCommand, frozen=True, kw_only=True, rename="pascal"):
    """Register an application with its subject types and its resource types, each with its actions.

    While an application has the subject type `user`, AuthZEN's `user` means its subjects, and IAM's users are named by ARN.
    """

    subject_types: tuple[Name, ...] = ()
    resource_types: Types = {}
    description: Annotated[str, msgspec.Meta(max_length=1_000)] = ""

    def decide(self, state: Account, given: Given) -> Fact:
        if self.application_name.lower() in state.applications:
            raise EntityAlreadyExists(f"Application with name {self.application_name} already exists.")
        if len(state.applications) >= APPLICATIONS_PER_ACCOUNT_MAX:
            raise LimitExceeded(f"Cannot exceed quota for ApplicationsPerAccount: {APPLICATIONS_PER_ACCOUNT_MAX}")
        check_types(state, self.application_name, self.subject_types, self.resource_types)
        return ApplicationRegistered(self.application_name, self.subject_types, self.resource_types, self.description)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        return {"Application": shown(state.number, state.applications[self.application_name.lower()])}


class UpdateApplication(ApplicationCommand, frozen=True, kw_only=True, rename="pascal"):
    """Give an application other types. A type that policies or entities still name stays."""

    subject_types: tuple[Name, ...] = ()
    resource_types: Types = {}

    def decide(self, state: Account, given: Given) -> Fact | None:
        application = self.application(state)
        check_types(state, application.name, self.subject_types, self.resource_types)
        if (application.subject_types, application.resource_types) == (self.subject_types, self.resource_types):
            return None
        gone = set(application.subject_types) - set(self.subject_types)
        gone_everywhere = (gone | (set(application.resource_types) - set(self.resource_types))) - (
            set(self.subject_types) | set(self.resource_types)
        )
        if any(policy.subject_type in gone for policy in application.policies.values()):
            raise DeleteConflict("Cannot take away a subject type that has policies: delete its policies first.")
        if any(entity.type in gone_everywhere for entity in state.entities.values()):
            raise DeleteConflict("Cannot take away a type that has entities: delete its entities first.")
        if any(entity.policies for entity in state.entities.values() if entity.type in gone):
            raise DeleteConflict("Cannot take away a type whose subjects have policies: delete these first.")
        return ApplicationTypesChanged(application.name, self.subject_types, self.resource_types)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        return {"Application": shown(state.number, self.application(state))}


class DeleteApplication(ApplicationCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete an application that has neither policies nor entities."""

    def decide(self, state: Account, given: Given) -> Fact:
        application = self.application(state)
        if application.policies:
            raise DeleteConflict("Cannot delete an application that has policies: delete its policies first.")
        types = {*application.subject_types, *application.resource_types}
        if any(entity.type in types for entity in state.entities.values()):
            raise DeleteConflict("Cannot delete an application that has entities: delete its entities first.")
        return ApplicationDeleted(application.name)


class EntityCommand(ApplicationCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on a subject or resource of an application."""

    entity_type: Name
    entity_id: EntityId


class PutApplicationEntity(EntityCommand, frozen=True, kw_only=True, rename="pascal"):
    """Make a subject or resource known: searches find it, and its properties count where a request brings none of that name.

    Properties are kept in clear: they are what policies speak about, and not the place for personal data.
    """

    properties: dict[str, Any] = {}

    def decide(self, state: Account, given: Given) -> Decision:
        application = self.application(state)
        check_type(application, self.entity_type)
        known = state.entities.get(entity_key(self.entity_type, self.entity_id))
        if known is None and len(state.entities) >= ENTITIES_PER_ACCOUNT_MAX:
            raise LimitExceeded(f"Cannot exceed quota for EntitiesPerAccount: {ENTITIES_PER_ACCOUNT_MAX}")
        properties = checked_properties(self.properties)
        if known is not None and known.properties == properties:
            return None
        return ApplicationEntityPut(application.name, self.entity_type, self.entity_id, properties)


class DeleteApplicationEntity(EntityCommand, frozen=True, kw_only=True, rename="pascal"):
    """Forget a subject or resource, and the policies that were its own."""

    def decide(self, state: Account, given: Given) -> Fact:
        application = self.application(state)
        check_type(application, self.entity_type)
        if entity_key(self.entity_type, self.entity_id) not in state.entities:
            raise no_entity(self.entity_type, self.entity_id)
        return ApplicationEntityDeleted(application.name, self.entity_type, self.entity_id)


def named(state: Account, name: str) -> str:
    """The name as it was registered, in whatever case it is given now; the given one where there is no such application."""
    found = state.applications.get(name.lower())
    return name if found is None else found.name


def no_entity(entity_type: str, entity_id: str) -> NoSuchEntity:
    """The refusal of an entity that is not known."""
    return NoSuchEntity(f"The {entity_type} with id {entity_id} cannot be found.")


def check_type(application: Application, entity_type: str) -> None:
    """Raises InvalidInput where the application has no such type."""
    if entity_type not in application.subject_types and entity_type not in application.resource_types:
        raise InvalidInput(f"The application {application.name} has no type {entity_type}.")


def check_types(state: Account, name: str, subject_types: tuple[str, ...], resource_types: Types) -> None:
    """Raises InvalidInput, LimitExceeded, EntityAlreadyExists where another application of the account has one of the types."""
    if len(subject_types) + len(resource_types) > TYPES_PER_APPLICATION_MAX:
        raise LimitExceeded(f"Cannot exceed quota for TypesPerApplication: {TYPES_PER_APPLICATION_MAX}")
    if len(set(subject_types)) != len(subject_types):
        raise InvalidInput("A subject type is named twice.")
    for resource_type, actions in resource_types.items():
        if len(actions) > ACTIONS_PER_TYPE_MAX:
            raise LimitExceeded(f"Cannot exceed quota for ActionsPerType: {ACTIONS_PER_TYPE_MAX}")
        if len({action.lower() for action in actions}) != len(actions):
            raise InvalidInput(
                f"An action of the resource type {resource_type} is named twice; case does not tell them apart."
            )
        if unfit := [action for action in actions if not _ACTION.fullmatch(action)]:
            raise InvalidInput(
                f"`{unfit[0][:128]}` cannot be an action: policies could not name it. Use letters, digits and _./@+=,-"
            )
    for other in state.applications.values():
        if other.name.lower() == name.lower():
            continue
        if taken := {*other.subject_types, *other.resource_types} & {*subject_types, *resource_types}:
            raise EntityAlreadyExists(f"The type {min(taken)} already exists: the application {other.name} has it.")


def checked_properties(properties: dict[str, Any]) -> Properties:
    """Properties as condition keys have them. Raises InvalidInput, LimitExceeded."""
    if len(properties) > PROPERTIES_PER_ENTITY_MAX:
        raise LimitExceeded(f"Cannot exceed quota for PropertiesPerEntity: {PROPERTIES_PER_ENTITY_MAX}")
    found = {name: values_of(value) for name, value in properties.items()}
    for name, values in found.items():
        if not name or len(name) > 128 or len(values) > PROPERTIES_PER_ENTITY_MAX:
            raise InvalidInput("A property has a name of 1 to 128 characters, and at most 50 values.")
        if any(len(value) > TAG_VALUE_CHARACTERS_MAX for value in values):
            raise InvalidInput(f"A value of the property {name} is longer than {TAG_VALUE_CHARACTERS_MAX} characters.")
    if len({name.lower() for name in found}) != len(found):
        raise InvalidInput("A property is named twice; case does not tell condition keys apart.")
    return found


def shown(account: str, application: Application) -> dict[str, Any]:
    """An application as answers show it."""
    return {
        "ApplicationName": application.name,
        "Arn": application_arn(account, application.name),
        "CreateDate": application.created,
        "SubjectTypes": list(application.subject_types),
        "ResourceTypes": {name: list(actions) for name, actions in application.resource_types.items()},
        **({"Description": application.description} if application.description else {}),
    }
