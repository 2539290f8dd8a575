"""A row holds what the plain telling says, byte for byte, whichever way it came into the file."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from muniment.domain import stored
from muniment.projections.readmodel import IAM, IAM_ACTIVITY, Recorded
from muniment.projections.timeline.places import database_at
from muniment.projections.timeline.timeline import Timeline
from tests.golden.story import history
from tests.projections.histories import Historian
from tests.projections.logs import Log

from .conftest import give
from .plain_rows import PlainRows


def the_story() -> list[Recorded]:
    """The whole golden story, both streams."""
    found: list[Recorded] = []
    for _, data in history():
        entry = stored.decode(data)
        stream = IAM_ACTIVITY if entry.boundary.startswith("activity.") else IAM
        sequence = 1 + sum(one.stream == stream for one in found)
        found.append(Recorded(stream, sequence, 1_700_000_000_000_000 + sequence, entry))
    return sorted(found, key=lambda one: one.stream)


def a_random_history(seed: int) -> list[Recorded]:
    """Six hundred facts in three boundaries."""
    chance, log = random.Random(seed), Log()  # noqa: S311 - the same history every time
    historian = Historian(log)
    for _ in range(600):
        historian.tell(lambda options: chance.choice(list(options)))
    return [
        Recorded(IAM, one.sequence, one.time_ns // 1_000, log.entry_of(one))  # as the feed gives them
        for one in log.messages
    ]


def held(timeline: Timeline) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """All rows, and what they touched."""
    tables = timeline.database.tables
    with timeline.database.engine.connect() as connection:
        rows = connection.execute(sa.select(tables.rows).order_by(tables.rows.c.id)).all()
        order = tables.resources.c.id, tables.resources.c.number
        touched = connection.execute(sa.select(tables.resources).order_by(*order)).all()
    return [tuple(row) for row in rows], [tuple(line) for line in touched]


@pytest.mark.parametrize("bulk", [False, True], ids=["live", "filled"])
@pytest.mark.parametrize(
    "entries", [the_story(), a_random_history(1), a_random_history(2)], ids=["story", "random-1", "random-2"]
)
def test_every_byte_of_a_row_is_what_the_plain_telling_says(
    entries: Sequence[Recorded], bulk: bool, tmp_path: Path
) -> None:
    timeline = Timeline(database_at(tmp_path))
    if bulk:
        timeline.begin_bulk(10**6)
    rows, touched = held(give(timeline, entries, 300))
    timeline.close()
    assert len(rows) == len(entries)
    plain, lines = PlainRows(), []
    for recorded, row in zip(entries, rows, strict=True):
        wanted, named = plain.of(recorded, row)
        assert row == wanted
        lines += named
    assert touched == lines
