"""Resource and NotResource values made ready: two plain tests decide most of them, a search the rest. POLICY_EVALUATION 2.6."""

from collections.abc import Iterable, Sequence

from muniment.domain.policy.matching import chunks_of, match_chunks
from muniment.domain.policy.statements import Statement
from muniment.domain.policy.variables import Part, Token, Variable, Wildcard, resource_parts, substitute
from muniment.projections.access.conditions import Test
from muniment.projections.access.frame import Frame
from muniment.projections.access.globs import ALL_GLOBS, AUTOMATON_FROM, NO_GLOBS, Globs, globs
from muniment.projections.access.templates import joined, many, text_of

Coverage = tuple[Globs, Test | None, bool]  # two plain tests, a search beside them, and whether the globs say it all


def _sorted_resources(values: Iterable[str], version: str) -> tuple[Globs, list[tuple[Part, ...]]]:
    """Resource values without variables as globs, and those with."""
    plain: list[tuple[Token, ...]] = []
    varying: list[tuple[Part, ...]] = []
    for value in values:
        said = resource_parts(value, version)
        tokens = tuple(part for part in said if not isinstance(part, Variable))
        if len(tokens) == len(said):
            plain.append(tokens)
        else:
            varying.append(joined(said))
    return globs(plain, fence=True), varying


def coverage(statement: Statement, version: str) -> Coverage:
    """Where a statement applies."""
    if statement.not_resources is not None:
        found, varying = _sorted_resources(statement.not_resources, version)
        covered = _search(found, varying) or _nothing
        prefixes, exact = found.prefixes, found.exact

        def elsewhere(frame: Frame) -> bool:
            resource = frame.resource
            return not (resource.startswith(prefixes) or resource in exact or covered(frame))

        return NO_GLOBS, elsewhere, False
    if statement.resources is None:
        return ALL_GLOBS, None, True
    found, varying = _sorted_resources(statement.resources, version)
    return found, _search(found, varying), not varying


def _nothing(frame: Frame) -> bool:
    return False


def _search(found: Globs, varying: Sequence[tuple[Part, ...]]) -> Test | None:
    """The part of a coverage that two plain tests do not decide."""
    tests = [] if found.simple or found.everything else [searched(found)]
    if len(varying) >= AUTOMATON_FROM and (together := many(varying, fence=True)) is not None:
        tests.append(lambda frame: together(frame.resource, frame))
    elif not found.everything:
        tests += [_template(said) for said in varying]
    if len(tests) <= 1:
        return tests[0] if tests else None
    several = tuple(tests)
    return lambda frame: any(test(frame) for test in several)


def searched(found: Globs) -> Test:
    """The globs that take a search, as a test on the request's resource."""
    return lambda frame: found.searched(frame.resource, frame.budget)


def _template(said: tuple[Part, ...]) -> Test:
    """A value with variables: without wildcards, or with one at its end, it is one text once they are replaced."""
    head = said[0] if isinstance(said[0], str) else ""
    cost = len(said)
    open_ended = said[-1] is Wildcard.MANY
    body = said[:-1] if open_ended else said
    if any(isinstance(part, Wildcard) for part in body):

        def search(frame: Frame) -> bool:
            if not frame.resource.startswith(head):
                return False
            budget = frame.budget
            budget.spend(cost)
            tokens = substitute(said, frame.single)
            return tokens is not None and match_chunks(chunks_of(tokens, fence=True), frame.resource, budget)

        return search

    whole = text_of(body)

    def compare(frame: Frame) -> bool:
        resource = frame.resource
        if not resource.startswith(head):
            return False
        frame.budget.spend(cost)
        text = whole(frame)
        return text is not None and (resource.startswith(text) if open_ended else resource == text)

    return compare
