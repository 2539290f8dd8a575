"""The orders in which an account's secrets are listed. By creation and by name a page begins where the last one ended, however many
secrets there are; by other dates all of them are looked at.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from muniment.domain.boundary import as_state
from muniment.domain.secret.state import Secret, boundary_of
from muniment.domain.vault.state import Vault
from muniment.projections.queries.pagination import key_of
from muniment.projections.query import Views

Rows = Callable[[bytes], Iterator[tuple[bytes, Secret]]]

CREATED: Final = "created-date"
NAME: Final = "name"
LATEST: Final = 2**63
VAULTS_MAX: Final = 100  # whose names are kept in order
T = TypeVar("T")
_created: dict[str, tuple[Vault, list[tuple[str, int]]]] = {}
_sorted: dict[str, tuple[Vault, list[tuple[bytes, str]]]] = {}


def rows(views: Views, account: str, sort_by: str, ascending: bool) -> Rows:
    """The account's secrets in that order, from after a place."""
    boundary = f"{Vault.kind}.{account}"
    vault = as_state(views.state(boundary), boundary, Vault)

    def secret(name: str) -> Secret:
        place = boundary_of(account, name)
        return as_state(views.state(place), place, Secret)

    if sort_by == CREATED:
        return lambda after: _by_creation(vault, secret, ascending, after)
    if sort_by == NAME:
        return lambda after: _by_name(vault, secret, ascending, after)
    return lambda after: _by_date(vault, secret, sort_by, ascending, after)


def _by_creation(
    vault: Vault, secret: Callable[[str], Secret], ascending: bool, after: bytes
) -> Iterator[tuple[bytes, Secret]]:
    """The vault keeps its names in the order in which they were taken."""
    for name, number in _taken(vault, ascending, after):
        yield key_of(number if ascending else LATEST - number), secret(name)


def _taken(vault: Vault, ascending: bool, after: bytes) -> Iterator[tuple[str, int]]:
    if not after:
        return iter(vault.names.items()) if ascending else reversed(vault.names.items())
    items = _kept(_created, vault, lambda: list(vault.names.items()))
    place = int.from_bytes(after) if ascending else LATEST - int.from_bytes(after)
    if ascending:
        return (items[index] for index in range(bisect_right(items, place, key=_number), len(items)))
    return (items[index] for index in range(bisect_left(items, place, key=_number) - 1, -1, -1))


def _kept(kept: dict[str, tuple[Vault, T]], vault: Vault, make: Callable[[], T]) -> T:
    """What was made of this very state before: a state never changes."""
    known = kept.get(vault.id)
    if known is None or known[0] is not vault:
        if len(kept) >= VAULTS_MAX:
            kept.clear()
        known = kept[vault.id] = (vault, make())
    return known[1]


def _by_name(
    vault: Vault, secret: Callable[[str], Secret], ascending: bool, after: bytes
) -> Iterator[tuple[bytes, Secret]]:
    found = _kept(_sorted, vault, lambda: sorted((key_of(name), name) for name in vault.names))
    if ascending:
        places = range(bisect_right(found, after, key=_key) if after else 0, len(found))
    else:
        places = range((bisect_left(found, after, key=_key) if after else len(found)) - 1, -1, -1)
    for place in places:
        key, name = found[place]
        yield key, secret(name)


def _number(item: tuple[str, int]) -> int:
    return item[1]


def _key(item: tuple[bytes, str]) -> bytes:
    return item[0]


def _by_date(
    vault: Vault, secret: Callable[[str], Secret], sort_by: str, ascending: bool, after: bytes
) -> Iterator[tuple[bytes, Secret]]:
    placed = []
    for name in vault.names:
        found = secret(name)
        moment = found.accessed if sort_by == "last-accessed-date" else found.changed
        key = key_of(moment if ascending else LATEST - moment, name)
        if key > after:
            placed.append((key, found))
    return iter(sorted(placed, key=lambda item: item[0]))
