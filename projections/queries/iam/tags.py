"""Tags as they are shown: sorted by key, in a get as a member of its entity, in a list of their own in pages."""

from collections.abc import Iterable
from typing import Any

from muniment.domain.account.state import Tags
from muniment.projections.queries.pagination import key_of


def shown(tags: Tags) -> list[dict[str, str]]:
    """The Tags member."""
    return [one(tag) for tag in sorted(tags.items())]


def where_any(tags: Tags) -> dict[str, Any]:
    """The Tags member of users and roles, which have none rather than an empty one."""
    return {"Tags": shown(tags)} if tags else {}


def rows(tags: Tags) -> Iterable[tuple[bytes, tuple[str, str]]]:
    """Each tag under its place in the list."""
    return ((key_of(key), (key, value)) for key, value in tags.items())


def one(tag: tuple[str, str]) -> dict[str, str]:
    """One tag as answers show it."""
    return {"Key": tag[0], "Value": tag[1]}
