"""What `Access.decide` answers: yes or no at once, and everything else about it when it is asked for."""

from typing import Final, Protocol

import msgspec

from muniment.domain.account.state import Account
from muniment.domain.policy.decision import Alarm, Decision, Effect, Layer
from muniment.domain.policy.evaluate import PolicySet, evaluate, resource_kind, undecided
from muniment.domain.policy.layers import Source
from muniment.domain.policy.matching import Budget
from muniment.domain.policy.request import AccessRequest
from muniment.domain.policy.wording import reason
from muniment.domain.quotas import COMPARISONS_PER_DECISION_MAX
from muniment.domain.session import Passed
from muniment.projections.access.documents import Documents
from muniment.projections.access.frame import Frame
from muniment.projections.access.holdings import holdings
from muniment.projections.access.known import context, issued
from muniment.projections.access.organizations import NONE
from muniment.projections.access.principals import holder_id

EXPLANATION_COMPARISONS_MAX: Final = 50 * COMPARISONS_PER_DECISION_MAX  # explaining looks at every statement


class Question(msgspec.Struct, gc=False):
    """What a decision was made from, beside its frame: whole states, so that it can be explained later."""

    documents: Documents
    session: tuple[Source, ...] | None = None
    mandatory: bool = False
    trust: Source | None = None


class Note(Protocol):
    """Whoever keeps a log of decisions is told of each one here; it must neither block nor fail.

    `origin` is the same object for the same call: one that is decided again, on a newer state, is still one call.
    """

    def __call__(
        self,
        source: str,
        request: AccessRequest,
        decided: "Decided",
        passed: Passed | None = None,
        origin: object = None,
        /,
    ) -> None: ...


def unheard(
    source: str,
    request: AccessRequest,
    decided: "Decided",
    passed: Passed | None = None,
    origin: object = None,
    /,
) -> None:
    """Nobody keeps a log."""


class Decided(msgspec.Struct, gc=False):
    """A decision, and the position of stream IAM it was made from at the least. True where the request is allowed."""

    effect: Effect
    layer: Layer
    position: int
    alarm: Alarm | None
    frame: Frame
    question: Question
    explained: Decision | None = None

    def __bool__(self) -> bool:
        return self.effect is Effect.ALLOWED

    @property
    def reason(self) -> str:
        """The text of AccessDenied; empty where the request is allowed."""
        if self.effect is Effect.ALLOWED:
            return ""
        if self.alarm is not None:
            return undecided(self.frame.request, self.alarm).reason
        return reason(self.frame.request, self.effect, self.layer, resource_kind(self.frame.request, self._guarding()))

    @property
    def decision(self) -> Decision:
        """Everything about it: what every layer says, the statements that matched, the keys that were missing."""
        if self.explained is None:
            self.explained = self.explain()
        return self.explained

    def explain(self) -> Decision:
        """The plain evaluator's answer on the same request and the same states."""
        if self.alarm is not None:
            return undecided(self.frame.request, self.alarm)
        found = plain(self.frame, self.question, Budget(EXPLANATION_COMPARISONS_MAX))
        if found.alarm is not None:  # too much to explain is not too much to decide
            return Decision(self.effect, self.layer, reason=self.reason)
        return found

    def _guarding(self) -> PolicySet:
        return PolicySet(resource=self.question.trust, resource_mandatory=self.question.mandatory)


def plain(frame: Frame, question: Question, budget: Budget | None = None) -> Decision:
    """The plain evaluator's answer on a frame's request, with everything that the log knows put in."""
    request, account = frame.request, frame.account
    full = msgspec.structs.replace(
        request, principal=issued(request.principal, account), context=context(request, account, frame.organizations)
    )
    return evaluate(full, policies(frame, question), budget)


def policies(frame: Frame, question: Question) -> PolicySet:
    """The policies that bear on a frame's request, as the plain evaluator takes them."""
    request, documents = frame.request, question.documents
    unique_id, account = holder_id(request.principal), frame.account
    organizations = frame.organizations or NONE
    known = holdings(account, unique_id, documents) if isinstance(account, Account) and unique_id else None
    return PolicySet(
        identity=() if known is None else known.identity,
        boundary=None if known is None else known.boundary,
        session=question.session,
        scps=organizations.scps(request.principal.account, documents),
        rcps=organizations.rcps(request.owner, documents),
        resource=question.trust,
        resource_mandatory=question.mandatory,
    )
