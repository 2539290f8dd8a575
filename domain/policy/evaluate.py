"""The plain evaluator: may this principal do this to that, under these policies? Each step is one function, named after the step of
POLICY_EVALUATION 2.2 or 2.3 that it carries out. IAM User Guide, "Policy evaluation logic".
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from muniment.domain.policy.decision import Alarm, Decision, Effect, Layer, LayerResult
from muniment.domain.policy.layers import Level, Said, Source, read_levels, read_policies
from muniment.domain.policy.matching import Budget, BudgetSpent
from muniment.domain.policy.principals import Grant
from muniment.domain.policy.rcp_services import RCP_SERVICES
from muniment.domain.policy.request import IN_AN_ACCOUNT, AccessRequest, Circumstances, PrincipalKind
from muniment.domain.policy.statements import Kind, Verdict
from muniment.domain.policy.wording import alarm_reason, reason

Outcome = tuple[Effect, Layer]
Heard = Mapping[Layer, Said]  # what every layer said that applies to the request

_NOTHING: Final = Said(allows=False, denies=False)
_EXPLICIT_DENY_ORDER: Final = (
    Layer.RCP,
    Layer.SCP,
    Layer.RESOURCE,
    Layer.IDENTITY,
    Layer.BOUNDARY,
    Layer.SESSION,
    Layer.ENDPOINT,
)
_WITH_POLICIES: Final = IN_AN_ACCOUNT - {PrincipalKind.ROOT}


class PolicySet(msgspec.Struct, frozen=True, kw_only=True):
    """Every policy that bears on a request.

    `identity` holds the requester's own and its groups' policies (of a role session the role's, of a federated-user session the
    creating user's). None means that there is no such layer, an empty tuple that there is one which allows nothing. `scps` are the
    levels over the requester's account, `rcps` those over the resource's; None for the management account and outside of
    organizations. `resource_mandatory`: a trust policy or key policy, without whose Allow nothing is allowed.
    """

    identity: tuple[Source, ...] = ()
    boundary: tuple[Source, ...] | None = None
    session: tuple[Source, ...] | None = None
    scps: tuple[Level, ...] | None = None
    rcps: tuple[Level, ...] | None = None
    resource: Source | None = None
    resource_mandatory: bool = False
    endpoint: tuple[Source, ...] | None = None


def evaluate(request: AccessRequest, policies: PolicySet, budget: Budget | None = None) -> Decision:
    """The decision. Total: it raises nothing; what cannot be decided is denied, with an alarm (SECURITY rule 1).

    An explanation may have a larger `budget` than a decision has.
    """
    try:
        return _decide(request, policies, budget)
    except BudgetSpent:
        return undecided(request, Alarm.BUDGET)
    except Exception:  # total by contract: an error must never open a door
        return undecided(request, Alarm.ERROR)


def _decide(request: AccessRequest, policies: PolicySet, budget: Budget | None) -> Decision:
    around = Circumstances(request, bounded=policies.boundary is not None, budget=budget)
    heard = _hear(policies, around)
    effect, layer = outcome(request, mandatory_applies(request, policies), heard)
    wanted = Verdict.ALLOW if effect is Effect.ALLOWED else Verdict.DENY
    statements = (statement for said in heard.values() for statement in said.matched)
    return Decision(
        effect=effect,
        layer=layer,
        layers=_results(request, heard),
        matched=tuple(statement for statement in statements if statement.verdict is wanted),
        missing=tuple(sorted(around.missing.values(), key=str.lower)),
        reason="" if effect is Effect.ALLOWED else reason(request, effect, layer, resource_kind(request, policies)),
    )


def resource_kind(request: AccessRequest, policies: PolicySet) -> Kind:
    """What a message should call the resource's policy, also where it is missing."""
    if policies.resource is not None:
        return policies.resource.document.kind
    return Kind.TRUST if policies.resource_mandatory and request.service == "sts" else Kind.RESOURCE


def undecided(request: AccessRequest, alarm: Alarm) -> Decision:
    """The answer where no decision could be made."""
    try:
        why = alarm_reason(request, alarm)
    except Exception:  # not even a request
        why = "error"
    return Decision(Effect.IMPLICIT_DENY, Layer.EVALUATION, reason=why, alarm=alarm)


def _hear(policies: PolicySet, around: Circumstances) -> dict[Layer, Said]:
    """Ask every layer that applies, also after one has settled the matter: all are reported (2.2)."""
    principal = around.request.principal
    heard: dict[Layer, Said] = {}
    if policies.rcps is not None and rcps_apply(around.request):
        heard[Layer.RCP] = read_levels(Layer.RCP, policies.rcps, around)
    if policies.scps is not None and principal.kind in IN_AN_ACCOUNT and not principal.service_linked:
        heard[Layer.SCP] = read_levels(Layer.SCP, policies.scps, around)
    if policies.resource is not None:
        heard[Layer.RESOURCE] = read_policies(Layer.RESOURCE, (policies.resource,), around)
    elif mandatory_applies(around.request, policies):
        heard[Layer.RESOURCE] = _NOTHING
    if principal.kind in _WITH_POLICIES:
        heard[Layer.IDENTITY] = read_policies(Layer.IDENTITY, policies.identity, around)
        if policies.boundary is not None:
            heard[Layer.BOUNDARY] = read_policies(Layer.BOUNDARY, policies.boundary, around)
    if principal.kind in IN_AN_ACCOUNT and policies.session is not None:
        heard[Layer.SESSION] = read_policies(Layer.SESSION, policies.session, around)
    elif principal.kind is PrincipalKind.FEDERATED_USER:
        heard[Layer.SESSION] = _NOTHING  # 2.2 step 9: without a session policy it may nothing
    if policies.endpoint is not None:
        heard[Layer.ENDPOINT] = read_policies(Layer.ENDPOINT, policies.endpoint, around)
    return heard


def rcps_apply(request: AccessRequest) -> bool:
    """RCPs govern the resources of certain services, and spare service-linked roles (2.2 step 2)."""
    return request.service in RCP_SERVICES and not request.principal.service_linked


def mandatory_applies(request: AccessRequest, policies: PolicySet) -> bool:
    """Whether the resource's own policy must allow; an action without a resource has none (2.2 step 6)."""
    return policies.resource_mandatory and request.resource != "*"


def outcome(request: AccessRequest, mandatory: bool, heard: Heard) -> Outcome:
    """The steps of 2.2 and 2.3 in order; the first that settles the matter decides. `mandatory`: the resource's own policy must
    allow."""
    if _asks_who_it_is(request):
        return Effect.ALLOWED, Layer.CALLER_IDENTITY
    denying = _explicit_deny(heard)
    if denying is not None:
        return Effect.EXPLICIT_DENY, denying
    if request.principal.kind not in IN_AN_ACCOUNT:
        return _without_account(heard)
    if request.owner == request.principal.account:
        return _same_account(request, mandatory, heard)
    return _cross_account(request, heard)


def _asks_who_it_is(request: AccessRequest) -> bool:
    """2.2 step 0: GetCallerIdentity is allowed to whoever is authenticated, whatever policies say."""
    return request.action.lower() == "sts:getcalleridentity" and request.principal.kind is not PrincipalKind.ANONYMOUS


def _explicit_deny(heard: Heard) -> Layer | None:
    """2.2 step 1: a Deny anywhere wins."""
    return next((layer for layer in _EXPLICIT_DENY_ORDER if layer in heard and heard[layer].denies), None)


def _not_allowing(heard: Heard, *layers: Layer) -> Layer | None:
    """The first of the layers that applies and does not allow."""
    return next((layer for layer in layers if layer in heard and not heard[layer].allows), None)


def _without_account(heard: Heard) -> Outcome:
    """Services, web identities and nobody have no policies of their own: resource policy and RCPs decide (2.3)."""
    refusing = _not_allowing(heard, Layer.RCP, Layer.ENDPOINT)
    if refusing is not None:
        return Effect.IMPLICIT_DENY, refusing
    allowed = heard.get(Layer.RESOURCE, _NOTHING).allows
    return Effect.ALLOWED if allowed else Effect.IMPLICIT_DENY, Layer.RESOURCE


def _same_account(request: AccessRequest, mandatory: bool, heard: Heard) -> Outcome:
    """2.2 steps 2 to 9."""
    refusing = _not_allowing(heard, Layer.RCP, Layer.SCP, Layer.ENDPOINT)
    if refusing is not None:
        return Effect.IMPLICIT_DENY, refusing
    grant = heard.get(Layer.RESOURCE, _NOTHING).grant
    if request.principal.kind is PrincipalKind.ROOT:
        return _root(request, mandatory, grant, heard)
    if mandatory and grant is Grant.NONE:
        return Effect.IMPLICIT_DENY, Layer.RESOURCE  # step 6
    if grant is Grant.DIRECT:
        return Effect.ALLOWED, Layer.RESOURCE  # step 5: implicit denies of the other layers are ignored
    granting = Layer.RESOURCE if grant is Grant.LIMITED else Layer.IDENTITY
    refusing = _not_allowing(heard, granting, Layer.BOUNDARY, Layer.SESSION)  # steps 7, 8, 9
    return (Effect.ALLOWED, granting) if refusing is None else (Effect.IMPLICIT_DENY, refusing)


def _root(request: AccessRequest, mandatory: bool, grant: Grant, heard: Heard) -> Outcome:
    """2.2 step 4: identity and boundary do not bind the root user; a mandatory resource policy does, and it assumes no role.
    A session policy exists only where root was assumed for a task (AssumeRoot), which it then limits."""
    if _assumes_a_role(request):
        return Effect.IMPLICIT_DENY, Layer.ROOT
    if mandatory and grant is Grant.NONE:
        return Effect.IMPLICIT_DENY, Layer.RESOURCE
    refusing = _not_allowing(heard, Layer.SESSION)
    return (Effect.ALLOWED, Layer.ROOT) if refusing is None else (Effect.IMPLICIT_DENY, refusing)


def _cross_account(request: AccessRequest, heard: Heard) -> Outcome:
    """2.3: the requester's account says yes and the resource's account says yes; implicit denies always bite."""
    if request.principal.kind is PrincipalKind.ROOT and _assumes_a_role(request):
        return Effect.IMPLICIT_DENY, Layer.ROOT
    own = (Layer.SCP, Layer.IDENTITY, Layer.BOUNDARY, Layer.SESSION, Layer.ENDPOINT)
    refusing = _not_allowing(heard, *own, Layer.RCP)
    if refusing is not None:
        return Effect.IMPLICIT_DENY, refusing
    allowed = heard.get(Layer.RESOURCE, _NOTHING).allows
    return Effect.ALLOWED if allowed else Effect.IMPLICIT_DENY, Layer.RESOURCE


def _assumes_a_role(request: AccessRequest) -> bool:
    return request.action.lower() == "sts:assumerole"


def _results(request: AccessRequest, heard: Heard) -> tuple[LayerResult, ...]:
    """What each layer says by itself, in the order of the algorithm."""
    results = []
    for layer in (
        Layer.RCP,
        Layer.SCP,
        Layer.ROOT,
        Layer.RESOURCE,
        Layer.IDENTITY,
        Layer.BOUNDARY,
        Layer.SESSION,
        Layer.ENDPOINT,
    ):
        said = heard.get(layer)
        if layer is Layer.ROOT and request.principal.kind is PrincipalKind.ROOT:
            said = Said(allows=not _assumes_a_role(request), denies=False)
        if said is None:
            results.append(LayerResult(layer, False, Effect.IMPLICIT_DENY))
        else:
            grant = said.grant if layer is Layer.RESOURCE else Grant.NONE
            results.append(LayerResult(layer, True, said.effect, grant))
    return tuple(results)
