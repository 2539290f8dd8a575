"""Sessions that are ended before their time. The tables forget by themselves, so nothing has to be taken away."""

from typing import Final

from muniment.domain.account.escalation_guard import EscalationGuardSet
from muniment.domain.account.sessions import SessionRevoked, SessionsRevoked
from muniment.domain.account.trust_guard import ExternalIdRequirementSet
from muniment.domain.ledger import Fact
from tests.golden.story.values import ROLE_ID, START

BEGINS: Final[tuple[Fact, ...]] = ()
CHANGES: Final[tuple[Fact, ...]] = (
    SessionRevoked("ASIAAAAAAAAAAAAAAAAA"),
    SessionsRevoked(ROLE_ID, START),
    ExternalIdRequirementSet(True),
    EscalationGuardSet(True),
)
ENDS: Final[tuple[Fact, ...]] = (ExternalIdRequirementSet(False), EscalationGuardSet(False))
