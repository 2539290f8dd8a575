"""The compiled engine: the same answers as the plain evaluator, from plans. POLICY_EVALUATION 2.2, 2.3; DESIGN §5."""

from collections.abc import Iterable
from typing import Final

import msgspec

from muniment.domain.policy.decision import Alarm, Effect, Layer
from muniment.domain.policy.evaluate import Outcome, outcome, rcps_apply
from muniment.domain.policy.layers import Said
from muniment.domain.policy.matching import BudgetSpent
from muniment.domain.policy.principals import Grant
from muniment.domain.policy.request import IN_AN_ACCOUNT, PrincipalKind
from muniment.projections.access.frame import Frame
from muniment.projections.access.limits import Limits
from muniment.projections.access.plans import APART, Bundle, Documents, Plan, Plans, allows, denies
from muniment.projections.access.rules import Ready, Rules, Run, first

USER_OR_ROLE: Final = frozenset({PrincipalKind.USER, PrincipalKind.ROLE_SESSION, PrincipalKind.APPLICATION})
WITH_POLICIES: Final = IN_AN_ACCOUNT - {PrincipalKind.ROOT}
NOTHING: Final = Said(allows=False, denies=False)
Answer = tuple[Effect, Layer, Alarm | None]  # what decided, and the alarm where no decision could be made
ALLOWED: Final[Answer] = (Effect.ALLOWED, Layer.IDENTITY, None)
NO_SCP: Final[Answer] = (Effect.IMPLICIT_DENY, Layer.SCP, None)
NO_IDENTITY: Final[Answer] = (Effect.IMPLICIT_DENY, Layer.IDENTITY, None)
NO_BOUNDARY: Final[Answer] = (Effect.IMPLICIT_DENY, Layer.BOUNDARY, None)
NO_RESOURCE: Final[Answer] = (Effect.IMPLICIT_DENY, Layer.RESOURCE, None)
TOO_MUCH: Final[Answer] = (Effect.IMPLICIT_DENY, Layer.EVALUATION, Alarm.BUDGET)
FAILED: Final[Answer] = (Effect.IMPLICIT_DENY, Layer.EVALUATION, Alarm.ERROR)
DENIED: Final[dict[Layer, Answer]] = {layer: (Effect.EXPLICIT_DENY, layer, None) for layer in Layer}


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """The policies that bear on a request beside its requester's own; see `evaluate.PolicySet`."""

    session: Documents | None = None
    limits: Limits | None = None
    rcps: tuple[Documents, ...] | None = None
    resource: Ready | None = None
    mandatory: bool = False
    endpoint: Documents | None = None


ALONE: Final = Beside()


def decide(frame: Frame, found: Plan | Bundle, plans: Plans, beside: Beside = ALONE) -> Answer:
    """The effect, the deciding layer, and the alarm where no decision could be made. Total, as the plain evaluator is.

    `found` is the plan for the request's action, or the bundle to make it from.
    """
    try:
        request = frame.request
        plan = found if isinstance(found, Plan) else plans.plan(found, request.action)
        principal = request.principal
        if beside is ALONE and not plan.apart and principal.kind in USER_OR_ROLE and not principal.service_linked:
            return alone(frame, plan)
        frame.bounded = plan.boundary is not None
        effect, layer = _all_policies(frame, plan, beside)
    except BudgetSpent:
        return TOO_MUCH
    except Exception:  # total by contract: an error must never open a door
        return FAILED
    else:
        return effect, layer, None


def alone(frame: Frame, plan: Plan) -> Answer:
    """A user, a role session or a subject asks for what no other policies guard: denies first, then each layer's allows. Total.

    The first row is looked at here, and not by `first`: a call costs as much as a row.
    """
    try:
        resource = frame.resource
        if plan.denies and (denied := first(plan.denies, resource, frame)) >= 0:
            return DENIED[plan.layers[denied]]
        if (
            resource.startswith(plan.prefixes)
            or ((exact := plan.exact) is not None and resource in exact)
            or ((search := plan.search) is not None and search(frame))
        ):
            for test in plan.tests:
                if not test(frame):
                    allowed = False
                    break
            else:
                allowed = True
        else:
            allowed = False
        if not allowed and (not plan.rest or first(plan.rest, resource, frame) < 0):
            return NO_IDENTITY
        if plan.boundary is not None and first(plan.boundary, resource, frame) < 0:
            return NO_BOUNDARY
        request, segments = frame.request, resource.split(":", 5)
        account = request.principal.account
        if not request.resource_account and (len(segments) < 6 or segments[4] in ("", account)):
            return ALLOWED  # nobody else's, as most resources are
        return ALLOWED if frame.owner() == account else NO_RESOURCE
    except BudgetSpent:
        return TOO_MUCH
    except Exception:  # total by contract: an error must never open a door
        return FAILED


def at_first(frame: Frame, bundle: Bundle) -> Answer | None:
    """The same for an action that was not asked about before, from the documents as they are: a plan, which costs as much as
    several decisions, is for those that are asked about again. None where only a plan will do."""
    action, resource = frame.request.action.lower(), frame.resource
    if action.startswith(APART):
        return None
    try:
        allowing: list[Rules] = []
        limits: list[Rules] = []
        denied = _look(bundle.identity, action, frame, allowing)
        if denied is not False:
            return DENIED[Layer.IDENTITY] if denied else None
        if bundle.boundary is not None:
            denied = _look(bundle.boundary, action, frame, limits)
            if denied is not False:
                return DENIED[Layer.BOUNDARY] if denied else None
        if not _some(allowing, resource, frame):
            return NO_IDENTITY
        if bundle.boundary is not None and not _some(limits, resource, frame):
            return NO_BOUNDARY
        return ALLOWED if frame.owner() == frame.request.principal.account else NO_RESOURCE
    except Exception:  # whatever it is, the plan will tell
        return None


def _look(documents: Iterable[Ready], action: str, frame: Frame, allowing: list[Rules]) -> bool | None:
    """Whether a rule of some documents denies, None where only a plan will tell; and collect those that may allow."""
    for one in documents:
        found = one.known.get(action) or one.candidates(action)
        if not found.short:
            return None
        if found.denies is not None and _applies(found.denies, frame.resource, frame):
            return True
        if found.allows is not None:
            allowing.append(found.allows)
    return False


def _some(several: list[Rules], resource: str, frame: Frame) -> bool:
    """Whether a rule of some documents applies."""
    for rules in several:  # noqa: SIM110 - a generator costs as much as a rule
        if _applies(rules, resource, frame):
            return True
    return False


def _applies(rules: Rules, resource: str, frame: Frame) -> bool:
    """Whether one of a document's rules applies."""
    if rules.first and first(rules.first, resource, frame) >= 0:
        return True
    return bool(rules.others) and first(rules.others, resource, frame) >= 0


def within(limits: Limits, frame: Frame, answer: Answer) -> Answer:
    """What becomes of an answer under an organization's limits: a deny wins, theirs first, and each level must allow. Total."""
    try:
        denying, levels = limits.of(frame.request.action)
        resource = frame.resource
        if answer[2] is not None:
            return answer
        if denying and first(denying, resource, frame) >= 0:
            return DENIED[Layer.SCP]
        if answer[0] is not Effect.EXPLICIT_DENY:
            for level in levels:
                if first(level, resource, frame) < 0:
                    return NO_SCP
    except BudgetSpent:
        return TOO_MUCH
    except Exception:  # total by contract: an error must never open a door
        return FAILED
    else:
        return answer


def _all_policies(frame: Frame, plan: Plan, beside: Beside) -> Outcome:
    """Ask every layer that applies, and decide as the plain evaluator does."""
    request = frame.request
    principal, action = request.principal, request.action.lower()
    mandatory = beside.mandatory and request.resource != "*"
    heard: dict[Layer, Said] = {}
    if beside.rcps is not None and rcps_apply(request):
        heard[Layer.RCP] = _levels(beside.rcps, action, frame)
    if beside.limits is not None and principal.kind in IN_AN_ACCOUNT and not principal.service_linked:
        heard[Layer.SCP] = beside.limits.said(frame)
    if beside.resource is not None:
        heard[Layer.RESOURCE] = _resource(beside.resource, action, frame)
    elif mandatory:
        heard[Layer.RESOURCE] = NOTHING
    if principal.kind in WITH_POLICIES:
        heard[Layer.IDENTITY] = _said(plan.identity, plan.identity_denies, frame)
        if plan.boundary is not None:
            heard[Layer.BOUNDARY] = _said(plan.boundary, plan.boundary_denies, frame)
    if principal.kind in IN_AN_ACCOUNT and beside.session is not None:
        heard[Layer.SESSION] = _union(beside.session, action, frame)
    elif principal.kind is PrincipalKind.FEDERATED_USER:
        heard[Layer.SESSION] = NOTHING  # 2.2 step 9: without a session policy it may nothing
    if beside.endpoint is not None:
        heard[Layer.ENDPOINT] = _union(beside.endpoint, action, frame)
    return outcome(request, mandatory, heard)


def _said(allowing: tuple[Run, ...], denying: tuple[Run, ...], frame: Frame) -> Said:
    return Said(first(allowing, frame.resource, frame) >= 0, first(denying, frame.resource, frame) >= 0)


def _union(documents: Documents, action: str, frame: Frame) -> Said:
    """One Allow allows, one Deny denies."""
    found = [one.candidates(action) for one in documents]
    return _said(allows(found), denies(found), frame)


def _levels(levels: tuple[Documents, ...], action: str, frame: Frame) -> Said:
    """Union within a level, intersection across levels."""
    said = [_union(level, action, frame) for level in levels]
    return Said(all(one.allows for one in said), any(one.denies for one in said))


def _resource(document: Ready, action: str, frame: Frame) -> Said:
    """A resource's policy: the strongest grant among the Allows that apply (2.2 step 5)."""
    found = document.candidates(action)
    grant = Grant.NONE
    for rule in found.allowing:
        named = Grant.DIRECT if rule.naming is None else rule.naming(frame)
        if named > grant and first((rule.bare,), frame.resource, frame) >= 0:
            grant = named
    return Said(grant is not Grant.NONE, first(denies([found]), frame.resource, frame) >= 0, grant)
