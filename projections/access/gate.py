"""The gate: every command and query is asked about here before it runs, and refused in AWS's words (POLICY_EVALUATION 2.8)."""

from collections.abc import Callable, Sequence
from typing import Final

from muniment.domain.caller import Caller
from muniment.domain.denied import Denied
from muniment.domain.errors import AccessDenied, InvalidClientTokenId
from muniment.domain.logged import GATE
from muniment.domain.policy.decision import Alarm, Effect, Layer
from muniment.domain.policy.request import AccessRequest
from muniment.domain.resource import Resource
from muniment.domain.session import Session, may_call
from muniment.projections.access.decided import Decided
from muniment.projections.access.model import Access
from muniment.projections.access.principals import principal_of
from muniment.projections.access.staleness import Staleness
from muniment.projections.readmodel import WAIT_SECONDS_DEFAULT

OnAlarm = Callable[[Alarm, AccessRequest], None]
NO_RESOURCE: Final = (Resource("*"),)


class AccessGate:
    """Asks `access`, from at least the position that the caller knows of and never from too old a state."""

    def __init__(
        self,
        access: Access,
        staleness: Staleness,
        wait_seconds: float = WAIT_SECONDS_DEFAULT,
        on_alarm: OnAlarm = lambda alarm, request: None,
    ) -> None:
        self._access = access
        self._on_alarm = on_alarm
        self._staleness = staleness
        self._wait_seconds = wait_seconds

    def check(self, caller: Caller, action: str, resources: Sequence[Resource], position: int) -> None:
        """Return where `action` is allowed on every resource, judged from at least `position` of stream IAM.

        Raises AccessDenied in AWS's words, ReadModelBehind where the position is not reached in time or the state is too
        old for such an action, ServiceUnavailable where nothing can be decided.
        """
        if caller.operator:
            return  # a command given on the host itself: whoever may do that may do everything
        self._access.wait(position, self._wait_seconds)
        self._staleness.check(action)
        session = caller.session
        if session is not None:
            check_session(session, action)
        principal = principal_of(caller.actor, session)
        policies = None if session is None else self._access.session_policies(session)
        for resource in resources or NO_RESOURCE:
            request = AccessRequest(
                action=action,
                resource=resource.arn,
                principal=principal,
                context={**caller.context, **resource.context} if resource.context else caller.context,
            )
            decided = self._access.decide(request, policies)
            self._access.note(GATE, request, decided, None if session is None else session.passed, caller.context)
            if decided.alarm is not None:  # denied although no policy says so: an operator must look (SECURITY 1)
                self._on_alarm(decided.alarm, request)
            if not decided and not (resource.granted and _is_merely_not_allowed(decided)):
                refused = AccessDenied(decided.reason)
                refused.denied = None if decided.alarm is not None else _denied(request, decided, session)
                raise refused

    def fresh(self, action: str) -> None:
        """Return where `action` may be decided now for somebody else. Raises ServiceUnavailable, ReadModelBehind."""
        self._staleness.check(action)


def check_session(session: Session, action: str) -> None:
    """Raises what AWS answers where credentials of this kind may never call such an action, whatever policies say."""
    if may_call(session, action):
        return
    if action.startswith("sts:"):
        raise AccessDenied(f"Cannot call {action.partition(':')[2]} with session credentials")
    raise InvalidClientTokenId("The security token included in the request is invalid")


def _denied(request: AccessRequest, decided: Decided, session: Session | None) -> Denied:
    """What was decided, for whoever may read it."""
    return Denied(
        request.action,
        request.resource,
        request.principal,
        dict(request.context),
        None if session is None else session.passed,
        decided.effect.value,
        decided.layer.value,
        decided.position,
    )


def _is_merely_not_allowed(decided: Decided) -> bool:
    """Whether nothing forbids it but that no identity policy allows it: then what the account grants is enough."""
    return decided.effect is Effect.IMPLICIT_DENY and decided.layer is Layer.IDENTITY and decided.alarm is None
