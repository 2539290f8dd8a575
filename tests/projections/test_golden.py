"""Every fact of stream IAM either changes what a model shows or is listed in its IGNORES; nothing passes unnoticed."""

import subprocess
import sys

import msgspec
import pytest

from muniment.domain.boundary import State
from muniment.domain.ledger import FACTS
from muniment.projections.fold import FoldedModel
from tests.golden.story import STORY
from tests.projections.worlds import World


def known_facts() -> set[str]:
    return {
        name for (name, _), fact in FACTS.items() if fact.__module__.startswith("muniment.") and fact.kind != "activity"
    }


def shown(model: FoldedModel) -> bytes:
    """What a model shows, without the versions and heads that every entry moves."""
    return model.digest_of({name: still(state) for name, state in model.table.items()})


def still(state: State) -> State:
    return msgspec.structs.replace(state, version=0, head=b"", position=0)


def test_the_story_holds_every_fact() -> None:
    assert {type(fact).__name__ for _, fact in STORY} == known_facts()


@pytest.mark.parametrize("name", ["directory", "access", "credentials"])
def test_every_fact_changes_the_model_or_is_ignored_by_name(name: str) -> None:
    world = World()
    model = next(model for model in world.models if model.name == name)
    changing, passing = set(), set()
    for boundary, fact in STORY:
        before = shown(model)
        world.happened(fact, boundary=boundary)
        assert not model.stopped, model.status
        concerned = model.reads(boundary)
        if shown(model) != before:
            assert concerned
            changing.add(type(fact).__name__)
        elif concerned:
            passing.add(type(fact).__name__)
    assert passing - changing == model.IGNORES


def test_what_is_ignored_exists() -> None:
    for model in World().models:
        assert known_facts() >= model.IGNORES


def test_a_reader_knows_every_fact_without_the_writing_side() -> None:
    program = (
        "import muniment.projections.feed, sys\n"
        "from muniment.domain.ledger import FACTS\n"
        "assert not any(name.startswith('muniment.commands') for name in sys.modules)\n"
        "print(*sorted(name for (name, _), fact in FACTS.items() if fact.kind != 'activity'))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(found.stdout.split()) == known_facts()


@pytest.mark.parametrize("name", ["directory", "access", "credentials"])
def test_no_fact_needs_to_know_who_recorded_it_to_change_a_model_that_reads_changes_only(name: str) -> None:
    whole, lean = World(), World()
    lean.chains.changes_only = True
    of_whole, of_lean = (next(model for model in world.models if model.name == name) for world in (whole, lean))
    assert of_lean.CHANGES_ONLY
    for boundary, fact in STORY:
        whole.happened(fact, boundary=boundary)
        (told,) = lean.take([lean.log.append(boundary, fact)])
        assert (told.entry.actor.arn, told.entry.command.id) == ("", "")
        assert not of_lean.stopped, of_lean.status
    assert of_lean.digest() == of_whole.digest()
