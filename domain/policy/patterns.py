"""What patterns have to do with each other: whether everything that one matches is matched by another, and whether nothing is
matched by both. Both answers are sound, not complete: True is certain, False means that it could not be shown.
POLICY_EVALUATION 2.5, 2.6.

A pattern is a row of symbols: characters, wildcards for one or many characters, which may stop at a colon, and variables.
"""

import enum
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeAlias

import msgspec

from muniment.domain.policy.variables import Part, Variable, Wildcard, parts, resource_parts

_FENCED_COLONS: Final = 5  # wildcards before the fifth colon of an ARN stop at colons (domain/policy/matching.py)


class Wild(enum.Enum):
    """A wildcard."""

    ONE = "?"
    ONE_IN_SEGMENT = "? within a segment"
    MANY = "*"
    MANY_IN_SEGMENT = "* within a segment"


Symbol: TypeAlias = str | Wild | Variable  # a text is one character
Pattern: TypeAlias = tuple[Symbol, ...]
_MANY: Final = (Wild.MANY, Wild.MANY_IN_SEGMENT)


@lru_cache(maxsize=4_096)
def action_pattern(text: str) -> Pattern:
    """An Action value: case does not matter, wildcards are free (their place is the name only, which the grammar sees to)."""
    return _symbols(parts(text.lower(), variables=False, wildcards=True), fenced=False)


@lru_cache(maxsize=4_096)
def resource_pattern(text: str, version: str) -> Pattern:
    """A Resource value. Raises MalformedVariable."""
    if text == "*":
        return (Wild.MANY,)
    return _symbols(resource_parts(text, version), fenced=True)


@lru_cache(maxsize=4_096)
def text_pattern(text: str, *, variables: bool, wildcards: bool) -> Pattern:
    """A condition value. Raises MalformedVariable."""
    return _symbols(parts(text, variables=variables, wildcards=wildcards), fenced=False)


def _symbols(said: Sequence[Part], *, fenced: bool) -> Pattern:
    """The symbols of a value. `fenced`: wildcards stop at colons until five have passed, but for a `*` that ends its segment."""
    found: list[Symbol] = []
    colons = 0 if fenced else _FENCED_COLONS
    for index, part in enumerate(said):
        if isinstance(part, str):
            found.extend(part)
            colons += part.count(":")
        elif part is Wildcard.ONE:
            found.append(Wild.ONE if colons >= _FENCED_COLONS else Wild.ONE_IN_SEGMENT)
        elif part is Wildcard.MANY:
            free = colons >= _FENCED_COLONS or _ends_segment(said, index)
            found.append(Wild.MANY if free else Wild.MANY_IN_SEGMENT)
        elif isinstance(part, Variable):
            found.append(Variable(part.key.lower(), part.default))
    return _without_repeats(found)


def _ends_segment(said: Sequence[Part], index: int) -> bool:
    """Whether the `*` at `index` is the last character of its segment."""
    for part in said[index + 1 :]:
        if part is not Wildcard.MANY:
            return isinstance(part, str) and part.startswith(":")
    return True


def _without_repeats(symbols: Sequence[Symbol]) -> Pattern:
    """`**` is one gap, free where either is."""
    found: list[Symbol] = []
    for symbol in symbols:
        if found and symbol in _MANY and found[-1] in _MANY:
            found[-1] = Wild.MANY if Wild.MANY in (symbol, found[-1]) else symbol
        else:
            found.append(symbol)
    return tuple(found)


def covers(wide: Pattern, narrow: Pattern) -> bool:
    """Whether whatever `narrow` matches is matched by `wide`: its symbols are read by `wide` as an automaton reads a text, whose
    states are the bits of a number. A wildcard for many is read only by a wildcard for many, so that its length does not matter."""
    if wide in ((Wild.MANY,), narrow):
        return True
    table = _table(wide)
    state = _closed(1, table.loops)
    for symbol in narrow:
        state = _closed(table.read(state, symbol), table.loops)
        if not state:
            return False
    return bool(state >> len(wide) & 1)


class _Table(msgspec.Struct, frozen=True):
    """A pattern as an automaton: which states move on at a symbol, and which stay."""

    moving: dict[Symbol, int]
    loops: int  # wildcards for many: they stay at whatever cannot be a colon
    free_loops: int  # those of them that stay at anything

    def read(self, state: int, symbol: Symbol) -> int:
        """The states after a symbol."""
        inside = symbol in (Wild.ONE_IN_SEGMENT, Wild.MANY_IN_SEGMENT) or (isinstance(symbol, str) and symbol != ":")
        staying = state & (self.loops if inside else self.free_loops)
        if symbol in _MANY:
            return staying
        moving = self.moving.get(symbol, 0)
        if not isinstance(symbol, Variable):
            moving |= self.moving.get(Wild.ONE, 0)
            if inside:
                moving |= self.moving.get(Wild.ONE_IN_SEGMENT, 0)
        return staying | (state & moving) << 1


@lru_cache(maxsize=1_024)
def _table(wide: Pattern) -> _Table:
    moving: dict[Symbol, int] = {}
    loops = free_loops = 0
    for index, symbol in enumerate(wide):
        if symbol in _MANY:
            loops |= 1 << index
            free_loops |= (symbol is Wild.MANY) << index
        else:
            moving[symbol] = moving.get(symbol, 0) | 1 << index
    return _Table(moving, loops, free_loops)


def _closed(state: int, skippable: int) -> int:
    """The states with those behind wildcards that stand for nothing. Two such never stand in a row."""
    return state | (state & skippable) << 1


def disjoint(one: Pattern, other: Pattern) -> bool:
    """Whether no text is matched by both: their fixed beginnings or ends differ, or one is a plain text that the other does not
    match."""
    for plain, pattern in ((one, other), (other, one)):
        if _is_plain(plain):
            return not covers(_loose(pattern), plain)
    return _differ(one, other) or _differ(one[::-1], other[::-1])


def _is_plain(pattern: Pattern) -> bool:
    return all(isinstance(symbol, str) for symbol in pattern)


def _loose(pattern: Pattern) -> Pattern:
    """The pattern with any text where a variable stands."""
    return _without_repeats([Wild.MANY if isinstance(symbol, Variable) else symbol for symbol in pattern])


def _differ(one: Pattern, other: Pattern) -> bool:
    """Whether both begin with characters, and those differ."""
    for left, right in zip(one, other, strict=False):
        if not isinstance(left, str) or not isinstance(right, str):
            return False
        if left != right:
            return True
    return False
