"""For queries: `Access` as it is now, or as of the moment that a request names."""

from muniment.projections.access.model import Access
from muniment.projections.past.moment import AsOf
from muniment.projections.query import Asked, Views

__all__ = ["AsOf", "access_at"]


def access_at(views: Views, as_of: AsOf, asked: Asked) -> Access:
    """Who may do what: now where `as_of` is None, else at the moment it names. Raises ValidationError, PastUnreadable."""
    if as_of is None:
        live: Access = views.access
        return live
    past: Access = views.past.access(views.past.position(as_of, asked.now))
    return past
