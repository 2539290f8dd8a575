"""Those who move and are renamed, before the ends: from here on they go by their new names."""

from typing import Final

from muniment.domain.account.groups import GroupMoved, GroupRenamed
from muniment.domain.account.users import UserMoved, UserRenamed
from muniment.domain.ledger import Fact

BEGINS: Final[tuple[Fact, ...]] = ()
CHANGES: Final[tuple[Fact, ...]] = ()
ENDS: Final[tuple[Fact, ...]] = (
    UserMoved("ana", "/"),
    UserRenamed("ana", "Anna"),
    GroupMoved("ops", "/"),
    GroupRenamed("ops", "Operators"),
)
