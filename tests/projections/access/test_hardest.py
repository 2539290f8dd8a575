"""The hardest legal policies are decided within the budget, as the plain evaluator decides them given all the time it needs; and
what goes beyond the budget is denied with an alarm. SECURITY rule 1. How long it takes is measured in bench/access.py.
"""

import pytest

from muniment.domain.policy.decision import Alarm, Effect, Layer
from muniment.domain.policy.evaluate import evaluate
from muniment.domain.policy.matching import Budget
from muniment.projections.access.engine import TOO_MUCH, decide
from muniment.projections.access.frame import Frame
from muniment.projections.access.library import Library
from tests.projections.access import hardest


@pytest.mark.parametrize("way", hardest.WAYS)
def test_the_hardest_policies_are_decided_within_the_budget(way: str) -> None:
    policies, library, request = hardest.policies(way), Library(), hardest.request()
    frame = Frame(request, request.resource)
    got = decide(frame, library.bundle(policies), library.plans)
    wanted = evaluate(request, policies, Budget(10**9))
    assert got == (wanted.effect, wanted.layer, None)
    assert frame.budget.left >= 0


def test_what_takes_more_is_denied_with_an_alarm() -> None:
    policies, library = hardest.policies("wildcards"), Library()
    request = hardest.request(resource=hardest.LONG * 4)
    found = decide(Frame(request, request.resource), library.bundle(policies), library.plans)
    assert found == TOO_MUCH == (Effect.IMPLICIT_DENY, Layer.EVALUATION, Alarm.BUDGET)
