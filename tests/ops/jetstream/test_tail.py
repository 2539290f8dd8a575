"""What is known of a boundary's newest entry only moves forward, and is bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from muniment.ops.jetstream.tail import BoundaryTail, Tail


@given(st.lists(st.integers(1, 100), min_size=1))
def test_the_newest_version_stays_in_whatever_order_it_is_learned(versions: list[int]) -> None:
    tail = BoundaryTail()
    for version in versions:
        tail.know("a", version, version * 10)
    assert tail.last("a") == Tail(max(versions), max(versions) * 10)
    assert tail.after("a", max(versions)) == max(versions) * 10
    assert tail.after("a", max(versions) + 1) is None


def test_the_least_recently_learned_boundary_goes_first() -> None:
    tail = BoundaryTail(size=2)
    for boundary in ("a", "b", "a", "c"):
        tail.know(boundary, 1, 1)
    assert tail.last("b") is None
    assert tail.last("a") == tail.last("c") == Tail(1, 1)


def test_a_forgotten_boundary_is_unknown() -> None:
    tail = BoundaryTail()
    tail.know("a", 3, 9)
    tail.forget("a")
    assert tail.last("a") is None
    assert tail.after("a", 3) is None
