"""A group and its member."""

from typing import Final

from muniment.domain.account.groups import GroupCreated, GroupDeleted, GroupMemberAdded, GroupMemberRemoved
from muniment.domain.ledger import Fact
from tests.golden.story.values import GROUP_ID

BEGINS: Final[tuple[Fact, ...]] = (GroupCreated("ops", GROUP_ID, "/team/"),)
CHANGES: Final[tuple[Fact, ...]] = (GroupMemberAdded("ops", "ana"),)
ENDS: Final[tuple[Fact, ...]] = (GroupMemberRemoved("Operators", "Anna"), GroupDeleted("Operators"))
