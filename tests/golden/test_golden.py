"""Facts in the log are for ever: their bytes are pinned, and whatever was once written still decodes (EXAMPLES §1)."""

import pytest

from muniment.domain.boundary import fold, new_state
from muniment.domain.stored import Damaged, UnknownFact, decode
from tests.golden.story import BOUNDARIES, FOLDER, first_of_each, history, known_facts

FILES = sorted(path.name for path in FOLDER.glob("*.hex"))


def stored(name):
    return bytes.fromhex((FOLDER / name).read_text())


def test_every_fact_has_a_golden_file():
    missing = known_facts() - set(FILES)
    assert not missing, (
        "add the fact to tests/golden/story/ (its docstring says how) and run `python -m tests.golden.story`"
    )


def test_every_fact_is_in_the_story():
    assert known_facts() <= set(first_of_each())


@pytest.mark.parametrize("name", sorted(first_of_each()))
def test_the_bytes_of_a_fact_do_not_change(name):
    assert first_of_each()[name][1].hex() == stored(name).hex()


@pytest.mark.parametrize("name", FILES)
def test_what_was_once_written_still_decodes(name):
    entry = decode(stored(name))
    assert type(entry.fact).__name__ == name.split(".", 1)[0]
    assert new_state(entry.boundary).kind == type(entry.fact).kind


@pytest.mark.parametrize("name", sorted(first_of_each()))
def test_a_fact_comes_back_as_it_was(name):
    written, _ = first_of_each()[name]
    read = decode(stored(name))
    assert read.fact == written.fact
    assert (read.actor, read.command, read.time, read.prev) == (
        written.actor,
        written.command,
        written.time,
        written.prev,
    )


@pytest.mark.parametrize("name", FILES)
def test_a_sealed_value_is_never_in_a_repr(name):
    shown = repr(decode(stored(name)))
    assert "ciphertext" not in shown
    assert "address" not in shown


def test_the_story_could_have_happened():
    entries = [decode(stored) for _, stored in history()]
    for boundary in BOUNDARIES:
        mine = [entry for entry in entries if entry.boundary == boundary]
        if boundary.startswith("activity."):
            continue  # activity is chained per writer and has no state to be checked
        state = fold(None, mine)
        assert state is not None
        assert state.version == len(mine)


def test_at_its_end_nothing_is_left_over():
    account = fold(None, [decode(stored) for entry, stored in history() if entry.boundary.startswith("account.")])
    left = (
        account.users,
        account.groups,
        account.roles,
        account.policies,
        account.ids,
        account.attachments,
        account.bounds,
    )
    assert left == ({}, {}, {}, {}, {}, {}, {})
    assert len(account.root_keys) == len(account.keys) == 1


@pytest.mark.parametrize("cut", [0, 1, 10, 100])
def test_a_cut_message_is_damaged_and_nothing_else(cut):
    with pytest.raises(Damaged):
        decode(stored("UserCreated.1.hex")[:cut])


def test_a_fact_of_a_newer_program_is_named():
    newer = stored("UserCreated.1.hex").replace(b"UserCreated", b"UserCreatee")
    with pytest.raises(UnknownFact, match="unknown fact `UserCreatee` version 1"):
        decode(newer)
