"""Facts that end a data key: who must be forgotten for ever, by every node and after every restore (DESIGN §7)."""

from typing import Final

from muniment.domain.account.erasure import PrincipalErased
from muniment.domain.ledger import Entry
from muniment.domain.sealing import owner
from muniment.domain.secret.secrets import SecretDeleted

ERASING: Final = (PrincipalErased, SecretDeleted)


def erased_owner(entry: Entry) -> str | None:
    """The owner whose data key an entry ends; None for all other entries."""
    fact = entry.fact
    return owner(entry.boundary, fact.unique_id) if isinstance(fact, ERASING) else None
