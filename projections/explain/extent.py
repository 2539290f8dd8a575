"""What a principal can do: candidates from what its policies say, each of them decided.

An action counts as the policies name it, or as one of those that this server knows where they use wildcards. A resource is a
pattern of theirs, decided as if it were one resource whose name is that pattern: what a statement says of `home/*` it says of
the text `home/*`.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import msgspec

from muniment.domain.policy.evaluate import PolicySet
from muniment.domain.policy.layers import Source
from muniment.domain.policy.matching import Budget, action_matches, resource_matches
from muniment.domain.policy.request import Circumstances, PrincipalKind
from muniment.domain.policy.statements import Statement, Verdict
from muniment.domain.policy.variables import Token, Wildcard, resource_parts, substitute
from muniment.projections.access.model import ROLE_ASSUMING

ASSUME: Final = "sts:AssumeRole"
EVERYTHING: Final = "*"
COMPARISONS_MAX: Final = 5_000_000  # while candidates are compared with each other


class Pattern(msgspec.Struct, frozen=True):
    """A resource as a policy names it, variables replaced: to be shown, and to be decided."""

    shown: str  # what came out of a variable cannot be a wildcard, so `*` in it is written ${*}
    witness: str
    tokens: tuple[Token, ...]

    def covers(self, other: "Pattern", budget: Budget) -> bool:
        """Whether everything that `other` names is named by this, by its text."""
        return resource_matches(self.tokens, other.witness, budget)


ALL: Final = Pattern(EVERYTHING, EVERYTHING, (Wildcard.MANY,))


class Extent:
    """The candidates for one principal, whose policies are `bearing`."""

    def __init__(
        self, bearing: PolicySet, around: Circumstances, known: Collection[str], roles: Collection[str] = ()
    ) -> None:
        self._around, self._known = around, known
        self._roles = [Pattern(role, role, (role,)) for role in roles]  # whom trust policies guard one by one
        self._budget = Budget(COMPARISONS_MAX)
        levels = bearing.scps or ()
        self._granting = tuple(_statements(bearing.identity, Verdict.ALLOW))
        self._limits = [bearing.boundary or (), bearing.session or (), *(level.policies for level in levels)]
        everything = [*bearing.identity, *(source for sources in self._limits for source in sources)]
        self._limiting = tuple(one for sources in self._limits for one in _statements(sources, Verdict.ALLOW))
        self._denying = tuple(_statements(everything, Verdict.DENY))
        self._is_root = around.request.principal.kind is PrincipalKind.ROOT

    def actions(self) -> list[str]:
        """The actions worth deciding about."""
        found: set[str] = set(self._known) if self._is_root else set()
        for statement, _ in self._granting:
            for pattern in statement.actions or ():
                meant = {one for one in self._known if action_matches(pattern, one, self._budget)}
                found |= meant or {pattern}
                if not {"*", "?"} & set(pattern):
                    found.add(pattern)
            if statement.not_actions is not None:
                found |= {
                    one
                    for one in self._known
                    if not any(action_matches(pattern, one, self._budget) for pattern in statement.not_actions)
                }
        found.add(ASSUME)  # a trust policy alone may allow it
        return sorted({action.lower(): action for action in sorted(found)}.values())

    def resources(self, action: str) -> list[Pattern]:
        """The resources worth deciding about for an action, the widest first."""
        if action.lower() in ROLE_ASSUMING:
            return self._roles
        if self._is_root:
            return [ALL]
        granted = self._named(self._granting, action)
        limits = self._named(self._limiting, action)
        found = {one.witness: one for one in [*granted, *limits, *self._spared(action)]}
        for one in granted:
            for other in limits:
                if (both := meet(one, other)) is not None:
                    found.setdefault(both.witness, both)
        return sorted(found.values(), key=lambda one: (len(one.witness), one.witness))

    def exceptions(self, action: str, resource: Pattern) -> list[str]:
        """The resources within `resource` that a Deny takes out, whether or not its conditions hold now."""
        found = {
            one.shown
            for statement, version in self._denying
            if _speaks_of(statement, action, self._budget)
            for one in self._patterns(statement.resources or (), version)
            if one.witness != resource.witness and resource.covers(one, self._budget)
        }
        for statement, version in self._granting:
            if statement.not_resources is not None and _speaks_of(statement, action, self._budget):
                spared = self._patterns(statement.not_resources, version)
                found |= {one.shown for one in spared if resource.covers(one, self._budget)}
        return sorted(found)

    def widest(self, allowed: Iterable[Pattern]) -> list[Pattern]:
        """The patterns that none of the others covers."""
        kept: list[Pattern] = []
        for one in allowed:
            if not any(other.covers(one, self._budget) for other in kept):
                kept = [other for other in kept if not one.covers(other, self._budget)]
                kept.append(one)
        return kept

    def _named(self, statements: Iterable[tuple[Statement, str]], action: str) -> list[Pattern]:
        found: list[Pattern] = []
        for statement, version in statements:
            if _speaks_of(statement, action, self._budget):
                if statement.not_resources is not None:
                    found.append(ALL)
                found += self._patterns(statement.resources or (), version)
        return found

    def _spared(self, action: str) -> list[Pattern]:
        """What a Deny of everything else leaves."""
        return [
            one
            for statement, version in self._denying
            if statement.not_resources is not None and _speaks_of(statement, action, self._budget)
            for one in self._patterns(statement.not_resources, version)
        ]

    def _patterns(self, values: Iterable[str], version: str) -> Iterator[Pattern]:
        for value in values:
            tokens = substitute(resource_parts(value, version), self._around.single)
            if tokens is not None:  # else it names nothing
                yield pattern_of(tokens)


def pattern_of(tokens: tuple[Token, ...]) -> Pattern:
    """The pattern that tokens make."""
    shown = "".join(
        token.value if isinstance(token, Wildcard) else token.replace("*", "${*}").replace("?", "${?}")
        for token in tokens
    )
    return Pattern(shown, "".join(one.value if isinstance(one, Wildcard) else one for one in tokens), tokens)


def meet(one: Pattern, other: Pattern) -> Pattern | None:
    """What both name, where each is a beginning and an end with one `*` between them; None where that cannot be told, or is
    nothing new."""
    ends = [_ends(one), _ends(other)]
    if ends[0] is None or ends[1] is None:
        return None
    (head, tail), (other_head, other_tail) = ends[0], ends[1]
    longer, shorter = sorted((head, other_head), key=len, reverse=True)
    last, first = sorted((tail, other_tail), key=len, reverse=True)
    if not longer.startswith(shorter) or not last.endswith(first):
        return None
    return pattern_of(tuple(part for part in (longer, Wildcard.MANY, last) if part))


def _ends(pattern: Pattern) -> tuple[str, str] | None:
    wild = [place for place, token in enumerate(pattern.tokens) if isinstance(token, Wildcard)]
    if len(wild) != 1 or pattern.tokens[wild[0]] is not Wildcard.MANY:
        return None
    before, after = pattern.tokens[: wild[0]], pattern.tokens[wild[0] + 1 :]
    return "".join(map(str, before)), "".join(map(str, after))


def _statements(sources: Iterable[Source], verdict: Verdict) -> Iterator[tuple[Statement, str]]:
    for source in sources:
        for statement in source.document.statements:
            if statement.verdict is verdict and not (statement.unknown and verdict is Verdict.ALLOW):
                yield statement, source.document.version


def _speaks_of(statement: Statement, action: str, budget: Budget) -> bool:
    if statement.not_actions is not None:
        return not any(action_matches(pattern, action, budget) for pattern in statement.not_actions)
    return any(action_matches(pattern, action, budget) for pattern in statement.actions or ())
