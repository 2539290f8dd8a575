"""What of a secret lies in one piece of bytes, and that nothing is lost or told by it."""

import string
import sys
import uuid

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.boundary import STATES, fold
from muniment.domain.ledger import Actor, Cause, Entry, Sealed
from muniment.domain.secret.contents import Contents, Version, arn_at, closed, opened, packed, place_of, version
from muniment.domain.secret.secrets import SecretCreated
from muniment.domain.secret.state import CURRENT, PREVIOUS, Secret, boundary_of
from muniment.domain.secret.versions import SecretVersionCreated, SecretVersionPromoted
from muniment.projections.fold import Fold
from muniment.projections.readmodel import IAM, Recorded
from muniment.projections.snapshots import shapes

ACCOUNT, NAME = "123456789012", "shop/database"
BOUNDARY = boundary_of(ACCOUNT, NAME)
ARN = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{NAME}-aBc123"
FIRST, SECOND = str(uuid.UUID(int=0xABC)), "a-token-that-is-no-uuid-and-long-enough"
VALUE = Sealed("k" * 16, b"\1" + b"c" * 120)
TOKENS = st.one_of(st.uuids().map(str), st.text(string.ascii_letters + string.digits + "-", min_size=32, max_size=64))

versions = st.builds(
    version,
    TOKENS,
    st.integers(0, 2**62),
    st.builds(Sealed, st.text(max_size=16), st.binary(max_size=200)),
    st.booleans(),
    st.lists(st.text(min_size=1, max_size=20), max_size=3).map(tuple),
)


def entries(*facts):
    before = b""
    for number, fact in enumerate(facts, 1):
        digest = bytes([number]) * 32
        cause = Cause("secretsmanager:CreateSecret", "r")
        yield Entry(f"e{number}", BOUNDARY, number, number, Actor(ACCOUNT, "", ""), cause, before, fact, digest=digest)
        before = digest


FACTS = (
    SecretCreated(ACCOUNT, NAME, "SECRAAAAAAAAAAAAAAAAA", ARN, "of the shop", "alias/shop"),
    SecretVersionCreated(FIRST, VALUE),
    SecretVersionPromoted(FIRST),
    SecretVersionCreated(SECOND, VALUE, True),
    SecretVersionPromoted(SECOND),
)


def made():
    secret = fold(None, entries(*FACTS))
    assert isinstance(secret, Secret)
    return secret


def test_everything_in_the_piece_is_found_again():
    secret = made()
    assert (secret.arn, secret.name, secret.account) == (ARN, NAME, ACCOUNT)
    assert (secret.unique_id, secret.description, secret.kms_key) == (FACTS[0].unique_id, "of the shop", "alias/shop")
    assert (secret.created, secret.changed) == (1, 5)
    assert [(each.id, each.stages, each.binary, each.value) for each in secret.versions] == [
        (FIRST, (PREVIOUS,), False, VALUE),
        (SECOND, (CURRENT,), True, VALUE),
    ]
    assert secret.version_of(SECOND) == secret.staged(CURRENT)
    assert secret.version_of(FIRST.upper()) is None
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(secret), type=Secret) == secret


@given(st.lists(versions, max_size=5).map(tuple))
def test_versions_go_in_and_come_out_alike(found):
    again = opened(closed(Contents(versions=found))).versions
    assert again == found
    assert [each.value for each in again] == [each.value for each in found]


@given(TOKENS)
def test_every_version_id_comes_back_letter_for_letter(token):
    assert version(token, 0, VALUE, False, ()).id == token
    assert len(packed(token)) in (16, len(token))


def test_an_arn_of_another_place_is_kept_whole():
    elsewhere = ARN.replace("us-east-1", "eu-west-3")
    assert (place_of(ACCOUNT, ARN), place_of(ACCOUNT, elsewhere)) == (f"{NAME}-aBc123", elsewhere)
    for arn in (ARN, elsewhere):
        secret = Secret(id=BOUNDARY)
        secret.arn = arn
        assert (secret.arn, secret.name) == (arn, NAME)
    assert arn_at(ACCOUNT, "") == Secret(id=BOUNDARY).arn == ""


def test_a_secret_with_one_small_value_takes_few_bytes():
    secret = fold(None, entries(*FACTS[:3]))
    held = Fold()
    held.extend([Recorded(IAM, entry.version, 1, entry) for entry in entries(*FACTS[:3])])
    state = held.states[BOUNDARY]
    parts = (state.id, state.contents, state.head)
    assert sys.getsizeof(state) + sum(map(sys.getsizeof, parts)) + 3 * 32 < 800
    assert not state.__dict__  # a draft's own table is not kept beside it
    assert state.contents == secret.contents


def test_neither_the_piece_nor_a_version_shows_a_value():
    secret = made()
    told = [*Secret.told("contents", b"", secret.contents)]
    assert [name for name, _, _ in told] == [
        "unique_id",
        "place",
        "description",
        "kms_key",
        "created",
        "changed",
        "versions",
    ]
    assert told[-1][2] == [
        {"id": FIRST, "created": 2, "stages": [PREVIOUS]},
        {"id": SECOND, "created": 4, "stages": [CURRENT], "binary": True},
    ]
    assert "ccc" not in f"{secret!r}{secret.versions!r}{told}"
    assert [*Secret.told("policy", "a", "b")] == [("policy", "a", "b")]


def test_another_layout_of_the_piece_is_another_shape(monkeypatch):
    monkeypatch.setitem(STATES, "secret", Secret)  # puts it back at the end
    known = shapes(["secret"])

    class Other(Secret, kw_only=True):
        contents: bytes = b""

    assert STATES["secret"] is Other
    assert shapes(["secret"]) != known


def test_versions_are_looked_at_without_copying_their_values():
    big = version(FIRST, 1, Sealed("k", b"v" * 1_000_000), False, (CURRENT,))
    piece = closed(Contents(versions=(big,) * 8))
    found = opened(piece).versions
    assert sum(each.size for each in found) > 8_000_000
    assert all(isinstance(each, Version) and isinstance(each.sealed, msgspec.Raw) for each in found)
    assert memoryview(found[0].sealed).obj is piece or sys.getsizeof(found[0]) < 200
