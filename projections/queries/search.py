"""`muniment:SearchSubjects`, `SearchResources`, `SearchActions`: behind `POST /access/v1/search/…` (INTERFACES, AuthZEN)."""

from typing import Any

from muniment.domain.resource import Resource
from muniment.projections.authzen import searching
from muniment.projections.authzen.questions import Pages, Search, complete_deed, complete_entity
from muniment.projections.queries.evaluate import AccessQuery
from muniment.projections.query import Asked, Views


class SearchQuery(AccessQuery, frozen=True, kw_only=True, rename="pascal"):
    """A search, in pages: `Page` has `limit` (1–1000, default 100) and the `token` of the page before."""

    page: Pages | None = None

    def search(self) -> Search:
        """As AuthZEN has it."""
        return Search(self.subject, self.action_asked, self.resource, self.context, as_of=self.as_of, page=self.page)

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        """The subject that is asked about, and for a search of subjects the resource."""
        return (Resource(self.asker(views, asked).asked_about(complete_entity(self.subject, "subject"))),)


class SearchSubjects(SearchQuery, frozen=True, kw_only=True, rename="pascal"):
    """The subjects of a type that may do an action on a resource (AuthZEN Authorization API 1.0, subject search)."""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource(self.asker(views, asked).resource(complete_entity(self.resource, "resource"))),)

    def decides(self) -> tuple[str, ...]:
        return (complete_deed(self.action_asked).name or "",)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return searching.subjects(self.asker(views, asked), self.search(), views.cursor_key, asked.now)


class SearchResources(SearchQuery, frozen=True, kw_only=True, rename="pascal"):
    """The resources of a type on which a subject may do an action (AuthZEN Authorization API 1.0, resource search)."""

    def decides(self) -> tuple[str, ...]:
        return (complete_deed(self.action_asked).name or "",)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return searching.resources(self.asker(views, asked), self.search(), views.cursor_key, asked.now)


class SearchActions(SearchQuery, frozen=True, kw_only=True, rename="pascal"):
    """The actions that a subject may do on a resource (AuthZEN Authorization API 1.0, action search)."""

    def decides(self) -> tuple[str, ...]:
        """Anything of the resource's service: what changes permissions may be among it."""
        segments = (complete_entity(self.resource, "resource").id or "").split(":", 3)
        return (f"{segments[2]}:Anything",) if len(segments) > 3 and segments[0] == "arn" else ()

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return searching.actions(self.asker(views, asked), self.search(), views.cursor_key, asked.now)
