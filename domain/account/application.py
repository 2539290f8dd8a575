"""Applications that use Muniment for their own permissions: their types, policies, and what they told about their entities."""

from typing import Any, Final

import msgspec

PARTITION: Final = "muniment"
SUBJECT: Final = "arn:"  # what the unique ids of applications' subjects begin with, as AIDA those of users
ACTION_PREFIX: Final = "app"  # `app:read`: an application's action as policies name it

Properties = dict[str, tuple[str, ...]]  # name → values, as condition keys have them


class ApplicationPolicy(msgspec.Struct, frozen=True):
    """An identity policy that every subject of a type holds."""

    subject_type: str
    document: str


class Application(msgspec.Struct, frozen=True):
    """One application of an account. Its types are its own: no other application of the account has them."""

    name: str
    created: int  # microseconds
    subject_types: tuple[str, ...] = ()
    resource_types: dict[str, tuple[str, ...]] = {}  # type → the actions that its resources know
    description: str = ""
    policies: dict[str, ApplicationPolicy] = {}  # by name


class ApplicationEntity(msgspec.Struct, frozen=True):
    """A subject or resource that an application made known: searches find it, and its properties count where a request has none."""

    type: str
    id: str
    properties: Properties = {}
    policies: dict[str, str] = {}  # of a subject alone, beside those of its type: name → document


def entity_key(entity_type: str, entity_id: str) -> str:
    """The key of an entity in the account's table. Types hold no `/`, so no two entities share one."""
    return f"{entity_type}/{entity_id}"


def entity_arn(account: str, entity_type: str, entity_id: str) -> str:
    """The ARN of an application's subject or resource: `arn:muniment:app::ACCOUNT:TYPE/ID`."""
    return f"arn:{PARTITION}:app::{account}:{entity_type}/{entity_id}"


def application_arn(account: str, name: str) -> str:
    """The ARN of an application itself, as its own commands ask for it."""
    return f"arn:{PARTITION}:{PARTITION}::{account}:application/{name}"


def subject_of(unique_id: str) -> tuple[str, str]:
    """Type and id of the application's subject whose policies an ARN stands for; the id is empty where only its type's count."""
    entity_type, _, entity_id = unique_id.split(":", 5)[5].partition("/")
    return entity_type, entity_id


def action_of(name: str) -> str:
    """An AuthZEN action as policies name it: `iam:GetUser` as it is, `read` as `app:read`."""
    return name if ":" in name else f"{ACTION_PREFIX}:{name}"


def values_of(value: Any) -> tuple[str, ...]:
    """A JSON value as a condition key's values; what is no scalar counts as its JSON text."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if value is None:
        return ()
    if isinstance(value, list | tuple):
        return tuple(text for each in value for text in values_of(each))
    return (str(value) if isinstance(value, int | float) else msgspec.json.encode(value).decode(),)
