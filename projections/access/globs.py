"""Many patterns against one text: literals by hash, prefixes by one `startswith`, the rest one by one or, where they are many,
all at once by an automaton whose states are the bits of one integer. POLICY_EVALUATION 2.6; SECURITY rule 1.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from muniment.domain.policy.matching import Budget, Chunk, chunks_of, match_chunks
from muniment.domain.policy.variables import Token, Wildcard

AUTOMATON_FROM: Final = 16  # patterns: from here on the automaton is faster than one pattern after another
STATES_PER_COMPARISON: Final = 4_096  # states of the automaton that one step moves in the time of some comparisons
_COLON: Final = ":"


class Automaton:
    """Patterns side by side: bit i says that the first i characters of some pattern have been read.

    A step moves all of them over one character, in time linear in the states, so no pattern can make it go back
    (Baeza-Yates and Gonnet, "A new approach to text searching", 1992; extended by gaps that loop).
    """

    __slots__ = ("_accepting", "_cost", "_loops", "_loops_colon", "_starts", "_steps", "_steps_default")

    def __init__(self, patterns: Iterable[Sequence[Chunk]]) -> None:
        layout = _Layout()
        for chunks in patterns:
            layout.add(chunks)
        bits = layout.size
        self._starts = _mask(layout.starts, bits)
        self._accepting = _mask(layout.accepting, bits)
        free, fenced = _mask(layout.free_gaps, bits), _mask(layout.fenced_gaps, bits)
        self._loops, self._loops_colon = free | fenced, free
        anything = _mask(layout.free_ones, bits)
        self._steps_default = anything | _mask(layout.fenced_ones, bits)
        self._steps = {
            character: _mask(at, bits) | (anything if character == _COLON else self._steps_default)
            for character, at in layout.literals.items()
        }
        self._steps.setdefault(_COLON, anything)
        self._cost = 1 + bits // STATES_PER_COMPARISON

    def any(self, text: str, budget: Budget) -> bool:
        """Whether some pattern is the whole text. Raises BudgetSpent."""
        budget.spend(len(text) * self._cost)
        steps, default, loops = self._steps, self._steps_default, self._loops
        states = self._starts
        for character in text:
            loop = self._loops_colon if character == _COLON else loops
            states = ((states & steps.get(character, default)) << 1) | (states & loop)
            if not states:
                return False
        return bool(states & self._accepting)


class _Layout:
    """Which bits mean what, while patterns are laid side by side."""

    def __init__(self) -> None:
        self.size = 0
        self.starts: list[int] = []
        self.accepting: list[int] = []
        self.free_gaps: list[int] = []
        self.fenced_gaps: list[int] = []
        self.free_ones: list[int] = []
        self.fenced_ones: list[int] = []
        self.literals: dict[str, list[int]] = {}

    def add(self, chunks: Sequence[Chunk]) -> None:
        at = self.size
        self.starts.append(at)
        for number, chunk in enumerate(chunks):
            for place, run in enumerate(chunk):
                if place:
                    self.fenced_gaps.append(at)
                elif number:
                    self.free_gaps.append(at)
                filled: set[int] = set(run.fenced)
                self.fenced_ones.extend(at + offset for offset in run.fenced)
                for offset, fragment in run.fragments:
                    filled.update(range(offset, offset + len(fragment)))
                    for index, character in enumerate(fragment):
                        self.literals.setdefault(character, []).append(at + offset + index)
                self.free_ones.extend(at + offset for offset in range(run.width) if offset not in filled)
                at += run.width
        self.accepting.append(at)
        self.size = at + 1


def _mask(places: Iterable[int], bits: int) -> int:
    """The integer with these bits set."""
    octets = bytearray(bits // 8 + 1)
    for place in places:
        octets[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(octets, "little")


class Globs:
    """Patterns sorted by how they are matched. Values are never changed once made."""

    __slots__ = ("_automaton", "chunked", "exact", "prefixes")

    def __init__(
        self, exact: frozenset[str], prefixes: tuple[str, ...], chunked: tuple[tuple[Chunk, ...], ...] = ()
    ) -> None:
        self.exact = exact
        self.prefixes = prefixes  # of patterns that end in their only `*`; "" is everything
        self.chunked = chunked
        self._automaton: Automaton | None = None  # made when it is first needed

    @property
    def everything(self) -> bool:
        """Whether every text matches."""
        return "" in self.prefixes

    @property
    def simple(self) -> bool:
        """Whether two tests without a search decide."""
        return not self.chunked

    def any(self, text: str, budget: Budget) -> bool:
        """Whether some pattern matches the text. Raises BudgetSpent."""
        return text.startswith(self.prefixes) or text in self.exact or self.searched(text, budget)

    def searched(self, text: str, budget: Budget) -> bool:
        """Whether some of the patterns matches that take a search."""
        if len(self.chunked) >= AUTOMATON_FROM:
            if self._automaton is None:
                self._automaton = Automaton(self.chunked)
            return self._automaton.any(text, budget)
        for chunks in self.chunked:
            budget.spend(1)
            if match_chunks(chunks, text, budget):
                return True
        return False


NO_GLOBS: Final = Globs(frozenset(), ())
ALL_GLOBS: Final = Globs(frozenset(), ("",))


def globs(patterns: Iterable[Sequence[Token]], *, fence: bool) -> Globs:
    """The patterns sorted; `fence` says whether they are ARNs whose first five segments hold gaps back (2.6)."""
    exact: set[str] = set()
    prefixes: dict[str, None] = {}
    chunked: dict[tuple[Chunk, ...], None] = {}
    for tokens in patterns:
        *head, last = tokens or [""]
        if not any(isinstance(token, Wildcard) for token in tokens):
            exact.add("".join(str(token) for token in tokens))
        elif last is Wildcard.MANY and not any(isinstance(token, Wildcard) for token in head):
            prefixes["".join(str(token) for token in head)] = None
        else:
            chunked[tuple(chunks_of(tokens, fence=fence))] = None
    if "" in prefixes:
        return ALL_GLOBS
    return Globs(frozenset(exact), tuple(prefixes), tuple(chunked))


def union(parts: Sequence[Globs]) -> Globs:
    """The globs that match what any of the parts matches."""
    if any(part.everything for part in parts):
        return ALL_GLOBS
    if len(parts) == 1:
        return parts[0]
    prefixes = dict.fromkeys(prefix for part in parts for prefix in part.prefixes)
    chunked = dict.fromkeys(chunks for part in parts for chunks in part.chunked)
    return Globs(frozenset().union(*(part.exact for part in parts)), tuple(prefixes), tuple(chunked))
