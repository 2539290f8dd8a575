"""Drafts: whole states are never changed, and only what a fact writes to is copied (DESIGN §4)."""

import msgspec

from muniment.domain.account.state import Account
from muniment.domain.account.users import UserCreated, UserTagged
from muniment.domain.boundary import State, fold, new_state
from muniment.domain.ledger import Actor, Cause, Entry, Fact
from tests.golden.story import history

_encode = msgspec.msgpack.Encoder().encode
ACTOR = Actor("111122223333", "arn:aws:iam::111122223333:root", "111122223333", "Root")


def _entry(state: State, fact: Fact) -> Entry:
    return Entry("", state.id, state.version + 1, 1, ACTOR, Cause("iam:Test", "r"), state.head, fact)


def _account(*names: str) -> Account:
    state = new_state("account.111122223333")
    for name in names:
        state.apply(_entry(state, UserCreated(name, f"AIDA{name}", "/")))
    assert isinstance(state, Account)
    return state


def test_no_fact_of_the_story_changes_the_state_it_was_drafted_from() -> None:
    states: dict[str, State] = {}
    for entry, _ in history():
        before = states.get(entry.boundary) or new_state(entry.boundary)
        stored = _encode(before)
        after = before.draft()
        after.apply(msgspec.structs.replace(entry, version=before.version + 1, prev=before.head))
        assert _encode(before) == stored, type(entry.fact).__name__
        states[entry.boundary] = after


def test_a_table_that_no_fact_asked_for_stays_shared() -> None:
    before = _account("ann")
    after = before.draft()
    after.apply(_entry(before, UserTagged("ann", {"team": "blue"})))
    assert after.users is not before.users
    assert after.ids is before.ids
    assert after.policies is before.policies


def test_a_draft_of_a_draft_does_not_see_what_the_first_one_writes_later() -> None:
    first = _account("ann").draft()
    first.apply(_entry(first, UserCreated("bob", "AIDAbob", "/")))
    second = first.draft()
    first.apply(_entry(first, UserCreated("cleo", "AIDAcleo", "/")))
    assert set(second.users) == {"ann", "bob"}
    assert set(first.users) == {"ann", "bob", "cleo"}


def test_what_is_shared_is_not_stored() -> None:
    before = _account("ann")
    assert _encode(before) == _encode(before.draft())


def test_folding_copies_a_table_once_for_many_entries() -> None:
    before = _account("ann")
    facts = [UserTagged("ann", {"n": str(n)}) for n in range(3)]
    followers: list[Entry] = []
    for fact in facts:
        followers.append(
            Entry("", before.id, before.version + 1 + len(followers), 1, ACTOR, Cause("iam:Test", "r"), b"", fact)
        )
    drafted = before.draft()
    seen = set()
    for entry in followers:
        drafted.apply(msgspec.structs.replace(entry, prev=drafted.head))
        seen.add(id(drafted.users))
    assert len(seen) == 1
    assert fold(before, []) is before
