"""Managed policies on users, groups and roles."""

from typing import Final

from muniment.domain.account.attachments import (
    GroupPolicyAttached,
    GroupPolicyDetached,
    RolePolicyAttached,
    RolePolicyDetached,
    UserPolicyAttached,
    UserPolicyDetached,
)
from muniment.domain.ledger import Fact
from tests.golden.story.values import ADMIN, READ

BEGINS: Final[tuple[Fact, ...]] = ()
CHANGES: Final[tuple[Fact, ...]] = (
    UserPolicyAttached("ana", READ),
    GroupPolicyAttached("ops", READ),
    RolePolicyAttached("app", ADMIN),
)
ENDS: Final[tuple[Fact, ...]] = (
    UserPolicyDetached("Anna", READ),
    GroupPolicyDetached("Operators", READ),
    RolePolicyDetached("app", ADMIN),
)
