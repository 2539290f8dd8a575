"""An explanation as JSON: layers, statements with their lines and values, and the entries that brought them in."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from muniment.domain import arn
from muniment.domain.account.state import Account
from muniment.domain.policy.decision import Decision, Effect, Layer
from muniment.domain.policy.evaluate import PolicySet
from muniment.domain.policy.layers import Level, read_policies
from muniment.domain.policy.matching import Budget, BudgetSpent
from muniment.domain.policy.request import AccessRequest, Circumstances
from muniment.projections.access.decided import EXPLANATION_COMPARISONS_MAX, Decided, policies
from muniment.projections.access.known import context, issued
from muniment.projections.access.organizations import NONE
from muniment.projections.access.principals import holder_id
from muniment.projections.explain.closely import Looked, look
from muniment.projections.explain.organization_origins import node_name, organization_origins
from muniment.projections.explain.origins import Key, Origin, Want, Way, origins, trust_origin
from muniment.projections.past.origin import origins_of
from muniment.projections.past.past import Past
from muniment.projections.readmodel import Recorded

STATEMENTS_MAX: Final = 50  # of those that nearly applied
TEXT_CHARACTERS_MAX: Final = 4_096  # of one statement

Found = Mapping[int, Recorded | None]  # id of a want → its entry


def explained(decided: Decided, past: Past, owner: Account | None) -> dict[str, Any]:
    """Everything about a decision. `owner` is the account of the resource, as of the decision's moment."""
    decision, request = decided.decision, in_full(decided)
    bearing = policies(decided.frame, decided.question)
    looked = _look(bearing, request)
    shown = [one for one in looked if one.applies] + [one for one in looked if not one.applies][:STATEMENTS_MAX]
    known = _origins(decided, owner)
    held = [known.get((one.layer, one.source.type, one.source.id)) for one in shown]
    return {
        "Decision": bool(decided),
        "Effect": decided.effect.value,
        "DecidedBy": decided.layer.value,
        "Reason": decided.reason or f"allowed by {decided.layer.value}",
        "Position": decided.position,
        "Principal": {"Arn": request.principal.arn, "Id": holder_id(request.principal) or request.principal.account},
        "Action": request.action,
        "Resource": request.resource,
        "Context": {key: list(values) for key, values in sorted(request.context.items())},
        "Layers": _with_levels(layers(decision), decided, bearing, request),
        "Statements": [
            _statement(one, origin, entries)
            for one, origin, entries in zip(shown, held, _entries(past, held, decided.position), strict=True)
        ],
        "StatementsLeftOut": len(looked) - len(shown),
        "MissingKeys": list(decision.missing),
    }


def layers(decision: Decision) -> list[dict[str, Any]]:
    """What every layer says by itself; those that do not apply to the request are told too."""
    return [
        {
            "Layer": each.layer.value,
            "Applies": each.applies,
            **({"Effect": each.effect.value} if each.applies else {}),
            "Decides": each.layer is decision.layer,
        }
        for each in decision.layers
    ]


def _with_levels(
    told: list[dict[str, Any]], decided: Decided, bearing: PolicySet, request: AccessRequest
) -> list[dict[str, Any]]:
    """The layers, those of the organization with what each node on the way to the account says: all must allow."""
    organizations = decided.frame.organizations or NONE
    numbers = {Layer.SCP: request.principal.account, Layer.RCP: request.owner}
    for layer, levels in ((Layer.SCP, bearing.scps), (Layer.RCP, bearing.rcps)):
        organization = organizations.of(numbers[layer])
        (each,) = (one for one in told if one["Layer"] == layer.value)
        if not each["Applies"] or levels is None or organization is None:
            continue
        each["Levels"] = [
            {
                "Node": level.name,
                "Name": node_name(organization, level.name),
                "Effect": _effect(layer, level, bearing, request),
            }
            for level in levels
        ]
    return told


def _effect(layer: Layer, level: Level, bearing: PolicySet, request: AccessRequest) -> str:
    around = Circumstances(request, bounded=bearing.boundary is not None, budget=Budget(EXPLANATION_COMPARISONS_MAX))
    try:
        return read_policies(layer, level.policies, around).effect.value
    except BudgetSpent:
        return Effect.IMPLICIT_DENY.value  # the decision itself told that there was too much


def in_full(decided: Decided) -> AccessRequest:
    """The request as the evaluator saw it: with what the log knows."""
    request, frame = decided.frame.request, decided.frame
    return msgspec.structs.replace(
        request,
        principal=issued(request.principal, frame.account),
        context=context(request, frame.account, frame.organizations),
    )


def _look(bearing: PolicySet, request: AccessRequest) -> list[Looked]:
    around = Circumstances(request, bounded=bearing.boundary is not None, budget=Budget(EXPLANATION_COMPARISONS_MAX))
    try:
        return look(bearing, around)
    except BudgetSpent:
        return []  # too much to explain: the decision itself and its layers are told all the same


def _origins(decided: Decided, owner: Account | None) -> dict[Key, Origin]:
    frame = decided.frame
    found: dict[Key, Origin] = {}
    if isinstance(frame.account, Account):
        found |= origins(frame.account, holder_id(frame.request.principal))
    role = owner.roles.get(arn.name_of(frame.resource).lower()) if owner is not None else None
    if decided.question.trust is not None and owner is not None and role is not None:
        key, origin = trust_origin(owner, role)
        found[key] = origin
    organizations, request = frame.organizations or NONE, frame.request
    for layer, number in ((Layer.SCP, request.principal.account), (Layer.RCP, request.owner)):
        found |= organization_origins(organizations.of(number), number, layer)
    return found


def _entries(past: Past, held: Sequence[Origin | None], position: int) -> list[dict[int, Recorded | None]]:
    """For each origin the entries of its wants, found in one reading of the log."""
    wants = list({id(want): want for origin in held if origin for way in origin.ways for want in way.wants}.values())
    found = dict(zip(map(id, wants), origins_of(past, wants, position), strict=True)) if wants else {}
    return [found for _ in held]


def _statement(looked: Looked, origin: Origin | None, entries: Found) -> dict[str, Any]:
    statement = looked.statement
    told: dict[str, Any] = {
        "Layer": looked.layer.value,
        "Policy": looked.source.id,
        "PolicyType": looked.source.type.value,
        "PolicyArn": origin.arn if origin is not None else "",
        "Index": statement.index,
        "Sid": statement.sid,
        "Effect": statement.verdict.value,
        "Applies": looked.applies,
        "Differs": list(looked.differs),
        "Conditions": [_condition(one) for one in looked.compared],
        "Start": {"Line": statement.start.line, "Column": statement.start.column},
        "End": {"Line": statement.end.line, "Column": statement.end.column},
        "BroughtIn": [_way(way, entries) for way in origin.ways] if origin is not None else [],
    }
    if origin is not None:
        told["Text"] = origin.text[statement.start.offset : statement.end.offset][:TEXT_CHARACTERS_MAX]
    return told


def _condition(one: Any) -> dict[str, Any]:
    return {
        "Operator": one.operator,
        "Key": one.key,
        "PolicyValues": list(one.policy_values),
        "RequestValues": list(one.request_values),
        "Holds": one.holds,
    }


def _way(way: Way, entries: Found) -> dict[str, Any]:
    return {"Via": way.via, "Entries": [_entry(want, entries.get(id(want))) for want in way.wants]}


def _entry(want: Want, found: Recorded | None) -> dict[str, Any]:
    return {"What": want.what, **(entry_told(found) if found is not None else {})}


def entry_told(found: Recorded) -> dict[str, Any]:
    """Who recorded an entry, when, and by which command."""
    entry = found.entry
    return {
        "EntryId": entry.id,
        "Sequence": found.sequence,
        "Time": found.time,
        "Principal": entry.actor.arn,
        "PrincipalId": entry.actor.id,
        "Action": entry.command.name,
        "RequestId": entry.command.id,
        "Fact": type(entry.fact).__name__,
    }
