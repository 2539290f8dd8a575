"""An answer is yes or no at once, and explains itself later from the states it was made from. POLICY_EVALUATION 2.8."""

import pytest

from muniment.domain.account.inline import UserInlinePolicyDeleted, UserInlinePolicyPut
from muniment.domain.account.users import UserCreated
from muniment.domain.policy.decision import Decision, Effect, Layer
from muniment.domain.policy.request import AccessRequest
from muniment.projections.access import decided as module
from tests.projections.access.test_model import ANA, BOB_ARN, allow
from tests.projections.worlds import World

REQUEST = AccessRequest(action="iam:GetUser", resource=BOB_ARN, principal=ANA)


@pytest.fixture
def world() -> World:
    return World(
        UserCreated("ana", ANA.unique_id),
        UserInlinePolicyPut("ana", "p", allow("iam:*", resource="arn:aws:iam::*:user/*b*o*")),
    )


def test_it_explains_itself_from_the_state_it_was_made_from(world: World) -> None:
    decided = world.access.decide(REQUEST)
    world.happened(UserInlinePolicyDeleted("ana", "p"))
    assert decided
    assert [(one.policy_id, one.index) for one in decided.decision.matched] == [("user_ana_p", 0)]
    assert decided.decision is decided.decision
    assert not world.access.decide(REQUEST)


def test_the_reason_is_that_of_the_explanation(world: World) -> None:
    world.happened(UserInlinePolicyPut("ana", "q", allow("iam:Get*", effect="Deny")))
    decided = world.access.decide(REQUEST)
    assert decided.reason.endswith("with an explicit deny in an identity-based policy")
    assert decided.reason == decided.decision.reason
    assert world.access.decide(AccessRequest(action="iam:List", resource=BOB_ARN, principal=ANA)).reason == ""


def test_what_is_too_long_to_explain_is_decided_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXPLANATION_COMPARISONS_MAX", 1)
    decided = world.access.decide(REQUEST)
    assert decided
    assert decided.decision == Decision(Effect.ALLOWED, Layer.IDENTITY)
