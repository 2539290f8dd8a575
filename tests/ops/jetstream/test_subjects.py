"""Subjects: every topic comes back as it was, and nothing can escape its boundary."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.ops.jetstream.subjects import BadSubject, Subjects, escape, unescape


@given(st.text(min_size=1))
def test_a_topic_is_one_token_and_comes_back(topic: str) -> None:
    token = escape(topic)
    assert not set(token) & set(".*> \t\r\n")
    assert unescape(token) == topic


def test_a_fact_name_is_its_own_token() -> None:
    assert Subjects("iam", str).of("account.123456789012", "UserCreated") == "iam.account.123456789012.UserCreated"


@pytest.mark.parametrize("kind", [UUID, str])
def test_ids_come_back_with_their_type(kind: type) -> None:
    originator = uuid4() if kind is UUID else "account.123456789012"
    subjects = Subjects("iam", kind)
    assert subjects.parse(subjects.of(originator, "a.b%c")) == (originator, "a.b%c")


@pytest.mark.parametrize(
    "boundary", ["", ".", "a..b", ".a", "a.", "a b", "account.*", "account.>", "a\r\nPUB x 0", "a\tb"]
)
def test_an_id_that_is_no_plain_subject_is_refused(boundary: str) -> None:
    with pytest.raises(BadSubject):
        Subjects("iam", str).of(boundary, "UserCreated")
    with pytest.raises(BadSubject):
        Subjects("iam", str).boundary(boundary)


def test_an_empty_topic_and_an_endless_one_are_refused() -> None:
    with pytest.raises(BadSubject):
        Subjects("iam", str).of("account.1", "")
    with pytest.raises(BadSubject):
        Subjects("iam", str).of("account.1", "x" * 2000)
