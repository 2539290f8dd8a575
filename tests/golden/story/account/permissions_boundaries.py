"""Permissions boundaries."""

from typing import Final

from muniment.domain.account.permissions_boundaries import (
    RolePermissionsBoundaryRemoved,
    RolePermissionsBoundarySet,
    UserPermissionsBoundaryRemoved,
    UserPermissionsBoundarySet,
)
from muniment.domain.ledger import Fact
from tests.golden.story.values import ADMIN

BEGINS: Final[tuple[Fact, ...]] = ()
CHANGES: Final[tuple[Fact, ...]] = (UserPermissionsBoundarySet("ana", ADMIN), RolePermissionsBoundarySet("app", ADMIN))
ENDS: Final[tuple[Fact, ...]] = (UserPermissionsBoundaryRemoved("Anna"), RolePermissionsBoundaryRemoved("app"))
