"""`muniment:Evaluate` and `muniment:Evaluations`: may these subjects do this? The questions behind `POST /access/v1/evaluation`
and `/evaluations` (INTERFACES, AuthZEN).
"""

from functools import partial
from typing import Any

import msgspec

from muniment.domain.resource import Resource
from muniment.projections.authzen import evaluating
from muniment.projections.authzen.asking import Asker
from muniment.projections.authzen.questions import (
    Deed,
    Entity,
    LooseBatch,
    Options,
    Question,
    complete_deed,
    complete_entity,
)
from muniment.projections.past.asking import AsOf, access_at
from muniment.projections.query import Asked, Query, Views


class AccessQuery(Query, frozen=True, kw_only=True, rename="pascal"):
    """A question of AuthZEN; asking it is permitted by the ARN of the subject."""

    service = "muniment"
    models = ("access",)

    subject: Entity | None = None
    action_asked: Deed | None = msgspec.field(name="Action", default=None)
    resource: Entity | None = None
    context: dict[str, Any] | None = None
    as_of: AsOf = None

    def asker(self, views: Views, asked: Asked) -> Asker:
        """Who understands it: about the caller's own account, now or as of the moment asked for."""
        return Asker(access_at(views, self.as_of, asked), asked.actor.account, asked.now)


class Evaluate(AccessQuery, frozen=True, kw_only=True, rename="pascal"):
    """Decide one request by the policies of the subject (AuthZEN Authorization API 1.0, evaluation).

    Without `Explain` the answer is quicker and names the effect and the deciding layer only.
    """

    explain: bool = True

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        subject = complete_entity(self.subject, "subject")
        complete_deed(self.action_asked)
        complete_entity(self.resource, "resource")
        return (Resource(self.asker(views, asked).asked_about(subject)),)

    def decides(self) -> tuple[str, ...]:
        return (complete_deed(self.action_asked).name or "",)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        question = Question(self.subject, self.action_asked, self.resource, self.context)
        outcome = evaluating.evaluate(self.asker(views, asked), question)
        found = evaluating.answer_of(outcome, self.explain)
        return {"Decision": found["decision"], "Context": found["context"]}


class Evaluations(AccessQuery, frozen=True, kw_only=True, rename="pascal"):
    """Decide up to 1000 requests, which may share subject, action, resource and context (AuthZEN, evaluations).

    `Options.evaluations_semantic` is `execute_all`, `deny_on_first_deny` or `permit_on_first_permit`. The permission is
    `muniment:Evaluate`.
    """

    evaluations: list[Any] | None = None
    options: Options | None = None

    @classmethod
    def action(cls) -> str:
        return Evaluate.action()

    def batch(self) -> LooseBatch:
        """As AuthZEN has it."""
        return LooseBatch(
            self.subject,
            self.action_asked,
            self.resource,
            self.context,
            self.options,
            evaluations=self.evaluations,
        )

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        subjects, _ = evaluating.asked_about(self.asker(views, asked), evaluating.evaluations(self.batch()))
        return tuple(map(Resource, subjects))

    def decides(self) -> tuple[str, ...]:
        questions = evaluating.evaluations(self.batch())
        names = (question.action for question in questions if isinstance(question, Question))
        return tuple(dict.fromkeys(deed.name for deed in names if deed is not None and deed.name is not None))

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        batch = self.batch()
        explain = self.options is not None and self.options.explain
        shown = partial(evaluating.answer_of, explain=True) if explain else evaluating.briefly
        outcomes = evaluating.evaluate_all(
            self.asker(views, asked), evaluating.evaluations(batch), evaluating.semantic_of(batch)
        )
        return {"Evaluations": [shown(outcome) for outcome in outcomes]}
