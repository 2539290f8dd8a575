"""The actions there are, by service: what a search for actions goes through where a resource is not an application's own."""

from collections.abc import Iterable
from typing import Final

_known: Final[dict[str, set[str]]] = {}


def learn(actions: Iterable[tuple[str, str]]) -> None:
    """Add actions, each as (service, name)."""
    for service, name in actions:
        _known.setdefault(service, set()).add(f"{service}:{name}")


def every_action() -> frozenset[str]:
    """All of them."""
    return frozenset().union(*_known.values())


def actions_on(resource: str) -> list[str]:
    """The actions of the service that an ARN names."""
    segments = resource.split(":", 3)
    return sorted(_known.get(segments[2], ())) if len(segments) > 2 else []
