"""What every question about secrets has: finding one by name or ARN, and pages by NextToken and MaxResults."""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from muniment.domain.boundary import as_state
from muniment.domain.resource import Resource
from muniment.domain.secret import keys
from muniment.domain.secret.errors import InvalidSecretsToken, SecretNotFound
from muniment.domain.secret.naming import is_meant, places
from muniment.domain.secret.state import Secret
from muniment.projections.queries.pagination import BadCursor, Cursors
from muniment.projections.query import Asked, Query, Views

NOT_FOUND: Final = "Secrets Manager can't find the specified secret."
BAD_TOKEN: Final = "You specified an invalid value for NextToken."  # noqa: S105 - a sentence
PAGE_MAX: Final = 100

T = TypeVar("T")


class SecretsQuery(Query, frozen=True, kw_only=True, rename="pascal"):
    """A question of Secrets Manager."""

    service = "secretsmanager"
    models = ("directory",)


class SecretQuery(SecretsQuery, frozen=True, kw_only=True, rename="pascal"):
    """A question about one secret."""

    secret_id: str

    def keys(self) -> keys.Keys:
        """Condition keys that the request itself brings."""
        return {}

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        found = find(views, asked, self.secret_id)
        return (keys.resource(found, self.secret_id, asked.actor.account, self.keys()),)

    def secret(self, views: Views, asked: Asked) -> Secret:
        """The secret that is meant. Raises SecretNotFound."""
        if (found := find(views, asked, self.secret_id)) is None:
            raise SecretNotFound(NOT_FOUND)
        return found


def find(views: Views, asked: Asked, secret_id: str) -> Secret | None:
    """The secret that the caller calls so; None where there is none, or its recovery window is over."""
    for boundary in places(secret_id, asked.actor.account):
        secret = as_state(views.state(boundary), boundary, Secret)
        if is_meant(secret, secret_id) and not 0 < secret.deletion <= asked.now:
            return secret
    return None


def paged(
    views: Views,
    asked: Asked,
    token: str,
    limit: int,
    about: tuple[Any, ...],
    rows: Iterable[tuple[bytes, T]],
    shown: Callable[[T], Any],
    member: str,
) -> dict[str, Any]:
    """One page under `member`, each row as `shown`. Raises InvalidSecretsToken."""
    cursors = Cursors.about(views.cursor_key, asked.now, *about)
    try:
        page = cursors.page(rows, token, limit)
    except BadCursor:
        raise InvalidSecretsToken(BAD_TOKEN) from None
    return {member: [shown(item) for item in page.items], **({"NextToken": page.marker} if page.marker else {})}


def ordered(
    views: Views,
    asked: Asked,
    token: str,
    limit: int,
    about: tuple[Any, ...],
    rows: Callable[[bytes], Iterable[tuple[bytes, T]]],
    shown: Callable[[T], Any],
    member: str,
) -> dict[str, Any]:
    """The same where `rows` come in their order, from after a place. Raises InvalidSecretsToken."""
    cursors = Cursors.about(views.cursor_key, asked.now, *about)
    try:
        page = cursors.ordered(rows, token, limit)
    except BadCursor:
        raise InvalidSecretsToken(BAD_TOKEN) from None
    return {member: [shown(item) for item in page.items], **({"NextToken": page.marker} if page.marker else {})}


def named(secret: Secret) -> dict[str, Any]:
    """The members that nearly every answer has."""
    return {"ARN": secret.arn, "Name": secret.name}
