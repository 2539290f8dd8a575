"""Applications with types, policies and entities of their own."""

from typing import Final

from muniment.domain.account.applications import (
    ApplicationDeleted,
    ApplicationEntityDeleted,
    ApplicationEntityPut,
    ApplicationPolicyDeleted,
    ApplicationPolicyPut,
    ApplicationRegistered,
    ApplicationTypesChanged,
)
from muniment.domain.ledger import Fact
from tests.golden.story.values import ALLOW, DENY

BEGINS: Final[tuple[Fact, ...]] = (
    ApplicationRegistered("Records", ("person",), {"record": ("read", "write")}, "keeps records"),
    ApplicationEntityPut("Records", "person", "alice", {"role": ("admin", "auditor")}),
)
CHANGES: Final[tuple[Fact, ...]] = (
    ApplicationTypesChanged("Records", ("person", "robot"), {"record": ("read", "write", "delete")}),
    ApplicationPolicyPut("Records", "readers", "person", ALLOW),
    ApplicationPolicyPut("Records", "own", "person", DENY, "alice"),
)
ENDS: Final[tuple[Fact, ...]] = (
    ApplicationPolicyDeleted("Records", "own", "person", "alice"),
    ApplicationPolicyDeleted("Records", "readers", "person"),
    ApplicationEntityDeleted("Records", "person", "alice"),
    ApplicationDeleted("Records"),
)
