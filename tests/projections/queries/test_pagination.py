"""Pagination: markers are good for their own question alone, and a walk over pages misses nothing and doubles nothing."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.queries.pagination import CURSOR_SECONDS_MAX, BadCursor, Cursors, key_of

SECRET = b"s" * 32
NOW = 1_700_000_000_000_000


def cursors(
    now: int = NOW, secret: bytes = SECRET, question: tuple[object, ...] = ("iam", "ListUsers", "111111111111", {})
) -> Cursors:
    return Cursors.about(secret, now, *question)


def rows(names: set[str]) -> list[tuple[bytes, str]]:
    return [(key_of(name), name) for name in names]


texts = st.text(min_size=0, max_size=300)
names = st.text(alphabet="abAB+=,.@-_", min_size=1, max_size=4)


def test_a_list_that_fits_has_no_marker() -> None:
    page = cursors().page(rows({"a", "b"}), "", 2)
    assert page.items == ["a", "b"]
    assert page.marker is None


def test_a_longer_list_goes_on_after_its_marker() -> None:
    first = cursors().page(rows({"a", "b", "c"}), "", 2)
    assert first.items == ["a", "b"]
    assert first.marker is not None
    assert cursors().page(rows({"a", "b", "c"}), first.marker, 2).items == ["c"]


@given(st.lists(st.sets(names, max_size=12), min_size=1, max_size=12), st.sets(names, max_size=6), st.integers(1, 4))
def test_what_stays_throughout_is_shown_exactly_once(others: list[set[str]], steady: set[str], limit: int) -> None:
    """Items come and go between any two pages; `steady` are there all the time."""
    seen: list[str] = []
    marker = ""
    for turn in range(1_000):
        present = steady | others[turn % len(others)]
        page = cursors(NOW + turn).page(rows(present), marker, limit)
        seen += page.items
        if page.marker is None:
            break
        marker = page.marker
    else:
        pytest.fail("the walk did not end")
    assert len(seen) == len(set(seen))
    assert steady <= set(seen)
    assert set(seen) <= steady.union(*others)


@given(st.lists(texts, min_size=2, max_size=6, unique=True))
def test_every_text_has_a_key_of_its_own_and_fits_a_marker(values: list[str]) -> None:
    assert len({key_of(value) for value in values}) == len(values)
    for value in values:
        assert len(cursors().marker(key_of(3, value))) <= 320  # the model's limit of a Marker


@given(st.text(alphabet="abc\0é𐍈", max_size=40), st.text(alphabet="abc\0é𐍈", max_size=40))
def test_short_keys_sort_as_their_texts(left: str, right: str) -> None:
    assert (key_of(left) < key_of(right)) == (left < right)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_numbers_sort_as_numbers(left: int, right: int) -> None:
    assert (key_of(left, "x") < key_of(right, "x")) == (left < right)


@pytest.mark.parametrize(
    "other",
    [
        cursors(question=("iam", "ListRoles", "111111111111", {})),
        cursors(question=("iam", "ListUsers", "222222222222", {})),
        cursors(question=("iam", "ListUsers", "111111111111", {"PathPrefix": "/a/"})),
        cursors(secret=b"t" * 32),
    ],
    ids=["another action", "another account", "another filter", "another key"],
)
def test_a_marker_given_for_another_question_is_refused(other: Cursors) -> None:  # SECURITY CVE row 30
    with pytest.raises(BadCursor):
        cursors().key(other.marker(key_of("ana")))


@given(texts, texts)
def test_questions_cannot_run_into_each_other(left: str, right: str) -> None:
    """`("ab", "c")` and `("a", "bc")` are two questions (SECURITY CVE row 25: length-prefixed keys)."""
    whole = left + right
    for cut in range(len(whole) + 1):
        if (whole[:cut], whole[cut:]) != (left, right):
            with pytest.raises(BadCursor):
                cursors(question=(left, right)).key(cursors(question=(whole[:cut], whole[cut:])).marker(b"k"))


def test_a_stale_marker_is_refused_and_a_day_old_one_is_not() -> None:
    marker = cursors().marker(key_of("ana"))
    assert cursors(NOW + CURSOR_SECONDS_MAX * 1_000_000).key(marker) == key_of("ana")
    with pytest.raises(BadCursor):
        cursors(NOW + (CURSOR_SECONDS_MAX + 1) * 1_000_000).key(marker)


def test_every_prefix_suffix_padding_and_flip_is_refused() -> None:  # SECURITY CVE row 19
    marker = cursors().marker(key_of("ana"))
    damaged = {marker[:n] for n in range(len(marker))} | {marker[n:] for n in range(1, len(marker))}
    damaged |= {
        marker + "=",
        marker + "==",
        " " + marker,
        marker + "\n",
        marker + "A",
        "!" + marker,
        marker.replace("-", "+") + "é",
    }
    damaged |= {marker[:n] + marker[n].swapcase() + marker[n + 1 :] for n in range(len(marker)) if marker[n].isalpha()}
    raw = base64.urlsafe_b64decode(marker + "=" * (-len(marker) % 4))
    for place in range(len(raw)):
        flipped = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        damaged.add(base64.urlsafe_b64encode(flipped).rstrip(b"=").decode())
    for text in damaged - {marker}:
        with pytest.raises(BadCursor):
            cursors().key(text)


@given(st.text(max_size=400))
def test_any_text_at_all_is_refused_without_another_error(text: str) -> None:
    with pytest.raises(BadCursor):
        cursors().key(text)


def test_the_key_is_never_shown() -> None:
    assert SECRET.decode() not in repr(cursors())
