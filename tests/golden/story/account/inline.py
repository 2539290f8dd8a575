"""Inline policies of the three kinds."""

from typing import Final

from muniment.domain.account.inline import (
    GroupInlinePolicyDeleted,
    GroupInlinePolicyPut,
    RoleInlinePolicyDeleted,
    RoleInlinePolicyPut,
    UserInlinePolicyDeleted,
    UserInlinePolicyPut,
)
from muniment.domain.ledger import Fact
from tests.golden.story.values import ALLOW

BEGINS: Final[tuple[Fact, ...]] = ()
CHANGES: Final[tuple[Fact, ...]] = (
    UserInlinePolicyPut("ana", "own", ALLOW),
    GroupInlinePolicyPut("ops", "own", ALLOW),
    RoleInlinePolicyPut("app", "own", ALLOW),
)
ENDS: Final[tuple[Fact, ...]] = (
    UserInlinePolicyDeleted("Anna", "own"),
    GroupInlinePolicyDeleted("Operators", "own"),
    RoleInlinePolicyDeleted("app", "own"),
)
