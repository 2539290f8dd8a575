"""A request that cannot be decided is denied, and somebody is told (SECURITY 1)."""

import pytest

from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied
from muniment.domain.ledger import Actor
from muniment.domain.policy.decision import Alarm
from muniment.domain.resource import Resource
from muniment.projections.access.gate import AccessGate

ANA = Caller(Actor("123456789012", "arn:aws:iam::123456789012:user/ana", "AIDAANA", name="ana"))


class Undecided:
    """What `Access.decide` answers when the budget is spent."""

    alarm = Alarm.BUDGET
    reason = "the decision needs too many comparisons"

    def __bool__(self):
        return False


class OverBudget:
    """An access model whose every decision costs too much."""

    def wait(self, position, seconds):
        return

    def decide(self, request, session=None):
        return Undecided()

    def note(self, source, request, decided, passed=None, origin=None):
        return


class Fresh:
    """A state that is never too old."""

    def check(self, action):
        return


def test_what_cannot_be_decided_is_denied_and_told():
    told = []
    gate = AccessGate(OverBudget(), Fresh(), on_alarm=lambda alarm, request: told.append((alarm, request.action)))
    with pytest.raises(AccessDenied, match="too many comparisons"):
        gate.check(ANA, "iam:ListUsers", (Resource("*"),), 0)
    assert told == [(Alarm.BUDGET, "iam:ListUsers")]
