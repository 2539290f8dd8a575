"""What a principal may do, by all layers of its policies together, and whether another may do all of it.

The answers are sound: what is said to be covered is. SECURITY rule 4; POLICY_EVALUATION 2.2.
"""

from collections.abc import Iterator, Sequence

import msgspec

from muniment.domain.policy.checks.names import EVERYTHING, Names
from muniment.domain.policy.checks.new_access import is_allowed, is_kept, stays_denied
from muniment.domain.policy.checks.person import Person, concerning
from muniment.domain.policy.checks.result import Work
from muniment.domain.policy.checks.rules import Box, Rule, common, denied, rule_of, rules
from muniment.domain.policy.checks.who import EVERYONE
from muniment.domain.policy.patterns import Pattern, Wild
from muniment.domain.policy.statements import PolicyDocument
from muniment.domain.policy.variables import Variable

Layer = Sequence[PolicyDocument]


class Rights(msgspec.Struct, frozen=True):
    """Allows by layer, each of which must allow, and Denies of any of them."""

    allowing: tuple[tuple[Rule, ...], ...]
    denying: tuple[Rule, ...]

    def narrowed(self, box: Box, work: Work) -> tuple[Box, ...]:
        """What the layers behind the first leave of a box of the first. Raises TooComplex."""
        pieces: tuple[Box, ...] = (box,)
        for layer in self.allowing[1:]:
            found = (part for piece in pieces for rule in layer for part in common(piece, rule, work))
            pieces = tuple(dict.fromkeys(found))
        return pieces


class Cover(msgspec.Struct, frozen=True):
    """One's rights, to be held against another's."""

    allowing: tuple[tuple[Rule, ...], ...]
    forbidden: tuple[Rule, ...]  # Denies of the one that the other does not have as well
    denied: tuple[Rule, ...]  # what the other may not do anyway

    def covers(self, box: Box, work: Work) -> bool:
        """Whether the one may do all of the box, but for what the other may not do anyway. Raises TooComplex."""
        return all(is_allowed(box, layer, self.denied, work) for layer in self.allowing) and stays_denied(
            box, self.forbidden, self.denied, work
        )


def cover(one: Rights, other: Rights, work: Work) -> Cover:
    """The one's rights to be held against the other's. Raises TooComplex."""
    forbidden = tuple(rule for rule in one.denying if not is_kept(rule, other.denying, work))
    return Cover(one.allowing, forbidden, other.denying)


NOTHING = Rights(((),), ())
ALL = Box(EVERYTHING, EVERYTHING, EVERYONE)


def rights(layers: Sequence[Layer], person: Person | None = None) -> Rights:
    """What the layers say, of a person or, where none is given, as they are written. Raises MalformedVariable."""
    read = [tuple(_rules(layer, person)) for layer in layers]
    return Rights(
        tuple(tuple(rule for rule in layer if not rule.denies) for layer in read),
        tuple(rule for layer in read for rule in layer if rule.denies),
    )


def _rules(layer: Layer, person: Person | None) -> Iterator[Rule]:
    for document in layer:
        if person is None:
            yield from rules(document)
            continue
        for statement in document.statements:
            left = concerning(statement, document.version, person)
            if left is not None:
                yield rule_of(left, document.version)


def uncovered(rule: Rule, holder: Rights, covers: Sequence[Cover], work: Work) -> Box | None:
    """A box of a rule of the holder's that none of the covers is shown to cover; None where all are covered.
    Raises TooComplex."""
    for box in rule.boxes():
        if denied(box, holder.denying, work) or any(one.covers(box, work) for one in covers):
            continue
        for piece in holder.narrowed(box, work):
            if piece == box or not any(one.covers(piece, work) for one in covers):
                return piece
    return None


def told(names: Names) -> str:
    """A set of names as a policy writes it."""
    texts = ", ".join(dict.fromkeys(_told(pattern) for pattern in names.patterns))
    return f"anything but {texts}" if names.negated else texts


def _told(pattern: Pattern) -> str:
    return "".join(_symbol(symbol) for symbol in pattern)


def _symbol(symbol: "str | Wild | Variable") -> str:
    if isinstance(symbol, Wild):
        return symbol.value[0]
    return f"${{{symbol.key}}}" if isinstance(symbol, Variable) else symbol
