"""AuthZEN Authorization API 1.0: the questions, as their JSON has them. Unknown members are ignored; what is missing is told
when a question is asked, for in a batch that concerns one evaluation alone (INTERFACES, AuthZEN).
"""

from typing import Annotated, Any, Final

import msgspec

from muniment.domain.errors import ValidationError

TEXT_CHARACTERS_MAX: Final = 2_048  # of types, ids and names: as long as IAM's longest ARNs
EVALUATIONS_MAX: Final = 1_000  # in one batch (SECURITY 17)

Text = Annotated[str, msgspec.Meta(max_length=TEXT_CHARACTERS_MAX)]
Properties = dict[str, Any] | None


class Entity(msgspec.Struct, gc=False):
    """A subject or resource."""

    type: Text | None = None
    id: Text | None = None
    properties: Properties = None


class Deed(msgspec.Struct, gc=False):
    """An action."""

    name: Text | None = None
    properties: Properties = None


class Options(msgspec.Struct, gc=False):
    """How evaluations are to be executed; `explain` is ours: everything about the decision in its context."""

    evaluations_semantic: str | None = None
    explain: bool = False


class Question(msgspec.Struct, gc=False):
    """One evaluation, or the defaults of several."""

    subject: Entity | None = None
    action: Deed | None = None
    resource: Entity | None = None
    context: dict[str, Any] | None = None
    options: Options | None = None
    as_of: str | int | None = None  # ours: a time or position of the past
    min_revision: int | None = None  # ours: the answer must not be older


class Batch(Question, gc=False):
    """Several evaluations; without any, the question itself is the only one."""

    evaluations: list[Question] | None = None


class LooseBatch(Question, gc=False):
    """The same as plain JSON values, where perhaps not every evaluation can be read: each is read by itself."""

    evaluations: list[Any] | None = None


class Pages(msgspec.Struct, gc=False):
    """Which page of a search is asked for."""

    token: str | None = None
    limit: int | None = None
    properties: Properties = None


class Search(Question, gc=False):
    """A search: the entity that is searched has a type only."""

    page: Pages | None = None


def complete_entity(entity: Entity | None, what: str) -> Entity:
    """The subject or resource, which must have type and id. Raises ValidationError."""
    if entity is None or entity.type is None or entity.id is None:
        raise ValidationError(f"`{what}` must be an object with the strings type and id")
    return entity


def complete_deed(deed: Deed | None) -> Deed:
    """The action, which must have a name. Raises ValidationError."""
    if deed is None or deed.name is None:
        raise ValidationError("`action` must be an object with the string name")
    return deed


def with_default(own: Entity | None, default: Entity | None) -> Entity | None:
    """An evaluation's entity: its own as a whole, but for a type or id that it leaves to the default."""
    if own is None or default is None or (own.type is not None and own.id is not None):
        return default if own is None else own
    return Entity(
        default.type if own.type is None else own.type, default.id if own.id is None else own.id, own.properties
    )


def deed_with_default(own: Deed | None, default: Deed | None) -> Deed | None:
    """An evaluation's action, its name left to the default where it has none."""
    if own is None or default is None or own.name is not None:
        return default if own is None else own
    return Deed(default.name, own.properties)
