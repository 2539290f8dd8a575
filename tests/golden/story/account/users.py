"""A user."""

from typing import Final

from muniment.domain.account.users import UserCreated, UserDeleted, UserTagged, UserUntagged
from muniment.domain.ledger import Fact
from tests.golden.story.values import READ, USER_ID

BEGINS: Final[tuple[Fact, ...]] = (UserCreated("ana", USER_ID, "/team/", READ, {"Team": "blue"}),)
CHANGES: Final[tuple[Fact, ...]] = (UserTagged("ana", {"Cost": "1"}), UserUntagged("ana", ("Cost",)))
ENDS: Final[tuple[Fact, ...]] = (UserDeleted("Anna"),)
