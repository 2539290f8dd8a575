"""Whether a document asks who the requester is: by condition keys or variables that name its name, tags or session."""

from functools import lru_cache

from muniment.domain.escalation.held import document
from muniment.domain.policy.checks.person import asks_who
from muniment.domain.policy.context_keys import context_keys
from muniment.domain.policy.variables import MalformedVariable


@lru_cache(maxsize=1_024)
def mentions_who(text: str) -> bool:
    """Whether it does; an empty text does not."""
    if not text:
        return False
    try:
        return any(asks_who(key.lower()) for key in context_keys(document(text)))
    except MalformedVariable:
        return True
