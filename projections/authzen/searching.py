"""Searches: which subjects, resources or actions of a type would be allowed. AuthZEN Authorization API 1.0, section 8.

Everything that is known of the type is asked about, in the order of its ids, so each result evaluates true and groups and
policies count as they do in a decision. A page ends when it is full or when enough has been looked at; its token holds the place.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from muniment.domain import arn
from muniment.domain.errors import ValidationError
from muniment.domain.policy.decision import Effect
from muniment.domain.quotas import PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX
from muniment.projections.authzen import catalog
from muniment.projections.authzen.asking import IAM, Asker
from muniment.projections.authzen.questions import (
    Deed,
    Entity,
    Pages,
    Question,
    Search,
    complete_deed,
    complete_entity,
)
from muniment.projections.queries.pagination import BadCursor, Cursors, key_of

LOOKED_AT_MAX: Final = 2_000  # candidates of one page: some 20 ms
CHANGED: Final = (
    "`page.token` is not one that was given out for this search: a search must not change between its pages"
)

_encode: Final = msgspec.json.Encoder(order="deterministic").encode

Candidate = tuple[bytes, str]  # its place in the list, and its id or name


def subjects(asker: Asker, search: Search, secret: bytes, now: int) -> dict[str, Any]:
    """The subjects of a type that may do the action on the resource. Raises ValidationError."""
    wanted = _typed(search.subject, "subject")
    complete_deed(search.action)
    complete_entity(search.resource, "resource")

    def question(found: str) -> Question:
        return Question(Entity(wanted.type, found, wanted.properties), search.action, search.resource, search.context)

    kind = wanted.type or ""
    return _page(
        asker,
        "subject",
        search,
        secret,
        now,
        _subjects_of(asker, kind),
        question,
        lambda found: {"type": kind, "id": found},
    )


def resources(asker: Asker, search: Search, secret: bytes, now: int) -> dict[str, Any]:
    """The resources of a type on which the subject may do the action. Raises ValidationError."""
    wanted = _typed(search.resource, "resource")
    complete_entity(search.subject, "subject")
    complete_deed(search.action)

    def question(found: str) -> Question:
        return Question(search.subject, search.action, Entity(wanted.type, found, wanted.properties), search.context)

    kind = wanted.type or ""
    return _page(
        asker,
        "resource",
        search,
        secret,
        now,
        _resources_of(asker, kind),
        question,
        lambda found: {"type": kind, "id": found},
    )


def actions(asker: Asker, search: Search, secret: bytes, now: int) -> dict[str, Any]:
    """The actions that the subject may do on the resource. Raises ValidationError."""
    complete_entity(search.subject, "subject")
    resource = complete_entity(search.resource, "resource")

    def question(found: str) -> Question:
        properties = search.action.properties if search.action is not None else None
        return Question(search.subject, Deed(found, properties), resource, search.context)

    return _page(
        asker,
        "action",
        search,
        secret,
        now,
        _actions_on(asker, resource),
        question,
        lambda found: {"name": found},
    )


def _typed(entity: Entity | None, what: str) -> Entity:
    """The searched entity: only its type counts."""
    if entity is None or entity.type is None:
        raise ValidationError(f"`{what}` must be an object with the string type")
    return entity


def _page(
    asker: Asker,
    what: str,
    search: Search,
    secret: bytes,
    now: int,
    candidates: Iterable[str],
    question: Any,
    shown: Any,
) -> dict[str, Any]:
    """One page of the candidates that are allowed."""
    page = search.page or Pages()
    limit = PAGE_ITEMS_DEFAULT if page.limit is None else page.limit
    if limit < 1:
        raise ValidationError("`page.limit` must be at least 1")
    cursors = Cursors.about(secret, now, "authzen", what, asker.number, _asked(what, search))
    try:
        after = cursors.key(page.token) if page.token else b""
    except BadCursor:
        raise ValidationError(CHANGED) from None
    rows = sorted((key_of(found), found) for found in candidates)
    found, reached = _allowed(asker, ((key, each) for key, each in rows if key > after), question, limit)
    following = reached is not None and any(key > reached for key, _ in rows)
    token = cursors.marker(reached) if following and reached is not None else ""
    return {"results": [shown(each) for each in found], "page": {"next_token": token, "count": len(found)}}


def _allowed(asker: Asker, rows: Iterator[Candidate], question: Any, limit: int) -> tuple[list[str], bytes | None]:
    """The allowed ones among the first rows, and the place that was reached."""
    found: list[str] = []
    reached = None
    for looked_at, (key, each) in enumerate(rows, 1):
        asked = question(each)
        request = asker.request(asked)
        if request is not None and asker.decide(request, asked)[0].effect is Effect.ALLOWED:
            found.append(each)
        reached = key
        if len(found) >= min(limit, PAGE_ITEMS_MAX) or looked_at >= LOOKED_AT_MAX:
            break
    return found, reached


def _asked(what: str, search: Search) -> bytes:
    """What must stay the same from page to page: all but the page, and the id that a search ignores."""
    searched = {"subject": search.subject, "resource": search.resource, "action": search.action}
    if isinstance(entity := searched[what], Entity):
        searched[what] = Entity(entity.type, None, entity.properties)
    return _encode([searched, search.context, search.as_of])


def _subjects_of(asker: Asker, kind: str) -> Iterable[str]:
    """The ids of all known subjects of a type."""
    account = asker.account
    if account.subject_application(kind) is not None:
        return [each.id for each in account.entities.values() if each.type == kind]
    match kind.removeprefix(IAM):
        case "user":
            return [user.name for user in account.users.values()]
        case "role":
            return [role.name for role in account.roles.values()]
        case "account":
            return [asker.number]
    return ()


def _resources_of(asker: Asker, kind: str) -> Iterable[str]:
    """The ids of all known resources of a type; of IAM's own these are ARNs."""
    account = asker.account
    if asker.is_application_type(kind):
        return [each.id for each in account.entities.values() if each.type == kind]
    match kind.removeprefix(IAM):
        case "user":
            return [account.user_arn(user) for user in account.users.values()]
        case "role":
            return [account.role_arn(role) for role in account.roles.values()]
        case "group":
            return [account.group_arn(group) for group in account.groups.values()]
        case "policy":
            return [policy.arn for policy in account.policies.values()]
        case "account":
            return [arn.root(asker.number)]
    return ()


def _actions_on(asker: Asker, resource: Entity) -> Iterable[str]:
    """The actions that a resource's type knows, or its service has."""
    application = asker.account.resource_application(resource.type or "")
    if application is not None:
        return application.resource_types[resource.type or ""]
    try:
        return catalog.actions_on(asker.resource(resource))
    except ValidationError:  # a type that nothing can have
        return ()
