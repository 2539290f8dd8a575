"""Many patterns at once, with wildcards and variables: an automaton whose states are the bits of one integer, so that no pattern
can make it go back. POLICY_EVALUATION 2.5, 2.6; SECURITY rule 1.

A step moves all patterns over one character, in time linear in the states (Baeza-Yates and Gonnet, "A new approach to text
searching", 1992; extended by gaps that loop, and by slots that read a whole value at once).
"""

from collections.abc import Iterable, Sequence
from typing import Final

from muniment.domain.policy.matching import Budget, Chunk, Run

STATES_PER_COMPARISON: Final = 4_096  # states that one step moves in the time of some comparisons
SLOT_FIRST: Final = 0xF0000  # characters for private use stand for variables while patterns are laid out
SLOTS_MAX: Final = 0xFFFE
_COLON: Final = ":"


class Automaton:
    """Patterns side by side: bit i says that the first i characters of some pattern have been read."""

    __slots__ = ("_accepting", "_cost", "_loops", "_loops_colon", "_slots", "_starts", "_steps", "_steps_default")

    def __init__(self, patterns: Iterable[Sequence[Chunk]], slots: int = 0) -> None:
        """`slots` variables stand in the patterns as the characters from SLOT_FIRST on."""
        layout = _Layout()
        for chunks in patterns:
            layout.add(chunks)
        bits, literals = layout.size, layout.literals()
        self._starts = _mask(layout.starts, bits)
        self._accepting = _mask(layout.accepting, bits)
        free, fenced = _mask(layout.free_gaps, bits), _mask(layout.fenced_gaps, bits)
        self._slots = tuple(literals.pop(slot(number), 0) for number in range(slots))
        self._loops, self._loops_colon = free | fenced, free
        anything = _mask(layout.free_ones, bits)
        self._steps_default = anything | _mask(layout.fenced_ones, bits)
        self._steps = {
            character: at | (anything if character == _COLON else self._steps_default)
            for character, at in literals.items()
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

    def any_with(self, text: str, values: Sequence[str | None], budget: Budget) -> bool:
        """Whether some pattern is the whole text once the slots hold these values; None is a value that nothing equals.
        Raises BudgetSpent."""
        cost = self._cost
        budget.spend(len(text) * cost)
        empty = 0
        starts: dict[int, list[tuple[int, int]]] = {}
        for mask, value in zip(self._slots, values, strict=True):
            if value == "":
                empty |= mask
            elif value is not None:
                budget.spend(len(text))
                at = text.find(value)
                while at >= 0:
                    budget.spend(cost)
                    starts.setdefault(at, []).append((mask, at + len(value)))
                    at = text.find(value, at + 1)
        arrivals: dict[int, int] = {}
        states = _past(self._starts, empty)
        for at, character in enumerate(text):
            for mask, end in starts.get(at, ()):
                arrivals[end] = arrivals.get(end, 0) | ((states & mask) << 1)
            loop = self._loops_colon if character == _COLON else self._loops
            states = ((states & self._steps.get(character, self._steps_default)) << 1) | (states & loop)
            states = _past(states | arrivals.pop(at + 1, 0), empty)
            if not states and not arrivals:
                return False
        return bool(states & self._accepting)


def slot(number: int) -> str:
    """The character that stands for a variable in a pattern."""
    return chr(SLOT_FIRST + number)


def _past(states: int, empty: int) -> int:
    """The states, and those behind slots whose value is empty."""
    while (moved := (states & empty) << 1) & ~states:
        states |= moved
    return states


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
        self._texts: list[str] = []  # all patterns in a row, with _NO_LITERAL where there is none

    def add(self, chunks: Sequence[Chunk]) -> None:
        """Lay another pattern beside the others."""
        self.starts.append(self.size)
        for number, chunk in enumerate(chunks):
            for place, run in enumerate(chunk):
                if place:
                    self.fenced_gaps.append(self.size)
                elif number:
                    self.free_gaps.append(self.size)
                if run.width:
                    self._texts.append(self._text(run))
                    self.size += run.width
        self.accepting.append(self.size)
        self._texts.append(_NO_LITERAL)
        self.size += 1

    def _text(self, run: Run) -> str:
        """The characters of a run, and a note of those that may be any."""
        fragments = run.fragments
        if len(fragments) == 1 and len(fragments[0][1]) == run.width:
            return fragments[0][1]
        said, fenced = [_NO_LITERAL] * run.width, frozenset(run.fenced)
        filled = set(fenced)
        for offset, fragment in fragments:
            said[offset : offset + len(fragment)] = fragment
            filled.update(range(offset, offset + len(fragment)))
        self.fenced_ones.extend(self.size + offset for offset in run.fenced)
        self.free_ones.extend(self.size + offset for offset in range(run.width) if offset not in filled)
        return "".join(said)

    def literals(self) -> dict[str, int]:
        """Character → the bits at which it stands. Each takes one pass over the bytes that stand for the characters."""
        text = "".join(self._texts)
        alphabet = sorted(set(text))
        found: dict[str, int] = {}
        for first in range(0, len(alphabet), _CODES):
            some = alphabet[first : first + _CODES]
            codes = dict.fromkeys(map(ord, alphabet), 0) | {ord(one): code for code, one in enumerate(some, 1)}
            coded = text.translate(codes).encode("latin-1")[::-1]
            for code, character in enumerate(some, 1):
                found[character] = int(coded.translate(_ONES[code]), 2)
        if _NO_LITERAL in found:
            found[_NO_LITERAL] &= ~_mask((*self.accepting, *self.free_ones, *self.fenced_ones), self.size)
            if not found[_NO_LITERAL]:
                del found[_NO_LITERAL]
        return found


_NO_LITERAL: Final = "\0"
_CODES: Final = 255  # characters that one pass tells apart; 0 is all the others
_ONES: Final = tuple(bytes(49 if octet == code else 48 for octet in range(256)) for code in range(256))  # as digits


def _mask(places: Iterable[int], bits: int) -> int:
    """The integer with these bits set."""
    octets = bytearray(bits // 8 + 1)
    for place in places:
        octets[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(octets, "little")
