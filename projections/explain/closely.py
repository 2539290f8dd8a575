"""Reading statements closely: not only which apply to a request, but what the others that speak of its action differ in.

The answers are put together from the plain evaluator's own steps (domain/policy/layers.py, conditions.py), so that an
explanation cannot say anything else than the decision did.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from muniment.domain.policy.conditions import holds, policy_values
from muniment.domain.policy.decision import Layer
from muniment.domain.policy.evaluate import PolicySet, rcps_apply
from muniment.domain.policy.layers import Level, Source, action_applies, resource_applies
from muniment.domain.policy.operators import Comparison
from muniment.domain.policy.principals import Grant, grant_of
from muniment.domain.policy.request import AccessRequest, Circumstances
from muniment.domain.policy.statements import Condition, Statement, Verdict
from muniment.domain.policy.variables import Token, Wildcard

PRINCIPAL: Final = "principal"
RESOURCE: Final = "resource"
CONDITION: Final = "condition"
UNKNOWN: Final = "unknown element"


class Compared(msgspec.Struct, frozen=True):
    """One condition on this request: what the policy asks for, with its variables replaced, and what the request gave."""

    operator: str
    key: str
    policy_values: tuple[str, ...]
    request_values: tuple[str, ...]
    holds: bool


class Looked(msgspec.Struct, frozen=True):
    """A statement that speaks of the request's action. It applies where nothing `differs`."""

    layer: Layer
    source: Source
    statement: Statement
    differs: tuple[str, ...]
    compared: tuple[Compared, ...]

    @property
    def applies(self) -> bool:
        """Whether it counts in the decision."""
        return not self.differs


def look(policies: PolicySet, around: Circumstances) -> list[Looked]:
    """Every statement that speaks of the action, those that apply first, then those that differ in the fewest ways."""
    found = [
        looked
        for layer, sources in _layers(policies, around.request)
        for source in sources
        for statement in source.document.statements
        if (looked := _look(layer, source, statement, around)) is not None
    ]
    return sorted(found, key=lambda looked: (len(looked.differs), RESOURCE in looked.differs))


def _layers(policies: PolicySet, request: AccessRequest) -> Iterator[tuple[Layer, Iterable[Source]]]:
    if policies.rcps is not None and rcps_apply(request):
        yield Layer.RCP, _all_of(policies.rcps)
    if policies.scps is not None and not request.principal.service_linked:
        yield Layer.SCP, _all_of(policies.scps)
    if policies.resource is not None:
        yield Layer.RESOURCE, (policies.resource,)
    yield Layer.IDENTITY, policies.identity
    yield Layer.BOUNDARY, policies.boundary or ()
    yield Layer.SESSION, policies.session or ()
    yield Layer.ENDPOINT, policies.endpoint or ()


def _all_of(levels: Iterable[Level]) -> Iterable[Source]:
    """The policies of all levels, each once however often it is attached."""
    return {(source.type, source.id): source for level in levels for source in level.policies}.values()


def _look(layer: Layer, source: Source, statement: Statement, around: Circumstances) -> Looked | None:
    if not action_applies(statement, around):
        return None
    document = source.document
    differs = []
    if statement.unknown and statement.verdict is Verdict.ALLOW:
        differs.append(UNKNOWN)
    if document.kind.names_principals:
        grant = grant_of(statement, around.request.principal, bounded=around.bounded)
        if grant is Grant.NONE:
            differs.append(PRINCIPAL)
    if not resource_applies(statement, document.version, around):
        differs.append(RESOURCE)
    compared = tuple(_compared(condition, document.version, around) for condition in statement.conditions)
    if not all(one.holds for one in compared):
        differs.append(CONDITION)
    return Looked(layer, source, statement, tuple(differs), compared)


def _compared(condition: Condition, version: str, around: Circumstances) -> Compared:
    wanted = condition.values
    if condition.operator.comparison is not Comparison.NULL:
        wanted = tuple(map(_text, policy_values(condition, version, around)))
    return Compared(
        condition.operator.name,
        condition.key,
        wanted,
        around.values(condition.key),
        holds(condition, version, around),
    )


def _text(tokens: tuple[Token, ...]) -> str:
    return "".join(token.value if isinstance(token, Wildcard) else token for token in tokens)
