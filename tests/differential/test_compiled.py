"""The compiled engine gives the plain evaluator's answers on every request, and leaves the words to it (DESIGN §5).

10⁴ cases by default; HYPOTHESIS_PROFILE=heavy looks at 10⁶.
"""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.domain.policy.evaluate import PolicySet, evaluate
from muniment.domain.policy.matching import Budget
from muniment.domain.policy.request import AccessRequest
from muniment.projections.access.engine import ALONE, USER_OR_ROLE, at_first, decide
from muniment.projections.access.frame import Frame
from muniment.projections.access.library import Library
from tests.differential import seeded
from tests.domain.policy.worlds import worlds

REQUESTS_EACH = 10
HEAVY = os.environ.get("HYPOTHESIS_PROFILE") == "heavy"
WORLDS = 100_000 if HEAVY else 1_000
FIRST = int(os.environ.get("MUNIMENT_FIRST_WORLD", "0"))


def agree(request: AccessRequest, policies: PolicySet, library: Library) -> None:
    """Both engines are asked; the plain one with as much time as it needs."""
    wanted = evaluate(request, policies, Budget(10**9))
    frame = Frame(request, request.resource)
    bundle, beside = library.bundle(policies), library.beside(policies)
    got = decide(frame, bundle, library.plans, beside)
    assert got == (wanted.effect, wanted.layer, wanted.alarm)
    if beside is ALONE and request.principal.kind in USER_OR_ROLE and not request.principal.service_linked:
        assert at_first(Frame(request, request.resource), bundle) in (None, got)


@settings(deadline=None, max_examples=2_000 if HEAVY else 300)
@given(worlds())
def test_compiled_access_agrees_with_the_plain_evaluator(world: tuple[AccessRequest, PolicySet]) -> None:
    agree(*world, Library())


@settings(deadline=None, max_examples=500 if HEAVY else 100)
@given(worlds(odd=True))
def test_they_agree_on_what_neither_knows(world: tuple[AccessRequest, PolicySet]) -> None:
    agree(*world, Library())


@pytest.mark.parametrize("share", range(10))
def test_they_agree_on_many_worlds(share: int) -> None:
    library = Library()
    for seed in range(FIRST + share, FIRST + WORLDS, 10):
        luck = seeded.luck(seed)
        policies = seeded.policies(luck)
        for _ in range(REQUESTS_EACH):
            request = seeded.request(luck)
            try:
                agree(request, policies, library)
            except AssertionError as difference:
                raise AssertionError(f"world {seed}: {request}\n{policies}") from difference


@given(st.data())
def test_the_answer_does_not_depend_on_what_was_asked_before(data: st.DataObject) -> None:
    """Plans are shared and remembered: whoever warmed them up must not matter."""
    luck = seeded.luck(data.draw(st.integers(0, 10**6)))
    policies = seeded.policies(luck)
    requests = [seeded.request(luck) for _ in range(4)]
    library = Library()
    for request in [*requests, *reversed(requests)]:
        agree(request, policies, library)
