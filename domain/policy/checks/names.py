"""Sets of actions and of resources, as statements give them: whatever matches one of some patterns, or whatever matches none.

Every answer is sound: True is certain, False means that it could not be shown.
"""

import msgspec

from muniment.domain.policy.checks.result import Work
from muniment.domain.policy.patterns import Pattern, Wild, covers, disjoint

EVERYTHING_PATTERN: Pattern = (Wild.MANY,)
COMPARISON_SYMBOLS = 8  # what a comparison costs beside the symbols it reads


class Names(msgspec.Struct, frozen=True):
    """Texts that match one of the patterns; `negated`: all others."""

    patterns: tuple[Pattern, ...]
    negated: bool = False

    def within(self, other: "Names", work: Work) -> bool:
        """Whether all of these are among the others."""
        if not self.negated and not other.negated:
            return all(covered(other.patterns, pattern, work) for pattern in self.patterns)
        if not self.negated:
            return self.apart(Names(other.patterns), work)
        if not other.negated:
            return EVERYTHING_PATTERN in other.patterns
        return all(covered(self.patterns, pattern, work) for pattern in other.patterns)

    def apart(self, other: "Names", work: Work) -> bool:
        """Whether none of these is among the others."""
        if self.negated and other.negated:
            return EVERYTHING_PATTERN in (*self.patterns, *other.patterns)
        if self.negated:
            return other.apart(self, work)
        if other.negated:
            return all(covered(other.patterns, pattern, work) for pattern in self.patterns)
        return all(_disjoint(one, two, work) for one in self.patterns for two in other.patterns)

    def parts(self) -> "tuple[Names, ...]":
        """These, pattern by pattern; what is negated stays whole."""
        if self.negated:
            return (self,)
        return tuple(Names((pattern,)) for pattern in dict.fromkeys(self.patterns))

    def common(self, other: "Names", work: Work) -> "tuple[Names, ...]":
        """Sets that together hold whatever is among both; they may hold more of one of the two, never of neither."""
        found = []
        for mine in self.parts():
            for theirs in other.parts():
                if not mine.apart(theirs, work):
                    narrower = theirs if theirs.within(mine, work) or (mine.negated and not theirs.negated) else mine
                    found.append(narrower)
        return tuple(dict.fromkeys(found))


EVERYTHING = Names((EVERYTHING_PATTERN,))


def covered(wide: tuple[Pattern, ...], narrow: Pattern, work: Work) -> bool:
    """Whether one of the patterns covers this one."""
    for pattern in wide:
        work.spend(COMPARISON_SYMBOLS + len(narrow))
        if covers(pattern, narrow):
            return True
    return False


def _disjoint(one: Pattern, other: Pattern, work: Work) -> bool:
    work.spend(COMPARISON_SYMBOLS + min(len(one), len(other)))
    return disjoint(one, other)
