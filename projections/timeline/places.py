"""Opening a timeline at the place that a setting names."""

from pathlib import Path

from muniment.projections.timeline.apart import TimelineApart
from muniment.projections.timeline.database import Database
from muniment.projections.timeline.opening import Unsealer
from muniment.projections.timeline.postgresql import PostgreSQL
from muniment.projections.timeline.sqlite import SQLite


def database_at(place: Path | str) -> Database:
    """The live generation: a directory holds SQLite's files, a URL `postgresql://…` names a database."""
    return SQLite.live(place) if isinstance(place, Path) else PostgreSQL.live(place)


def generation_at(place: Path | str, generation: int) -> Database:
    """A generation that is not live (yet): for the process that fills it."""
    return SQLite(place, generation) if isinstance(place, Path) else PostgreSQL(place, generation)


def timeline_at(place: Path | str, unsealer: Unsealer) -> TimelineApart:
    """The timeline of a running process."""
    return TimelineApart(database_at(place), unsealer=unsealer)
