"""The gate: refusals in AWS's words, and never from too old or too broken a log."""

import pytest

from muniment.domain.account.inline import UserInlinePolicyPut
from muniment.domain.account.users import UserCreated, UserTagged
from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied, ReadModelBehind, ServiceUnavailable
from muniment.domain.ledger import Actor
from muniment.domain.resource import Resource
from muniment.projections.access.gate import AccessGate
from muniment.projections.access.staleness import Staleness, is_privileged
from tests.projections.access.test_model import BOB_ARN, allow
from tests.projections.logs import ACTOR
from tests.projections.worlds import World

ANA = Caller(Actor("111122223333", "arn:aws:iam::111122223333:user/ana", "AIDAAAAAAAAAAAAAAAANA", "IAMUser", "ana"))
BOB = (Resource(BOB_ARN),)


class Hall:
    """A gate and what it depends on."""

    def __init__(self) -> None:
        self.silent, self.broken = 0.0, ""
        self.world = World(UserCreated("ana", "AIDAAAAAAAAAAAAAAAANA"), UserCreated("bob", "AIDAAAAAAAAAAAAAAABOB"))
        staleness = Staleness(self.world.access, lambda: self.silent, lambda: self.broken)
        self.gate = AccessGate(self.world.access, staleness, wait_seconds=0.01)


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_what_no_policy_allows_is_refused_in_awss_words(hall: Hall) -> None:
    with pytest.raises(AccessDenied) as refused:
        hall.gate.check(ANA, "iam:GetUser", BOB, 0)
    assert refused.value.message == (
        "User: arn:aws:iam::111122223333:user/ana is not authorized to perform: iam:GetUser on resource: "
        "arn:aws:iam::111122223333:user/bob because no identity-based policy allows the iam:GetUser action"
    )


def test_every_resource_must_be_allowed(hall: Hall) -> None:
    hall.world.happened(UserInlinePolicyPut("ana", "p", allow("iam:GetUser", resource=BOB_ARN)))
    hall.gate.check(ANA, "iam:GetUser", BOB, 0)
    with pytest.raises(AccessDenied, match="user/ana because"):
        hall.gate.check(ANA, "iam:GetUser", (*BOB, Resource("arn:aws:iam::111122223333:user/ana")), 0)


def test_the_keys_of_the_resource_count(hall: Hall) -> None:
    document = allow("iam:GetUser", StringEquals={"iam:ResourceTag/team": "red"})
    hall.world.happened(UserInlinePolicyPut("ana", "p", document))
    hall.gate.check(ANA, "iam:GetUser", (Resource(BOB_ARN, {"iam:ResourceTag/team": ("red",)}),), 0)
    with pytest.raises(AccessDenied):
        hall.gate.check(ANA, "iam:GetUser", (Resource(BOB_ARN, {"iam:ResourceTag/team": ("blue",)}),), 0)


def test_root_and_the_operator_may(hall: Hall) -> None:
    hall.gate.check(Caller(ACTOR), "iam:GetUser", BOB, 0)
    nobody = Actor("000000000000", "", "")
    hall.gate.check(Caller(nobody, operator=True), "muniment:ResetRoot", BOB, 0)
    with pytest.raises(AccessDenied):
        hall.gate.check(Caller(nobody), "iam:GetUser", BOB, 0)


def test_everybody_may_ask_who_they_are_without_a_resource(hall: Hall) -> None:
    hall.gate.check(ANA, "sts:GetCallerIdentity", (), 0)


def test_a_position_that_is_not_reached_is_not_decided(hall: Hall) -> None:
    with pytest.raises(ReadModelBehind):
        hall.gate.check(Caller(ACTOR), "iam:GetUser", BOB, 99)


# SECURITY 2


def test_a_log_that_fell_silent_refuses_privileged_actions_first_and_all_later(hall: Hall) -> None:
    hall.silent = 6.0
    hall.gate.check(Caller(ACTOR), "iam:GetUser", BOB, 0)
    with pytest.raises(ServiceUnavailable, match="not been heard of for 6 s"):
        hall.gate.check(Caller(ACTOR), "iam:CreateUser", BOB, 0)
    hall.silent = 301.0
    with pytest.raises(ServiceUnavailable):
        hall.gate.check(Caller(ACTOR), "iam:GetUser", BOB, 0)


def test_a_broken_log_refuses_everything(hall: Hall) -> None:
    hall.broken = "IAM 7: the entry carries no valid signature"
    with pytest.raises(ServiceUnavailable, match="IAM 7"):
        hall.gate.check(Caller(ACTOR), "iam:GetUser", BOB, 0)


def test_a_known_lag_of_more_than_five_seconds_refuses_privileged_actions() -> None:
    hall, now = Hall(), 100.0
    access = hall.world.access
    access._monotonic = lambda: now
    access.head_seen("IAM", 9)
    now = 104.0
    hall.gate.check(Caller(ACTOR), "iam:CreateUser", BOB, 0)
    now = 106.0
    with pytest.raises(ReadModelBehind, match="7 entries and 6000 ms behind"):
        hall.gate.check(Caller(ACTOR), "iam:CreateUser", BOB, 0)
    hall.gate.check(Caller(ACTOR), "iam:GetUser", BOB, 0)


def test_a_model_that_stopped_decides_for_five_minutes_and_no_longer() -> None:
    hall, now = Hall(), 100.0
    access = hall.world.access
    access._monotonic = lambda: now
    access.head_seen("IAM", 3)
    hall.world.happened(UserTagged("nobody", {"a": "b"}))
    assert access.stopped
    now = 400.0
    hall.gate.check(Caller(ACTOR), "iam:GetUser", BOB, 0)
    now = 401.0
    with pytest.raises(ReadModelBehind, match="`access` stopped 301 s ago"):
        hall.gate.check(Caller(ACTOR), "iam:GetUser", BOB, 0)


@pytest.mark.parametrize(
    ("action", "privileged"),
    [
        ("iam:CreateUser", True),
        ("iam:GetUser", False),
        ("iam:SimulatePrincipalPolicy", False),
        ("sts:AssumeRole", True),
        ("sts:GetSessionToken", True),
        ("sts:GetCallerIdentity", False),
        ("secretsmanager:GetSecretValue", True),
        ("organizations:CreateAccount", True),
        ("cloudtrail:LookupEvents", False),
        ("app:Write", False),
        ("muniment:ExplainDecision", False),
        ("muniment:WhoCan", False),
        ("muniment:RevokeSession", True),
    ],
)
def test_what_is_privileged(action: str, privileged: bool) -> None:
    assert is_privileged(action) is privileged
