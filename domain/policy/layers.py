"""One layer of a decision: which of its statements apply to the request, and what they say together.
POLICY_EVALUATION 2.2, 2.6.
"""

from collections.abc import Iterable

import msgspec

from muniment.domain.policy.conditions import all_hold
from muniment.domain.policy.decision import Effect, Layer, MatchedStatement, SourceType
from muniment.domain.policy.matching import action_matches, resource_matches
from muniment.domain.policy.principals import Grant, grant_of
from muniment.domain.policy.request import Circumstances
from muniment.domain.policy.statements import PolicyDocument, Statement, Verdict
from muniment.domain.policy.variables import resource_parts, substitute, unresolved


class Source(msgspec.Struct, frozen=True):
    """A document and where it comes from, by the names that answers use."""

    document: PolicyDocument
    id: str = ""
    type: SourceType = SourceType.NONE


class Level(msgspec.Struct, frozen=True):
    """The organization's policies attached to one place on an account's path: the root, an OU, or the account."""

    name: str
    policies: tuple[Source, ...] = ()


class Said(msgspec.Struct, frozen=True):
    """What a layer's statements say. `allows` and `denies` are independent: a deny wins over everything, later."""

    allows: bool
    denies: bool
    grant: Grant = Grant.NONE
    matched: tuple[MatchedStatement, ...] = ()

    @property
    def effect(self) -> Effect:
        """The layer's own answer: explicit deny over allow over nothing (2.2)."""
        if self.denies:
            return Effect.EXPLICIT_DENY
        return Effect.ALLOWED if self.allows else Effect.IMPLICIT_DENY


def read_policies(layer: Layer, sources: Iterable[Source], around: Circumstances) -> Said:
    """The union of a layer's policies: one Allow allows, one Deny denies, in any order."""
    matched: list[MatchedStatement] = []
    grants = [Grant.NONE]
    for source in sources:
        for statement in source.document.statements:
            grant = applies(statement, source.document, around)
            if grant is not Grant.NONE:
                matched.append(_matched(layer, source, statement))
                if statement.verdict is Verdict.ALLOW:
                    grants.append(grant)
    denies = any(statement.verdict is Verdict.DENY for statement in matched)
    return Said(max(grants) is not Grant.NONE, denies, max(grants), tuple(matched))


def read_levels(layer: Layer, levels: Iterable[Level], around: Circumstances) -> Said:
    """Organization policies: union within a level, intersection across levels (2.2 steps 2 and 3)."""
    said = [read_policies(layer, level.policies, around) for level in levels]
    return Said(
        allows=all(one.allows for one in said),
        denies=any(one.denies for one in said),
        matched=tuple(statement for one in said for statement in one.matched),
    )


def applies(statement: Statement, document: PolicyDocument, around: Circumstances) -> Grant:
    """Whether a statement applies to the request: principal, action, resource and conditions all match.

    NONE is no; in a policy that names principals the rest says how they are named; elsewhere yes is DIRECT.
    """
    if statement.unknown and statement.verdict is Verdict.ALLOW:
        return Grant.NONE  # SECURITY rule 1
    grant = Grant.DIRECT
    if document.kind.names_principals:
        grant = grant_of(statement, around.request.principal, bounded=around.bounded)
    if grant is Grant.NONE or not action_applies(statement, around):
        return Grant.NONE
    if not resource_applies(statement, document.version, around):
        return Grant.NONE
    return grant if all_hold(statement.conditions, document.version, around) else Grant.NONE


def action_applies(statement: Statement, around: Circumstances) -> bool:
    """Action: one of the values matches. NotAction: none does (2.6)."""
    action = around.request.action
    if statement.not_actions is not None:
        return not any(action_matches(pattern, action, around.budget) for pattern in statement.not_actions)
    return any(action_matches(pattern, action, around.budget) for pattern in statement.actions or ())


def resource_applies(statement: Statement, version: str, around: Circumstances) -> bool:
    """Resource: one of the values matches. NotResource: none does. Neither: a trust policy, whose resource is its role (2.6)."""
    if statement.not_resources is not None:
        return not any(resource_covers(pattern, version, around) for pattern in statement.not_resources)
    if statement.resources is None:
        return True
    return any(resource_covers(pattern, version, around) for pattern in statement.resources)


def resource_covers(pattern: str, version: str, around: Circumstances) -> bool:
    """Whether one Resource value covers the request's resource. With an unresolved variable it covers nothing (2.5)."""
    if pattern == "*":
        return True
    said = resource_parts(pattern, version)
    tokens = substitute(said, around.single)
    if tokens is None:
        for key in unresolved(said, around.single):
            around.miss(key)
        return False
    return resource_matches(tokens, around.request.resource, around.budget)


def _matched(layer: Layer, source: Source, statement: Statement) -> MatchedStatement:
    return MatchedStatement(
        layer=layer,
        verdict=statement.verdict,
        policy_id=source.id,
        policy_type=source.type,
        sid=statement.sid,
        index=statement.index,
        start=statement.start,
        end=statement.end,
    )
