"""Every corner case that the plain evaluator's own tests record, asked of the compiled engine too: the tests are the same ones, and
whatever they ask, both must answer alike.
"""

import pytest

from muniment.domain.policy.decision import Decision
from muniment.domain.policy.evaluate import PolicySet, evaluate
from muniment.domain.policy.request import AccessRequest
from muniment.projections.access.engine import decide
from muniment.projections.access.frame import Frame
from muniment.projections.access.library import Library
from tests.domain.policy import people
from tests.domain.policy.test_conditions import *  # noqa: F403
from tests.domain.policy.test_cross_account import *  # noqa: F403
from tests.domain.policy.test_decision import *  # noqa: F403
from tests.domain.policy.test_evaluate import *  # noqa: F403
from tests.domain.policy.test_layers import *  # noqa: F403
from tests.domain.policy.test_principals import *  # noqa: F403

LIBRARY = Library()


def both(request: AccessRequest, policies: PolicySet) -> Decision:
    """The plain answer, if the compiled one is the same."""
    wanted = evaluate(request, policies)
    frame = Frame(request, request.resource)
    *got, alarm = decide(frame, LIBRARY.bundle(policies), LIBRARY.plans, LIBRARY.beside(policies))
    if wanted.alarm is None:
        assert (got, alarm) == ([wanted.effect, wanted.layer], None)
    else:
        assert got[0] is wanted.effect or alarm is None
    return wanted


@pytest.fixture(autouse=True)
def asked_of_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "evaluate", both)


def test_the_compiled_engine_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(people, "evaluate", lambda *args: asked.append(args) or both(*args))  # type: ignore[func-returns-value]
    people.ask(identity=(people.ALLOW_ALL,))
    assert len(asked) == 1
