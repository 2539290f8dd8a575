"""Stored bytes that are no entry are called damaged, whatever they are: readers stop at them and name the sequence."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain import stored
from muniment.domain.account.users import UserCreated
from tests.projections.logs import ACCOUNT, Log

DATA = Log().append(ACCOUNT, UserCreated("ana", "AIDAANA", tags={"team": "red"})).data


@given(st.integers(0, len(DATA) - 1), st.binary(min_size=1, max_size=3))
def test_altered_bytes_are_an_entry_or_are_called_damaged(place, strange):
    altered = DATA[:place] + strange + DATA[place + len(strange) :]
    with contextlib.suppress(stored.Damaged, stored.UnknownFact):
        stored.decode(altered)


def test_text_that_is_not_utf_8_is_damage():
    with pytest.raises(stored.Damaged):
        stored.decode(DATA.replace(b"ana", b"\xff\xff\xff"))


def test_endless_nesting_is_damage():
    body = msgspec.msgpack.decode(stored.open_envelope(DATA).body)
    body["command"]["parameters"] = {"deep": "here"}
    deep = msgspec.msgpack.encode(body).replace(msgspec.msgpack.encode("here"), b"\x91" * 100_000 + b"\xc0")
    with pytest.raises(stored.Damaged):
        stored.decode(stored.encode_envelope(deep, "k", b"s"))
