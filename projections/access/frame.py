"""A request while the compiled engine decides it: what a statement may ask about it, found out only when it is asked."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec

from muniment.domain.policy.matching import Budget
from muniment.domain.policy.request import AccessRequest, Principal

NAMES_MAX: Final = 1_024  # sets of names that are remembered: requests of one kind bring the same keys
NAMES_CHARACTERS_MAX: Final = 1_024  # in one set; longer ones are read each time


class Knows(Protocol):
    """Whoever knows condition keys better than any request."""

    def principal(self, frame: "Frame") -> Principal:
        """The requester, completed."""

    def key(self, frame: "Frame", key: str) -> tuple[str, ...] | None:
        """The values of a key in lower case; None where the request's count."""


class Frame(msgspec.Struct, gc=False):
    """One request. `account` and `organizations` are what `knows` needs to know (projections/access/known.py)."""

    request: AccessRequest
    resource: str
    knows: Knows | None = None
    account: Any = None
    organizations: Any = None
    standing: Any = None  # of the user or role whose policies count, where it has been looked up
    bounded: bool = False  # whether the requester has a permissions boundary
    purse: Budget | None = None
    names: Mapping[str, str] | None = None  # the request's keys in lower case, and as `context` spells them
    context: Any = None  # of values by key, once `names` are known

    @property
    def budget(self) -> Budget:
        """The comparisons that are left."""
        if self.purse is None:
            self.purse = Budget()
        return self.purse

    def owner(self) -> str:
        """The account that owns the resource: `AccessRequest.owner`, without its detours."""
        request = self.request
        if request.resource_account:
            return request.resource_account
        segments = self.resource.split(":", 5)
        named = segments[4] if len(segments) == 6 else ""
        return request.owner if named and named != request.principal.account else request.principal.account

    @property
    def principal(self) -> Principal:
        """The requester."""
        return self.request.principal if self.knows is None else self.knows.principal(self)

    def values(self, key: str) -> tuple[str, ...]:
        """The values of a condition key given in lower case; none where it is absent. Raises TypeError for values that are none."""
        if self.knows is not None and (ours := self.knows.key(self, key)) is not None:
            return ours
        names = self.names
        if names is None:
            names = self.read()
        name = names.get(key)
        values: tuple[str, ...] | None = None if name is None else self.context.get(name)
        return checked(values) if values else ()

    def read(self) -> Mapping[str, str]:
        """Find out how the request spells its own keys; what `knows` knows is not among them."""
        self.names, self.context = spelled(self.request.context)
        return self.names

    def single(self, key: str) -> str | None:
        """The value of a key that has exactly one: only such keys may stand in variables (POLICY_EVALUATION 2.5)."""
        values = self.values(key.lower())
        return values[0] if len(values) == 1 else None


def checked(values: tuple[str, ...]) -> tuple[str, ...]:
    """The values of a key. Raises TypeError where they are anything but texts."""
    if isinstance(values, str) or not all(map(_is_text, values)):
        raise TypeError("the values of a condition key are a tuple of texts")
    return values


def _is_text(value: object) -> bool:
    return isinstance(value, str)


Context = Mapping[str, tuple[str, ...]]
_spelled: dict[tuple[str, ...], dict[str, str]] = {}  # names of keys → lower case → the names, where no two become one


def spelled(context: Context) -> tuple[Mapping[str, str], Context]:
    """The names of a request's keys, in lower case → as the context that stands beside them spells them: the request's own, or one
    in which the values of several spellings of one key are together (2.6)."""
    names = tuple(context)
    known = _spelled.get(names)
    if known is None:
        known = {name.lower(): name for name in names}
        if len(known) < len(names):
            together = _together(context)
            return {name: name for name in together}, together
        if len(_spelled) < NAMES_MAX and sum(map(len, names)) <= NAMES_CHARACTERS_MAX:
            _spelled[names] = known
    return known, context


def _together(context: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The keys of a request that spells some in several ways."""
    found: dict[str, tuple[str, ...]] = {}
    for key in sorted(context):
        found[key.lower()] = found.get(key.lower(), ()) + tuple(context[key])
    return found
