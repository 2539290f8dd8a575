"""Queries on applications: GetApplication, ListApplications, ListApplicationEntities."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

import msgspec

from muniment.domain.account.application import Application, ApplicationEntity, application_arn
from muniment.domain.account.state import Account
from muniment.domain.boundary import as_state
from muniment.domain.errors import NoSuchEntity, ValidationError
from muniment.domain.quotas import PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX
from muniment.domain.resource import Resource
from muniment.projections.queries.pagination import BadCursor, Cursors, key_of
from muniment.projections.query import Asked, Query, Views

T = TypeVar("T")
Items = Annotated[int, msgspec.Meta(ge=1, le=PAGE_ITEMS_MAX)]


class ApplicationQuery(Query, frozen=True, kw_only=True, rename="pascal"):
    """A question about the applications of the caller's own account."""

    service = "muniment"

    @staticmethod
    def account(views: Views, asked: Asked) -> Account:
        """The caller's account as the directory knows it."""
        boundary = f"{Account.kind}.{asked.actor.account}"
        return as_state(views.state(boundary), boundary, Account)


class GetApplication(ApplicationQuery, frozen=True, kw_only=True, rename="pascal"):
    """An application with its types and the policies of its subject types."""

    application_name: str

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (resource_of(self.account(views, asked), self.application_name),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        application = application_called(self.account(views, asked), self.application_name)
        policies = [
            {"PolicyName": name, "SubjectType": policy.subject_type, "PolicyDocument": policy.document}
            for name, policy in application.policies.items()
        ]
        return {"Application": {**listed(asked.actor.account, application), "Policies": policies}}


class PagedQuery(ApplicationQuery, frozen=True, kw_only=True, rename="pascal"):
    """A list in pages: `MaxItems` (1–1000, default 100), `Marker`."""

    marker: str = ""
    max_items: Items = PAGE_ITEMS_DEFAULT

    def paged(
        self, views: Views, asked: Asked, rows: Iterable[tuple[bytes, T]], shown: Callable[[T], Any], *question: str
    ) -> tuple[list[Any], dict[str, Any]]:
        """The page, and the members that say whether more follows. Raises ValidationError for a marker that is not ours."""
        cursors = Cursors.about(views.cursor_key, asked.now, self.action(), asked.actor.account, question)
        try:
            page = cursors.page(rows, self.marker, self.max_items)
        except BadCursor:
            raise ValidationError("Invalid Marker.") from None
        more = {"IsTruncated": page.marker is not None, **({"Marker": page.marker} if page.marker else {})}
        return [shown(item) for item in page.items], more


class ListApplications(PagedQuery, frozen=True, kw_only=True, rename="pascal"):
    """The applications of the account, by name."""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource(application_arn(asked.actor.account, "*")),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        rows = ((key_of(name), each) for name, each in self.account(views, asked).applications.items())
        items, more = self.paged(views, asked, rows, lambda each: listed(asked.actor.account, each))
        return {"Applications": items, **more}


class ListApplicationEntities(PagedQuery, frozen=True, kw_only=True, rename="pascal"):
    """The known subjects and resources of one type, with their properties and their own policies, by id."""

    application_name: str
    entity_type: str

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (resource_of(self.account(views, asked), self.application_name),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        application = application_called(account, self.application_name)
        own = self.entity_type in application.subject_types or self.entity_type in application.resource_types
        entities = account.entities.values() if own else ()
        rows = ((key_of(each.id), each) for each in entities if each.type == self.entity_type)
        items, more = self.paged(views, asked, rows, entity_listed, application.name, self.entity_type)
        return {"Entities": items, **more}


def resource_of(account: Account, name: str) -> Resource:
    """What the gate is asked about: the application under the name it was registered with, or as it would be."""
    found = account.applications.get(name.lower())
    return Resource(application_arn(account.number, name if found is None else found.name))


def application_called(account: Account, name: str) -> Application:
    """The application. Raises NoSuchEntity."""
    if (found := account.applications.get(name.lower())) is None:
        raise NoSuchEntity(f"The application with name {name} cannot be found.")
    return found


def listed(account: str, application: Application) -> dict[str, Any]:
    """An application as lists show it."""
    return {
        "ApplicationName": application.name,
        "Arn": application_arn(account, application.name),
        "CreateDate": application.created,
        "SubjectTypes": list(application.subject_types),
        "ResourceTypes": {name: list(actions) for name, actions in application.resource_types.items()},
        **({"Description": application.description} if application.description else {}),
    }


def entity_listed(entity: ApplicationEntity) -> dict[str, Any]:
    """An entity as lists show it; a property has a list of values."""
    policies = [{"PolicyName": name, "PolicyDocument": text} for name, text in entity.policies.items()]
    return {
        "EntityType": entity.type,
        "EntityId": entity.id,
        "Properties": {name: list(values) for name, values in entity.properties.items()},
        **({"Policies": policies} if policies else {}),
    }
