"""Sessions at the door: expired, ended, and the condition keys that each kind brings (POLICY_EVALUATION 2.1)."""

import time
from types import SimpleNamespace

import msgspec
import pytest

from bench.signing import signed_request
from bench.sts import FORM, _parsed
from muniment.api.authenticate import Authenticator
from muniment.api.aws.signature import parse_authorization
from muniment.api.aws.signing_keys import SigningKeys
from muniment.api.peer import Peer
from muniment.domain.account.account import AccountCreated
from muniment.domain.account.keys import AccessKeyCreated
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.sessions import SessionRevoked
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import ExpiredToken, InvalidClientTokenId, SignatureDoesNotMatch
from muniment.domain.ledger import Sealed
from muniment.domain.policy.request import AccessRequest
from muniment.domain.session import FEDERATED, ROLE, ROOT, USER, Passed, Session, Step
from muniment.ops.keys.tokens import Tokens
from muniment.projections.access.known import context
from muniment.projections.access.principals import principal_of
from muniment.projections.sessions import standing
from tests.projections.logs import ACCOUNT
from tests.projections.worlds import World

NUMBER = ACCOUNT.partition(".")[2]
SECRET = "s" * 40
HOUR = 3_600_000_000


class Door:
    """An authenticator over read models, with a clock that can be moved."""

    def __init__(self):
        self.late = 0
        self.world = World(
            AccountCreated("A", "a@example.com"),
            UserCreated("ana", "AIDAANA", "/team/", tags={"Team": "red", "tier": "1"}),
            AccessKeyCreated("ana", "AKIAANA", Sealed("k", SECRET.encode()), "AIDAANA"),
            RoleCreated(
                "run", "AROARUN", '{"Version":"2012-10-17","Statement":[]}', path="/team/", tags={"Team": "red"}
            ),
        )
        self.tokens = Tokens(bytes(32))
        credentials = self.world.credentials
        reads = SimpleNamespace(credential=credentials.find, session=lambda each: standing(each, credentials))
        self.services = SimpleNamespace(
            reads=reads,
            sealer=SimpleNamespace(unseal=lambda owner, field, sealed: sealed.box),
            tokens=self.tokens,
            signing_keys=SigningKeys(),
            now=self.now,
        )

    def now(self):
        return time.time_ns() // 1_000 + self.late

    def caller(self, session, secret=SECRET):
        token = self.tokens.seal(session)
        http = _parsed(signed_request("http://house", (session.id, secret), "sts", "/", FORM, b"x", token))
        return Authenticator(self.services).caller(http, parse_authorization(http), Peer("192.0.2.7", True))

    def keys(self, session):
        """All condition keys that a request of the session's holder has, for a resource of its account."""
        caller = self.caller(session)
        principal = principal_of(caller.actor, session)
        request = AccessRequest(action="a:b", resource="*", principal=principal, context=caller.context)
        return context(request, self.world.credentials.account(NUMBER), None)


@pytest.fixture
def door():
    return Door()


def session(kind=ROLE, principal="AROARUN", **changes):
    now = time.time_ns() // 1_000
    made = Session(
        id="ASIAONE",
        secret=SECRET,
        type=kind,
        account=NUMBER,
        principal=principal,
        name="one" if kind in (ROLE, FEDERATED) else "",
        issued=now - HOUR // 2,
        expires=now + HOUR // 2,
        lineage=(Step(NUMBER, "AIDAANA", "AKIAANA", now - HOUR // 2),),
    )
    return msgspec.structs.replace(made, **changes)


def test_a_session_is_let_in_until_it_expires_to_the_microsecond(door):
    held = session()
    assert door.caller(held).session == held
    with pytest.raises(ExpiredToken, match="expired"):
        door.caller(msgspec.structs.replace(held, expires=door.now()))


def test_a_session_that_has_ended_reads_like_one_that_never_was(door):
    door.world.happened(SessionRevoked("ASIAONE"))
    with pytest.raises(InvalidClientTokenId, match="The security token included in the request is invalid"):
        door.caller(session())


def test_an_expired_session_is_told_so_only_to_who_has_its_secret(door):
    with pytest.raises(SignatureDoesNotMatch):
        door.caller(session(expires=1), secret="x" * 40)


def test_a_clock_that_is_off_by_more_than_five_minutes_is_refused(door):
    for late in (301_000_000, -301_000_000):
        door.late = late
        with pytest.raises(SignatureDoesNotMatch):
            door.caller(session())


# POLICY_EVALUATION 2.1, the table
KINDS = {
    "a role's session": (
        session(),
        {
            "aws:PrincipalArn": f"arn:aws:iam::{NUMBER}:role/team/run",
            "aws:userid": "AROARUN:one",
            "aws:PrincipalType": "AssumedRole",
            "aws:PrincipalTag/Team": "red",
        },
        {"aws:username", "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:SourceIdentity"},
    ),
    "a user's session": (
        session(USER, "AIDAANA", mfa=0),
        {
            "aws:PrincipalArn": f"arn:aws:iam::{NUMBER}:user/team/ana",
            "aws:userid": "AIDAANA",
            "aws:PrincipalType": "User",
            "aws:username": "ana",
            "aws:MultiFactorAuthPresent": "false",
        },
        {"aws:MultiFactorAuthAge"},
    ),
    "a federated user": (
        session(FEDERATED, "AIDAANA", mfa=0, passed=Passed(tags={"team": "blue"})),
        {
            "aws:PrincipalArn": f"arn:aws:sts::{NUMBER}:federated-user/one",
            "aws:userid": f"{NUMBER}:one",
            "aws:PrincipalType": "FederatedUser",
            "aws:PrincipalTag/team": "blue",
            "aws:PrincipalTag/tier": "1",
            "aws:MultiFactorAuthPresent": "false",
        },
        {"aws:username", "aws:PrincipalTag/Team"},
    ),
    "root's session": (
        session(ROOT, NUMBER, lineage=(), mfa=0),
        {
            "aws:PrincipalArn": f"arn:aws:iam::{NUMBER}:root",
            "aws:userid": NUMBER,
            "aws:PrincipalType": "Account",
            "aws:MultiFactorAuthPresent": "false",
        },
        {"aws:username"},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_session_brings_the_keys_of_the_table(door, kind):
    held, expected, absent = KINDS[kind]
    keys = door.keys(held)
    assert {name: keys.get(name) for name in expected} == {name: (value,) for name, value in expected.items()}
    assert not absent & set(keys)
    assert keys["aws:TokenIssueTime"][0].endswith("Z")
    assert keys["aws:PrincipalAccount"] == (NUMBER,)


def test_a_factor_is_as_old_as_it_is(door):
    keys = door.keys(session(USER, "AIDAANA", mfa=door.now() - 90_000_000))
    assert keys["aws:MultiFactorAuthPresent"] == ("true",)
    assert 90 <= int(keys["aws:MultiFactorAuthAge"][0]) <= 92
    assert "aws:MultiFactorAuthPresent" not in door.keys(session(mfa=door.now()))  # 2.1: absent for a role's session


def test_what_a_provider_said_stays_with_the_session_and_can_say_nothing_else(door):
    claims = {"id.example.com:sub": ("ana",), "aws:username": ("root",), "aws:PrincipalTag/Team": ("blue",)}
    keys = door.keys(session(provider="arn:aws:iam::1:oidc-provider/id.example.com", claims=claims))
    assert keys["id.example.com:sub"] == ("ana",)
    assert keys["aws:FederatedProvider"] == ("arn:aws:iam::1:oidc-provider/id.example.com",)
    assert "aws:username" not in keys
    assert keys["aws:PrincipalTag/Team"] == ("red",)


def test_the_source_identity_is_a_key(door):
    assert door.keys(session(source_identity="ana.smith"))["aws:SourceIdentity"] == ("ana.smith",)
