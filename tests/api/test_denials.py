"""The message of a denial: bounded, sealed under the denied principal's key, and absent rather than in the way."""

import base64
from types import SimpleNamespace

import msgspec
import pytest

import muniment.projections.queries.decode_authorization  # noqa: F401
from muniment.api import denials
from muniment.domain.caller import Caller
from muniment.domain.denied import CHARACTERS_MAX, FIELD, LIFE_SECONDS, Denied, NoMessage, envelope
from muniment.domain.errors import AccessDenied, InvalidAuthorizationMessage, NoSuchEntity, ServiceUnavailable
from muniment.domain.ledger import Actor, Sealed
from muniment.domain.policy.request import Principal, PrincipalKind
from muniment.domain.sealing import Erased
from muniment.projections.query import QUERIES, Asked

ACCOUNT = "111122223333"
NOW = 1_900_000_000_000_000
EVA = Actor(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/eva", "AIDAEVA", "IAMUser", "eva")


class Ring:
    """Seals by turning bytes round, and says for whom."""

    def __init__(self, fault=None):
        self.fault, self.owners = fault, []

    def seal(self, owner, field, plain):
        assert field == FIELD
        if self.fault:
            raise self.fault
        self.owners.append(owner)
        return Sealed("k", plain[::-1])

    def unseal(self, owner, field, sealed):
        if self.fault:
            raise self.fault
        self.owners.append(owner)
        return sealed.box[::-1]


def refused(context=None, actor=EVA):
    principal = Principal(kind=PrincipalKind.USER, arn=actor.arn, account=actor.account, unique_id=actor.id)
    found = AccessDenied("no")
    found.denied = Denied(
        "iam:ListUsers", "*", principal, context or {}, None, "implicitDeny", "identity-based policy", 7
    )
    return found


def attached(error, actor=EVA, ring=None):
    services = SimpleNamespace(sealer=ring or Ring(), now=lambda: NOW)
    denials.attach(services, Caller(actor), error)
    return dict(denials.headers(error)).get(denials.HEADER)


def decode(text, ring=None, account=ACCOUNT, now=NOW):
    query = msgspec.convert({"EncodedMessage": text}, QUERIES["sts", "DecodeAuthorizationMessage"])
    views = SimpleNamespace(unsealer=ring or Ring())
    return query._opened(views, Asked(Actor(account, "arn", account, "Root"), now))


def test_a_message_is_sealed_under_the_key_of_whom_it_is_about():
    ring = Ring()
    text = attached(refused(), ring=ring)
    assert ring.owners == [f"account.{ACCOUNT}/AIDAEVA"]
    assert decode(text).action == "iam:ListUsers"
    session = msgspec.structs.replace(EVA, type="AssumedRole", id="AROAROLE:shift")
    assert attached(refused(actor=session), actor=session, ring=ring)
    assert ring.owners[-1] == f"account.{ACCOUNT}/AROAROLE"


def test_what_would_make_it_too_long_is_left_out():
    text = attached(refused({"aws:UserAgent": ("x" * 5_000,), "aws:SourceIp": ("127.0.0.1",)}))
    assert len(text) <= CHARACTERS_MAX
    assert decode(text).context == {"aws:SourceIp": ("127.0.0.1",)}
    many = {f"app:{number}": ("y" * 200,) for number in range(50)}
    assert attached(refused(many)) is None


def test_who_has_no_key_and_what_was_not_decided_gets_no_message():
    nobody = Actor("000000000000", "", "", "AWSAccount")
    assert attached(refused(actor=nobody), actor=nobody) is None
    assert attached(AccessDenied("Cannot call GetSessionToken with session credentials")) is None
    assert attached(NoSuchEntity("no")) is None


@pytest.mark.parametrize("fault", [Erased(), ServiceUnavailable("the log is away")])
def test_a_message_that_cannot_be_sealed_is_left_out(fault):
    assert attached(refused(), ring=Ring(fault)) is None


def test_a_message_is_gone_with_the_key_of_whom_it_was_about():
    text = attached(refused())
    with pytest.raises(InvalidAuthorizationMessage, match="invalid or has expired"):
        decode(text, ring=Ring(Erased()))


@pytest.mark.parametrize("later", [-1, LIFE_SECONDS * 1_000_000 + 1])
def test_a_message_is_good_for_a_day(later):
    text = attached(refused())
    assert decode(text, now=NOW + LIFE_SECONDS * 1_000_000)
    with pytest.raises(InvalidAuthorizationMessage):
        decode(text, now=NOW + later)


def test_another_account_does_not_even_unseal_it():
    ring = Ring()
    with pytest.raises(InvalidAuthorizationMessage):
        decode(attached(refused()), ring=ring, account="444455556666")
    assert ring.owners == []


@pytest.mark.parametrize(
    "parts",
    [
        [1, ACCOUNT, "A/../B", "k", b""],
        [1, ACCOUNT, "A.*", "k", b""],
        [1, ACCOUNT, "", "k", b""],
        [1, "111", "AIDAEVA", "k", b""],
        [1, "000000000000", "AIDAEVA", "k", b""],
        [2, ACCOUNT, "AIDAEVA", "k", b""],
    ],
)
def test_a_message_names_an_owner_and_nothing_else(parts):
    """SECURITY: what a stranger writes into the envelope never becomes a subject or a path."""

    text = base64.urlsafe_b64encode(msgspec.msgpack.encode(parts)).rstrip(b"=").decode()
    with pytest.raises(NoMessage):
        envelope(text)
