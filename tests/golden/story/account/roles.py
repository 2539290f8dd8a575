"""A role that a user may take."""

from typing import Final

from muniment.domain.account.roles import (
    RoleCreated,
    RoleDeleted,
    RoleDescriptionChanged,
    RoleSessionDurationChanged,
    RoleTagged,
    RoleTrustPolicyReplaced,
    RoleUntagged,
    RoleUsed,
)
from muniment.domain.ledger import Fact
from tests.golden.story.values import ANA, READ, ROLE_ID, START, TRUST, USER_ID

BEGINS: Final[tuple[Fact, ...]] = (
    RoleCreated("app", ROLE_ID, TRUST % USER_ID, "/team/", "runs", 7_200, READ, {"Team": "blue"}, {USER_ID: ANA}),
)
CHANGES: Final[tuple[Fact, ...]] = (
    RoleTagged("app", {"Cost": "1"}),
    RoleUntagged("app", ("Cost",)),
    RoleDescriptionChanged("app", "walks"),
    RoleSessionDurationChanged("app", 3_600),
    RoleTrustPolicyReplaced("app", TRUST % USER_ID, {USER_ID: ANA}),  # what it was: the bytes are pinned
    RoleTrustPolicyReplaced("app", TRUST % "*"),
    RoleUsed("app", ROLE_ID, START, "us-east-1"),
)
ENDS: Final[tuple[Fact, ...]] = (RoleDeleted("app"),)
