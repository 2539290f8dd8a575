"""`muniment:SimulatePrincipalPolicy`: IAM's simulation, of any past moment too."""

from typing import Any, ClassVar

from muniment.domain.boundary import State, new_state
from muniment.domain.errors import ValidationError
from muniment.domain.quotas import PAGE_ITEMS_MAX
from muniment.projections.access.model import Access
from muniment.projections.past.asking import AsOf, access_at
from muniment.projections.queries.iam import simulate
from muniment.projections.query import Asked, Views


class ViewsAt:
    """What a simulation asks, as it was at a moment."""

    def __init__(self, views: Views, access: Access) -> None:
        self._views, self.access = views, access

    def __getattr__(self, name: str) -> Any:
        return getattr(self._views, name)

    def state(self, boundary: str) -> State:
        """The state of a boundary at the moment; the empty one where nothing had been recorded yet."""
        found: State | None = self.access.table.get(boundary)
        return found if found is not None else new_state(boundary)


class SimulatePrincipalPolicy(simulate.SimulatePrincipalPolicy, frozen=True, kw_only=True, rename="pascal"):
    """What the policies of a user, group or role would decide, now or `as_of` a moment; otherwise as IAM's action.

    Whoever asks is judged by what is so now.
    """

    service = "muniment"
    models: ClassVar[tuple[str, ...]] = ("access", "directory", "past")

    as_of: AsOf = None

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        if not 1 <= self.max_items <= PAGE_ITEMS_MAX:
            raise ValidationError(f"1 validation error detected: MaxItems must be between 1 and {PAGE_ITEMS_MAX}")
        if self.as_of is None:
            return super().answer(views, asked)
        there: Any = ViewsAt(views, access_at(views, self.as_of, asked))
        return super().answer(there, asked)
