"""Words: what is found as text."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.timeline.words import WORD_CHARACTERS_MAX, folded, has, searchable, told, wanted, words


@pytest.mark.parametrize(
    ("text", "search", "found"),
    [
        ("UserCreated ana", "ana", True),
        ("UserCreated ana", "ANA usercreated", True),
        ("UserCreated ana", "ana bob", False),
        ("UserCreated ana", "user", False),
        ("UserCreated ana", "user*", True),
        ("s3:GetObject", "getobject", True),
        ("a-b_c.d@e", "b d", True),
        ("Ümit Straße", "ümit", True),
        ("ﬁx ①", "fix 1", True),
        ("数据，库", "数据", True),
        ("a\u00a0b", "b", True),
        (told("arn:aws:iam::111122223333:user/eng/ana"), "arn:aws:iam::111122223333:user/eng/ana", True),
        (told("arn:aws:iam::111122223333:user/eng/ana"), "arn:aws:iam::444455556666:user/eng/ana", False),
        ("anything", "", False),
        ("anything", "!?", False),
        ("x" * 300, "x*", False),
    ],
)
def test_a_search_finds_rows_that_have_all_its_words(text: str, search: str, found: bool) -> None:
    assert has(searchable([text]), wanted(search)) is found


@given(st.lists(st.text(max_size=30), max_size=5))
def test_sqlite_splits_a_line_into_the_same_words(texts: list[str]) -> None:
    line = searchable(texts)
    database = sqlite3.connect(":memory:")
    try:
        database.execute("CREATE VIRTUAL TABLE t USING fts5(words, tokenize='ascii', detail=none)")
        database.execute("CREATE VIRTUAL TABLE v USING fts5vocab('t', 'row')")
        database.execute("INSERT INTO t VALUES (?)", (line,))
        assert [term for (term,) in database.execute("SELECT term FROM v")] == sorted(words(line), key=str.encode)
    finally:
        database.close()


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing_and_a_text_finds_itself(text: str) -> None:
    line = searchable([text])
    assert folded(line) == line
    search = wanted(text)
    plain = [each for each in search if not each.prefix]
    assert not plain or has(line, tuple(plain))


@given(st.text(alphabet="aB9 é-\0", max_size=500))
def test_no_word_is_longer_than_a_word_may_be(text: str) -> None:
    assert all(len(word) <= WORD_CHARACTERS_MAX for word in words(searchable([text, text + text])))
