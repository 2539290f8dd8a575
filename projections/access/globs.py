"""Many patterns against one text: literals by hash, prefixes by one `startswith`, the rest one by one or, where they are many,
all at once by an automaton. POLICY_EVALUATION 2.6; SECURITY rule 1.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import Final
from weakref import WeakValueDictionary

from muniment.domain.policy.matching import Budget, Chunk, chunks_of, match_chunks
from muniment.domain.policy.variables import Token, Wildcard
from muniment.projections.access.automaton import Automaton

AUTOMATON_FROM: Final = 16  # patterns: from here on the automaton is faster than one pattern after another


class Globs:
    """Patterns sorted by how they are matched. Values are never changed once made."""

    __slots__ = ("__weakref__", "_automaton", "_others", "_spans", "chunked", "exact", "prefixes")

    def __init__(
        self, exact: frozenset[str], prefixes: tuple[str, ...], chunked: tuple[tuple[Chunk, ...], ...] = ()
    ) -> None:
        self.exact = exact
        self.prefixes = prefixes  # of patterns that end in their only `*`; "" is everything
        self.chunked = chunked
        self._automaton: Automaton | None = None  # made when it is first needed
        few = chunked if len(chunked) < AUTOMATON_FROM else ()
        self._spans = tuple(span for chunks in few if (span := _span(chunks)) is not None)
        self._others = tuple((*_needed(chunks), chunks) for chunks in few if _span(chunks) is None)

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
        for head, tail, least in self._spans:
            if text.startswith(head) and text.endswith(tail) and len(text) >= least:
                return True
        for head, inside, chunks in self._others:
            if text.startswith(head) and inside in text:  # most patterns are about something else
                budget.spend(1)
                if match_chunks(chunks, text, budget):
                    return True
        return False


def _span(chunks: tuple[Chunk, ...]) -> tuple[str, str, int] | None:
    """The beginning, the end and the least length of what a pattern with one free `*` and nothing else covers."""
    if len(chunks) != 2 or any(len(chunk) != 1 for chunk in chunks):
        return None
    ends = [chunk[0] for chunk in chunks]
    texts = [run.fragments[0][1] if run.fragments else "" for run in ends]
    if any(len(text) != run.width for text, run in zip(texts, ends, strict=True)):
        return None
    return texts[0], texts[1], len(texts[0]) + len(texts[1])


def _needed(chunks: tuple[Chunk, ...]) -> tuple[str, str]:
    """What every text that a pattern matches begins with, and the longest other text in it: two quick looks before a search."""
    runs = [run.fragments for chunk in chunks for run in chunk]
    head = runs[0][0][1] if runs[0] and runs[0][0][0] == 0 else ""
    others = [text for fragments in runs for _, text in fragments][bool(head) :]
    return head, max(others, key=len, default="")


NOWHERE: Final[frozenset[str]] = frozenset()
NO_GLOBS: Final = Globs(NOWHERE, ())
ALL_GLOBS: Final = Globs(NOWHERE, ("",))
_made: Final[WeakValueDictionary[object, Globs]] = WeakValueDictionary()


def _shared(exact: Iterable[str], prefixes: Iterable[str], chunked: Iterable[tuple[Chunk, ...]]) -> Globs:
    """The same globs for everybody who has the same patterns: what many plans look at stays near the processor."""
    key = frozenset(map(sys.intern, exact)) or NOWHERE, tuple(map(sys.intern, prefixes)), tuple(chunked)
    return _made.get(key) or _made.setdefault(key, Globs(*key))


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
    return _shared(exact, prefixes, chunked)


def union(parts: Sequence[Globs]) -> Globs:
    """The globs that match what any of the parts matches."""
    if any(part.everything for part in parts):
        return ALL_GLOBS
    if len(parts) == 1:
        return parts[0]
    prefixes = dict.fromkeys(prefix for part in parts for prefix in part.prefixes)
    chunked = dict.fromkeys(chunks for part in parts for chunks in part.chunked)
    return _shared(NOWHERE.union(*(part.exact for part in parts)), prefixes, chunked)
