"""Views as of a moment: what queries ask of the directory and of `Access`, answered from the states that there were."""

from typing import Any

from muniment.domain.boundary import State
from muniment.domain.errors import ValidationError
from muniment.projections.access.model import Access
from muniment.projections.query import Views

ONLY_NOW = "is known only as it is now"


class ViewsAt:
    """Implements `projections.query.Views` for every query that is answered from states."""

    def __init__(self, now: Views, position: int) -> None:
        self._now, self.position = now, position

    def state(self, boundary: str) -> State:
        """The state of a boundary at the moment."""
        found: State = self._now.past.state(boundary, self.position)
        return found

    @property
    def access(self) -> Access:
        """Who might do what."""
        found: Access = self._now.past.access(self.position)
        return found

    @property
    def cursor_key(self) -> bytes:
        """The secret of markers. Theirs are good as of any moment: they name places, not contents."""
        return self._now.cursor_key

    @property
    def past(self) -> Any:
        """For queries that name a moment themselves."""
        return self._now.past

    @property
    def credentials(self) -> Any:
        """Raises ValidationError."""
        raise ValidationError(f"when credentials were used {ONLY_NOW}")

    @property
    def timeline(self) -> Any:
        """Raises ValidationError."""
        raise ValidationError("the timeline is about the past already: ask it by time")

    @property
    def rebuilds(self) -> Any:
        """Raises ValidationError."""
        raise ValidationError(f"the state of this process {ONLY_NOW}")

    what_if = unsealer = rebuilds
