"""Standings: what is found again after a change, and what stays (docs/decisions/0012-plans-are-values.md; DESIGN §5)."""

from muniment.domain.account.attachments import GroupPolicyAttached, UserPolicyAttached
from muniment.domain.account.groups import GroupCreated, GroupMemberAdded, GroupRenamed
from muniment.domain.account.policies import PolicyCreated, PolicyVersionCreated
from muniment.domain.account.users import UserCreated, UserTagged
from muniment.domain.policy.request import Principal, PrincipalKind
from muniment.projections.access.plans import UNPLANNED_TIMES
from muniment.projections.access.standing import Standing
from tests.projections.access.test_model import ANA, POLICY_ARN, allow, may
from tests.projections.worlds import World

BOB = Principal(
    kind=PrincipalKind.USER,
    arn="arn:aws:iam::111122223333:user/bob",
    account="111122223333",
    unique_id="AIDAAAAAAAAAAAAAAABOB",
)
OTHER_ARN = "arn:aws:iam::111122223333:policy/q"


def _world(*facts: object) -> World:
    return World(
        UserCreated("ana", ANA.unique_id),
        UserCreated("bob", BOB.unique_id),
        PolicyCreated("p", "ANPAP", allow("iam:GetUser")),
        PolicyCreated("q", "ANPAQ", allow("iam:GetUser")),
        *facts,  # type: ignore[arg-type]
    )


def _standing(world: World, who: Principal) -> Standing:
    account = world.access._account(who.account)
    assert account is not None
    return world.access._standings.of(account, who.unique_id)


def test_one_text_under_two_names_is_two_policies_once_one_of_them_changes() -> None:
    world = _world(UserPolicyAttached("ana", POLICY_ARN), UserPolicyAttached("bob", OTHER_ARN))
    assert may(world)
    assert may(world, who=BOB)
    assert _standing(world, ANA).bundle is _standing(world, BOB).bundle
    world.happened(PolicyVersionCreated(POLICY_ARN, "v2", allow("iam:GetRole"), True))
    assert not may(world)
    assert may(world, who=BOB)


def test_a_change_that_concerns_neither_record_nor_policies_leaves_the_standing() -> None:
    world = _world(UserPolicyAttached("ana", POLICY_ARN))
    before = _standing(world, ANA)
    world.happened(UserTagged("bob", {"team": "blue"}))
    assert _standing(world, ANA) is before
    world.happened(PolicyVersionCreated(OTHER_ARN, "v2", allow("iam:GetRole"), True))
    assert _standing(world, ANA) is before


def test_all_whose_records_name_the_same_policies_find_the_changed_bundle_once() -> None:
    world = _world(UserPolicyAttached("ana", POLICY_ARN), UserPolicyAttached("bob", POLICY_ARN))
    assert _standing(world, ANA).shape is _standing(world, BOB).shape
    world.happened(PolicyVersionCreated(POLICY_ARN, "v2", allow("iam:GetRole"), True))
    assert _standing(world, ANA).bundle is _standing(world, BOB).bundle
    assert may(world, "iam:GetRole")
    assert may(world, "iam:GetRole", who=BOB)


def test_a_plan_stays_where_the_changed_documents_are_silent() -> None:
    world = _world(UserPolicyAttached("ana", POLICY_ARN), UserPolicyAttached("ana", OTHER_ARN))
    world.happened(PolicyVersionCreated(OTHER_ARN, "v2", allow("s3:GetObject"), True))
    for _ in range(UNPLANNED_TIMES + 1):  # plans are for what is asked about again
        assert may(world, "s3:GetObject", "arn:aws:s3:::b/x")
        assert may(world)
    plans = _standing(world, ANA).plans
    world.happened(PolicyVersionCreated(OTHER_ARN, "v3", allow("s3:GetObject", resource="arn:aws:s3:::other/*"), True))
    for _ in range(UNPLANNED_TIMES + 1):
        assert may(world)
        assert not may(world, "s3:GetObject", "arn:aws:s3:::b/x")
    now = _standing(world, ANA).plans
    assert now is not plans
    assert now["iam:GetUser"] is plans["iam:GetUser"]
    assert now["s3:GetObject"] is not plans["s3:GetObject"]


def test_a_document_that_begins_to_speak_of_an_action_ends_its_plan() -> None:
    world = _world(UserPolicyAttached("ana", POLICY_ARN), UserPolicyAttached("ana", OTHER_ARN))
    assert may(world)
    world.happened(PolicyVersionCreated(OTHER_ARN, "v2", allow("s3:*"), True))
    assert may(world)
    world.happened(PolicyVersionCreated(OTHER_ARN, "v3", allow("iam:*", effect="Deny"), True))
    assert not may(world)


def test_a_renamed_group_still_gives_what_it_gave() -> None:
    world = _world(GroupCreated("g", "AGPAG"), GroupPolicyAttached("g", POLICY_ARN), GroupMemberAdded("g", "ana"))
    assert may(world)
    world.happened(GroupRenamed("g", "h"))
    assert may(world)
    world.happened(PolicyVersionCreated(POLICY_ARN, "v2", allow("iam:GetRole"), True))
    assert not may(world)
    assert may(world, "iam:GetRole")


def test_what_was_found_before_the_fold_moved_on_in_place_does_not_count_afterwards() -> None:
    world = _world(UserPolicyAttached("ana", POLICY_ARN))
    world.fold.begin_in_place()
    world.happened(PolicyVersionCreated(POLICY_ARN, "v2", allow("iam:GetUser"), True))
    assert may(world)  # looked at half-way: the state it was found in goes on changing
    world.happened(PolicyVersionCreated(POLICY_ARN, "v3", allow("iam:GetRole"), True))
    world.fold.end_in_place()
    world.happened(UserTagged("bob", {"team": "blue"}))  # another state, which shares the table of policies
    assert not may(world)
    assert may(world, "iam:GetRole")


def test_tags_are_those_of_the_record_in_this_state() -> None:
    wanted = allow("iam:GetUser", StringEquals={"aws:PrincipalTag/team": "blue"})
    world = _world(PolicyCreated("r", "ANPAR", wanted), UserPolicyAttached("ana", POLICY_ARN.replace("/p", "/r")))
    assert not may(world)
    world.happened(UserTagged("ana", {"Team": "blue"}))
    assert may(world)
    world.happened(UserTagged("ana", {"Team": "red"}))
    assert not may(world)
