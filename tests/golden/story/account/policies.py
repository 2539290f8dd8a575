"""A managed policy and its versions."""

from typing import Final

from muniment.domain.account.policies import (
    PolicyCreated,
    PolicyDefaultVersionSet,
    PolicyDeleted,
    PolicyTagged,
    PolicyUntagged,
    PolicyVersionCreated,
    PolicyVersionDeleted,
)
from muniment.domain.ledger import Fact
from tests.golden.story.values import ALLOW, DENY, POLICY_ID, READ

BEGINS: Final[tuple[Fact, ...]] = (PolicyCreated("Read", POLICY_ID, ALLOW, "/team/", "reads", {"Team": "blue"}),)
CHANGES: Final[tuple[Fact, ...]] = (
    PolicyVersionCreated(READ, "v2", DENY, True),
    PolicyDefaultVersionSet(READ, "v1"),
    PolicyTagged(READ, {"Cost": "1"}),
    PolicyUntagged(READ, ("Cost",)),
)
ENDS: Final[tuple[Fact, ...]] = (PolicyVersionDeleted(READ, "v2"), PolicyDeleted(READ))
