"""Bundles and plans are shared, bounded, and gone when nobody holds them (docs/decisions/0012-plans-are-values.md)."""

import gc
import json

from muniment.domain.account.inline import UserInlinePolicyPut
from muniment.domain.account.users import UserCreated
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.policy.statements import Kind
from muniment.projections.access.library import Library
from muniment.projections.access.plans import ACTION_CHARACTERS_MAX, UNPLANNED_TIMES, Plans
from muniment.projections.access.rules import MEMO_ACTIONS_MAX
from tests.projections.access.test_model import ANA, BOB_ARN, allow, may
from tests.projections.worlds import World

S3, IAM, DENY = allow("s3:*"), allow("iam:Get*", "iam:List*"), allow("sqs:*", effect="Deny")


def test_bundles_are_one_whatever_the_order_of_their_documents() -> None:
    library = Library()
    a, b = library.ready(S3), library.ready(IAM)
    kept = library.plans.bundle((a, b))
    assert library.plans.bundle((b, a, b)) is kept
    assert library.plans.bundle((a, b), boundary=()) is not kept


def test_bundles_that_say_the_same_about_an_action_share_its_plan() -> None:
    library = Library()
    one = library.plans.bundle((library.ready(S3), library.ready(IAM)))
    other = library.plans.bundle((library.ready(S3), library.ready(DENY)))
    plan = library.plans.plan(one, "s3:GetObject")
    assert library.plans.plan(other, "S3:GETOBJECT") is library.plans.plan(other, "s3:GetObject") is plan
    assert library.plans.plan(one, "iam:GetUser") is not library.plans.plan(other, "iam:GetUser")


def test_an_action_is_planned_when_it_is_asked_about_for_the_fourth_time() -> None:
    world = World(UserCreated("ana", ANA.unique_id), UserInlinePolicyPut("ana", "p", allow("iam:GetUser")))
    plans = world.access._standings.library.plans
    for _ in range(UNPLANNED_TIMES):
        assert may(world)
        assert not plans._plans
    assert may(world)
    assert len(plans._plans) == 1
    assert len(plans) == 1


def test_a_document_that_takes_a_search_is_planned_at_once() -> None:
    text = allow("iam:GetUser", resource="arn:aws:iam::*:user/*b*")
    world = World(UserCreated("ana", ANA.unique_id), UserInlinePolicyPut("ana", "p", text))
    assert may(world)
    assert len(world.access._standings.library.plans._plans) == 1


def test_what_nobody_holds_is_gone() -> None:
    library = Library()
    bundle = library.plans.bundle((library.ready(S3),))
    library.plans.bundle((library.ready(IAM),))
    gc.collect()
    assert (len(library), len(library.plans._bundles)) == (1, 1)
    assert library.ready(S3) in bundle.identity


def test_plans_are_bounded_and_the_oldest_bundles_go_first() -> None:
    library, plans = Library(), Plans(plans_max=10)
    bundles = [plans.bundle((library.ready(allow(f"s{number}:*")),)) for number in range(20)]
    for bundle in bundles:
        for action in ("a:B", "a:C", "a:D"):
            plans.plan(bundle, action)
            assert len(plans) <= 10
    assert [len(bundle.plans) for bundle in bundles[-3:]] == [3, 3, 3]
    assert len(plans) == sum(len(bundle.plans) for bundle in bundles)
    for number in range(30):
        plans.plan(bundles[0], f"a:{number}")
        assert len(plans) == sum(len(bundle.plans) for bundle in bundles) <= 10


def test_made_up_actions_fill_no_memory() -> None:
    library = Library()
    ready = library.ready(allow("s3:*", "iam:*"))
    bundle = library.plans.bundle((ready,))
    library.plans.plan(bundle, "s3:" + "x" * ACTION_CHARACTERS_MAX)
    assert not bundle.plans
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    several = library.ready(json.dumps({"Version": "2012-10-17", "Statement": [statement] * 3}))
    for number in range(2 * MEMO_ACTIONS_MAX):
        several.candidates(f"s3:{number}")
    assert len(several.known) <= MEMO_ACTIONS_MAX


def test_a_changed_policy_counts_at_the_next_decision_and_the_old_one_is_let_go() -> None:
    world = World(UserCreated("ana", ANA.unique_id), UserInlinePolicyPut("ana", "p", allow("iam:GetUser")))
    assert may(world)
    for number in range(20):
        world.happened(UserInlinePolicyPut("ana", "p", allow("iam:GetUser", resource=f"arn:aws:iam::{number:012d}:*")))
        assert not may(world)
    gc.collect()
    assert len(world.access._standings.library) == 1


def test_an_id_asked_about_in_another_account_has_nothing_there() -> None:
    """SECURITY 2, class 8: the same names in two accounts never cross."""
    world = World(UserCreated("ana", ANA.unique_id), UserInlinePolicyPut("ana", "p", allow("*")))
    other = "account.444455556666"
    world.happened(UserCreated("ana", "AIDAOTHER"), boundary=other)
    stranger = Principal(
        kind=PrincipalKind.USER,
        arn="arn:aws:iam::444455556666:user/ana",
        account="444455556666",
        unique_id=ANA.unique_id,
    )
    theirs = BOB_ARN.replace("111122223333", "444455556666")
    for _ in range(2):
        assert may(world)
        assert not may(world, who=stranger, resource=theirs)
    assert not may(world, resource=theirs)


def test_standings_are_bounded() -> None:
    world = World(UserCreated("ana", ANA.unique_id), UserInlinePolicyPut("ana", "p", allow("*")))
    standings = world.access._standings
    standings._standings_max = 5
    account = world.access._account("111122223333")
    assert account is not None
    for number in range(50):
        standings.of(account, f"AIDA{number}")
    assert len(standings) == 5
    assert may(world)


def test_kinds_of_one_text_are_made_ready_apart() -> None:
    library = Library()
    assert library.ready(S3, Kind.IDENTITY) is not library.ready(S3, Kind.SESSION)
    assert library.identity(S3) is library.ready(S3)


def test_an_ill_typed_key_is_an_error_and_never_an_allow() -> None:
    world = World(
        UserCreated("ana", ANA.unique_id),
        UserInlinePolicyPut("ana", "p", allow("iam:GetUser", StringNotEquals={"app:key": "x"})),
    )
    for wrong in ("text", (5,), ((),)):
        request = AccessRequest(action="iam:GetUser", resource=BOB_ARN, principal=ANA, context={"app:key": wrong})  # type: ignore[dict-item]
        decided = world.access.decide(request)
        assert (bool(decided), decided.alarm) == (False, world.access.evaluate(request).alarm)
        assert "an error occurred" in decided.reason
        assert decided.decision.reason == decided.reason
