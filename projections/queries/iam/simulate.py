"""SimulateCustomPolicy and SimulatePrincipalPolicy: what policies would decide, told by the plain evaluator; nothing is done."""

import hashlib
from typing import Any, ClassVar, Final

import msgspec

from muniment.domain.account.state import Account, Group
from muniment.domain.arn import name_of
from muniment.domain.errors import InvalidInput, Refused, ValidationError
from muniment.domain.policy.decision import Alarm
from muniment.domain.policy.document import Kind
from muniment.domain.policy.evaluate import PolicySet, evaluate
from muniment.domain.policy.layers import Level, Source
from muniment.domain.policy.matching import Budget
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.resource import Resource
from muniment.projections.access import known
from muniment.projections.access.decided import EXPLANATION_COMPARISONS_MAX
from muniment.projections.access.documents import Documents
from muniment.projections.access.model import ROLE_ASSUMING
from muniment.projections.queries.iam import resources, simulate_inputs
from muniment.projections.queries.iam.query import PAGE_FIELDS, IAMListQuery
from muniment.projections.queries.iam.simulate_holdings import (
    BOUNDARY,
    Exclusions,
    PolicyIdentifier,
    boundary_of,
    entity,
    held,
)
from muniment.projections.queries.iam.simulate_inputs import ContextEntry, OrganizationLevel
from muniment.projections.queries.iam.simulate_results import evaluation_result
from muniment.projections.queries.pagination import BadCursor, Cursors, key_of
from muniment.projections.query import Asked, Views

NOBODY: Final = PrincipalKind.USER  # a caller of whom nothing is known is some user of the account


class PolicyEvaluation(Refused):
    """The policies need more comparisons than a simulation may make."""

    code = "PolicyEvaluation"
    status = 400  # a server's fault would be sent again, in vain


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What every request of a simulation has in common."""

    caller: Principal
    policies: PolicySet
    given: dict[str, tuple[str, ...]]
    owner: str = ""


class _SimulateQuery(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """A simulation: every action on every resource, in pages. A page ends early where it has cost as much as it may."""

    models: ClassVar[tuple[str, ...]] = ("access", "directory")

    action_names: tuple[str, ...]
    policy_input_list: tuple[str, ...] = ()
    permissions_boundary_policy_input_list: tuple[str, ...] = ()
    resource_arns: tuple[str, ...] = ()
    resource_policy: str = ""
    resource_owner: str = ""
    caller_arn: str = ""
    context_entries: tuple[ContextEntry, ...] = ()
    resource_handling_option: str = ""

    def stage(self, views: Views, asked: Asked) -> Stage:
        """Who asks, under which policies. Raises Refused."""
        raise TypeError(f"{type(self).__name__} sets no stage")

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        pairs = simulate_inputs.questions(self.action_names, self.resource_arns, self.resource_handling_option)
        stage = self.stage(views, asked)
        cursors = Cursors.about(views.cursor_key, asked.now, self.action(), asked.actor.account, self._digest())
        rows = ((key_of(number), (number, *pair)) for number, pair in enumerate(pairs))
        try:
            page = cursors.page(rows, self.marker, self.max_items)
        except BadCursor:
            raise ValidationError("Invalid Marker.") from None
        results: list[dict[str, Any]] = []
        budget, marker = Budget(EXPLANATION_COMPARISONS_MAX), page.marker
        for number, action, resource in page.items:
            result = self._result(views, stage, action, resource, budget)
            if result is None:
                if not results:
                    raise PolicyEvaluation("The policies need more comparisons than a simulation may make.")
                marker = cursors.marker(key_of(number - 1))
                break
            results.append(result)
        rest: dict[str, Any] = {"IsTruncated": False} if marker is None else {"IsTruncated": True, "Marker": marker}
        return {"EvaluationResults": results, **rest}

    def _digest(self) -> bytes:
        """What is asked, but for the page of the answer."""
        said = {name: value for name, value in msgspec.structs.asdict(self).items() if name not in PAGE_FIELDS}
        return hashlib.sha256(msgspec.msgpack.encode(said)).digest()

    def _result(self, views: Views, stage: Stage, action: str, on: str, budget: Budget) -> dict[str, Any] | None:
        """One result; None where the budget is spent."""
        policies = stage.policies
        budget.left -= _statements(policies)
        trusting = action.lower() in ROLE_ASSUMING and on != "*"
        if trusting and policies.resource is None:
            policies = msgspec.structs.replace(policies, resource=self.trust(views, stage, on))
        policies = msgspec.structs.replace(policies, resource_mandatory=trusting and policies.resource is not None)
        request = AccessRequest(action=action, resource=on, principal=stage.caller)
        if stage.owner and not _names_account(on):
            request = msgspec.structs.replace(request, resource_account=stage.owner)
        cross_account = policies.resource is not None and request.owner != stage.caller.account
        request = msgspec.structs.replace(request, context=self._context(views, stage, request))
        if cross_account:  # what other accounts' organizations say is theirs to know
            policies = msgspec.structs.replace(policies, rcps=None)
        else:  # without the resource's own policy, only what the caller's policies say is simulated
            request = msgspec.structs.replace(request, resource_account=stage.caller.account)
        decision = evaluate(request, policies, budget)
        if decision.alarm is Alarm.BUDGET:
            return None
        if decision.alarm is not None:
            raise PolicyEvaluation(decision.reason)
        return evaluation_result(action, on, decision, cross_account=cross_account)

    def trust(self, views: Views, stage: Stage, role_arn: str) -> Source | None:
        """The trust policy of the role that is to be assumed, where the simulation knows it."""
        return None

    @staticmethod
    def _context(views: Views, stage: Stage, request: AccessRequest) -> dict[str, tuple[str, ...]]:
        """The keys that were given, and those that follow from a caller who was named."""
        if not stage.caller.arn:
            return stage.given
        boundary = f"{Account.kind}.{stage.caller.account}"
        account = views.state(boundary)
        ours = known.context(request, account if isinstance(account, Account) else None, views.access.organizations)
        named = {key.lower() for key in stage.given}
        return {**{key: values for key, values in ours.items() if key.lower() not in named}, **stage.given}

    def caller(self, views: Views, asked: Asked, caller_arn: str) -> Principal:
        """The simulated caller; of other accounts' users and roles nothing but the name is known (SECURITY 16)."""
        if not caller_arn:
            if self.resource_policy:
                raise InvalidInput("Invalid Input CallerArn: it is needed where there is a ResourcePolicy")
            return Principal(kind=NOBODY, account=asked.actor.account)
        stranger = simulate_inputs.stranger(caller_arn)
        if stranger.account != asked.actor.account:
            return stranger
        found: Principal | None = views.access.principal(caller_arn)
        return stranger if found is None else found


class SimulateCustomPolicy(_SimulateQuery, frozen=True, kw_only=True, rename="pascal"):
    """What policies given as texts would decide. https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html"""

    ordered_organization_policy_input_list: tuple[OrganizationLevel, ...] = ()

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.ANY

    def stage(self, views: Views, asked: Asked) -> Stage:
        return Stage(
            caller=self.caller(views, asked, self.caller_arn),
            policies=PolicySet(
                identity=simulate_inputs.sources("PolicyInputList", self.policy_input_list, Kind.IDENTITY),
                boundary=simulate_inputs.boundary(self.permissions_boundary_policy_input_list),
                scps=simulate_inputs.levels(self.ordered_organization_policy_input_list),
                resource=simulate_inputs.resource_policy(self.resource_policy),
            ),
            given=simulate_inputs.context(self.context_entries),
            owner=simulate_inputs.owner(self.resource_owner),
        )


class SimulatePrincipalPolicy(_SimulateQuery, frozen=True, kw_only=True, rename="pascal"):
    """What the policies of a user, group or role would decide, and others beside them; for actions that assume a role of this
    account, its trust policy too. https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """

    policy_source_arn: str
    policy_exclusion_list: tuple[PolicyIdentifier, ...] = ()

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.entity_at(self.account(views, asked), self.policy_source_arn)

    def stage(self, views: Views, asked: Asked) -> Stage:
        account = self.account(views, asked)
        holder, left_out = entity(account, self.policy_source_arn), Exclusions(self.policy_exclusion_list)
        given = simulate_inputs.sources("PolicyInputList", self.policy_input_list, Kind.IDENTITY)
        boundary = simulate_inputs.boundary(self.permissions_boundary_policy_input_list)
        if boundary is None and not left_out.type(BOUNDARY):
            boundary = boundary_of(account, holder)
        own = tuple(policy.source for policy in held(account, holder) if not left_out.excludes(policy))
        named = self.caller_arn or ("" if isinstance(holder, Group) else self.policy_source_arn)
        caller = self.caller(views, asked, named)
        above: PolicySet = views.access.policies(caller)
        return Stage(
            caller=caller,
            policies=PolicySet(
                identity=(*own, *given),
                boundary=boundary,
                scps=None if left_out.type("scp") else above.scps,
                rcps=None if left_out.type("rcp") else above.rcps,
                resource=simulate_inputs.resource_policy(self.resource_policy),
            ),
            given=simulate_inputs.context(self.context_entries),
            owner=simulate_inputs.owner(self.resource_owner),
        )

    def trust(self, views: Views, stage: Stage, role_arn: str) -> Source | None:
        account = views.state(f"{Account.kind}.{stage.caller.account}")
        role = account.roles.get(name_of(role_arn).lower()) if isinstance(account, Account) else None
        if role is None or not isinstance(account, Account) or account.role_arn(role) != role_arn:
            return None
        return Source(Documents().read(role.trust, Kind.TRUST), role.name)


def _statements(policies: PolicySet) -> int:
    """How many statements are looked at for one request."""
    levels: tuple[Level, ...] = (*(policies.scps or ()), *(policies.rcps or ()))
    beside = () if policies.resource is None else (policies.resource,)
    every = (
        *policies.identity,
        *(policies.boundary or ()),
        *beside,
        *(each for level in levels for each in level.policies),
    )
    return sum(len(source.document.statements) for source in every)


def _names_account(resource: str) -> bool:
    segments = resource.split(":", 5)
    return len(segments) == 6 and segments[4].isdigit()
