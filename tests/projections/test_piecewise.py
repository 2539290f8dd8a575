"""Large states in pieces: what comes out is what one step would have given."""

import msgspec
import pytest

from muniment.domain.account.state import Account, User
from muniment.domain.boundary import STATES
from muniment.projections import piecewise


def account(users: int) -> Account:
    """An account whose bytes are more than is decoded in one step."""
    state = Account(id="account.123456789012", version=users, head=b"h" * 32, alias="corner-shop")
    for number in range(users):
        name = f"user-{number}"
        state.users[name] = User(f"AIDA{number:016}", name, "/staff/", 1_700_000_000_000_000, tags={"n": str(number)})
        state.ids[f"AIDA{number:016}"] = name
    return state


def test_a_large_state_decoded_in_pieces_is_the_state_that_was_stored() -> None:
    state = account(1_000)
    pauses: list[int] = []
    state.remembered.note(b"k" * 32, b"b" * 32, 1, 1)
    data = msgspec.msgpack.encode(state)
    assert len(data) > piecewise.SMALL_BYTES
    assert piecewise.decode(data, Account, lambda: pauses.append(1)) == state
    assert len(pauses) > 2 * 1_000 // piecewise.TOGETHER


def test_every_kind_of_state_can_be_decoded_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piecewise, "SMALL_BYTES", 0)
    for kind in STATES.values():
        state = kind(id=f"{kind.kind}.123456789012")
        assert piecewise.decode(msgspec.msgpack.encode(state), kind, lambda: None) == state


def test_equal_states_have_one_digest_however_their_tables_were_filled() -> None:
    state, other = account(50), account(50)
    other.users = dict(reversed(other.users.items()))
    assert piecewise.digest(state, lambda: None) == piecewise.digest(other, lambda: None)


def test_a_single_tag_changes_the_digest() -> None:
    state, other = account(50), account(50)
    other.users["user-7"] = msgspec.structs.replace(other.users["user-7"], tags={"n": "8"})
    assert piecewise.digest(state, lambda: None) != piecewise.digest(other, lambda: None)


def test_what_stands_in_one_table_is_not_taken_for_another() -> None:
    state, other = account(0), account(0)
    state.attachments, other.bounds = {"arn:a": 1}, {"arn:a": 1}
    assert piecewise.digest(state, lambda: None) != piecewise.digest(other, lambda: None)
