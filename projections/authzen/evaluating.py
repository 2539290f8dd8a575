"""Evaluations: one, or many with defaults and one of three semantics. AuthZEN Authorization API 1.0, sections 6 and 7."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from muniment.domain.errors import Refused, ValidationError
from muniment.domain.logged import EVALUATION
from muniment.domain.policy.decision import Effect
from muniment.projections.access.decided import Decided
from muniment.projections.authzen.asking import Asker
from muniment.projections.authzen.questions import (
    EVALUATIONS_MAX,
    Batch,
    LooseBatch,
    Question,
    deed_with_default,
    with_default,
)

EXECUTE_ALL: Final = "execute_all"
DENY_ON_FIRST_DENY: Final = "deny_on_first_deny"
PERMIT_ON_FIRST_PERMIT: Final = "permit_on_first_permit"
SEMANTICS: Final = frozenset({EXECUTE_ALL, DENY_ON_FIRST_DENY, PERMIT_ON_FIRST_PERMIT})
ONE_MOMENT: Final = "`as_of` and `min_revision` are for the whole batch: it is answered from one moment"
NOBODY: Final = "the subject does not exist"

Outcome = Decided | Refused | None  # None: there is no such subject
Asked = Question | Refused  # Refused: this evaluation cannot be read


def evaluate(asker: Asker, question: Question) -> Decided | None:
    """One decision; None where there is no such subject. Raises ValidationError."""
    request = asker.request(question)
    if request is None:
        return None
    decided, passed = asker.decide(request, question)
    asker.access.note(EVALUATION, request, decided, passed)
    return decided


def evaluations(batch: Batch | LooseBatch) -> list[Asked]:
    """The evaluations of a batch, each with the defaults it leaves open. Raises ValidationError for too many."""
    given = batch.evaluations or ()
    if len(given) > EVALUATIONS_MAX:
        raise ValidationError(f"`evaluations` holds more than {EVALUATIONS_MAX}")
    subject, action, resource, context = batch.subject, batch.action, batch.resource, batch.context
    found: list[Asked] = []
    for each in given:
        try:
            own = each if isinstance(each, Question) else _read(each)
            if own.as_of is not None or own.min_revision is not None:
                raise ValidationError(ONE_MOMENT)
        except ValidationError as refused:
            found.append(refused)
            continue
        found.append(
            Question(
                with_default(own.subject, subject),
                deed_with_default(own.action, action),
                with_default(own.resource, resource),
                context if own.context is None else own.context,
            )
        )
    return found


def semantic_of(batch: Batch | LooseBatch) -> str:
    """How the batch is to be executed. Raises ValidationError for a semantic that nobody knows."""
    options = batch.options
    semantic = EXECUTE_ALL if options is None or options.evaluations_semantic is None else options.evaluations_semantic
    if semantic not in SEMANTICS:
        raise ValidationError(f"`evaluations_semantic` is one of {', '.join(sorted(SEMANTICS))}")
    return semantic


def asked_about(asker: Asker, questions: Iterable[Asked]) -> tuple[list[str], list[str]]:
    """The ARNs of the subjects that are asked about, and the actions, each once."""
    subjects: dict[str, None] = {}
    actions: dict[str, None] = {}
    seen: set[tuple[str | None, str | None]] = set()
    for question in questions:
        if isinstance(question, Refused):
            continue
        subject, action = question.subject, question.action
        if subject is not None and (subject.type, subject.id) not in seen:
            seen.add((subject.type, subject.id))
            if subject.type is not None and subject.id is not None:
                subjects[asker.asked_about(subject)] = None
        if action is not None and action.name is not None:
            actions[action.name] = None
    return list(subjects), list(actions)


def evaluate_all(asker: Asker, questions: Iterable[Asked], semantic: str) -> Iterator[Outcome]:
    """The outcomes in order, up to the one that settles it. What is wrong with one evaluation is its own outcome."""
    every = semantic == EXECUTE_ALL
    for question in questions:
        outcome: Outcome
        try:
            outcome = evaluate(asker, question) if type(question) is Question else question  # type: ignore[assignment]
        except ValidationError as refused:
            outcome = refused
        yield outcome
        if not every:
            allowed = isinstance(outcome, Decided) and outcome.effect is Effect.ALLOWED
            if semantic == (PERMIT_ON_FIRST_PERMIT if allowed else DENY_ON_FIRST_DENY):
                return


def _read(value: Any) -> Question:
    try:
        return msgspec.convert(value, Question)
    except msgspec.ValidationError as error:
        raise ValidationError(f"the evaluation cannot be read: {error}") from None


def answer_of(outcome: Outcome, explain: bool = False) -> dict[str, Any]:
    """An outcome as the standard's decision object."""
    if isinstance(outcome, Refused):
        return {
            "decision": False,
            "context": {"error": {"status": outcome.status, "message": outcome.message}},
        }
    if outcome is None:
        return {"decision": False, "context": {"reason_admin": {"en": NOBODY}}}
    if explain:
        return {"decision": bool(outcome), "context": explained(outcome)}
    return {"decision": bool(outcome), "context": shortly(outcome)}


def briefly(outcome: Outcome) -> dict[str, Any]:
    """One of many outcomes: the decision, and where it is no, which layer said so. The reason in words is for who asks for one."""
    if not isinstance(outcome, Decided):
        return answer_of(outcome)
    if outcome.effect is Effect.ALLOWED:
        return {"decision": True}
    return {"decision": False, "context": {"effect": outcome.effect.value, "layer": outcome.layer.value}}


def shortly(decided: Decided) -> dict[str, Any]:
    """What a decision says of itself without being explained."""
    return {
        "reason_admin": {"en": decided.reason or f"allowed by {decided.layer.value}"},
        "effect": decided.effect.value,
        "layer": decided.layer.value,
        "revision": decided.position,
    }


def explained(decided: Decided) -> dict[str, Any]:
    """Everything about a decision: what every layer says, the statements that matched, the keys that were missing."""
    decision = decided.decision
    return {
        "reason_admin": {"en": decision.reason or f"allowed by {decision.layer.value}"},
        "effect": decision.effect.value,
        "layer": decision.layer.value,
        "layers": [
            {"layer": each.layer.value, "effect": each.effect.value} for each in decision.layers if each.applies
        ],
        "statements": [
            {"policy": each.policy_id, "type": each.policy_type.value, "sid": each.sid, "index": each.index}
            for each in decision.matched
        ],
        "missing_keys": list(decision.missing),
        "revision": decided.position,
    }
