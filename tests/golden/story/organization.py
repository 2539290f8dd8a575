"""What happens to an organization."""

from typing import Final

from muniment.domain.ledger import Fact
from muniment.domain.organization.leaving import AccountRemoved, OrganizationDissolved
from muniment.domain.organization.policies import (
    AllFeaturesEnabled,
    OrganizationPolicyAttached,
    OrganizationPolicyChanged,
    OrganizationPolicyCreated,
    OrganizationPolicyDeleted,
    OrganizationPolicyDetached,
    PolicyTypeDisabled,
    PolicyTypeEnabled,
)
from muniment.domain.organization.state import AccountCreationFailed, AccountJoined, OrganizationCreated
from muniment.domain.organization.tagging import OrganizationResourceTagged, OrganizationResourceUntagged
from muniment.domain.organization.units import (
    AccountMoved,
    OrganizationalUnitCreated,
    OrganizationalUnitDeleted,
    OrganizationalUnitRenamed,
)
from tests.golden.story.values import ACCOUNT, ALLOW, DENY, NEW, ORGANIZATION

ROOT: Final = "r-aaaa"
UNIT: Final = "ou-aaaa-bbbbbbbb"
POLICY: Final = "p-aaaaaaaaaa"
SCP: Final = "SERVICE_CONTROL_POLICY"

BOUNDARY: Final = f"organization.{ORGANIZATION}"
FACTS: Final[tuple[Fact, ...]] = (
    OrganizationCreated(ACCOUNT, "Management", "root@example.com", ROOT, "CONSOLIDATED_BILLING"),
    AccountJoined(NEW, "Two", "two@example.com", "car-aaaaaaaaaaaaaaaaa", {"Team": "blue"}),
    AccountCreationFailed("Three", "two@example.com", "car-bbbbbbbbbbbbbbbbb", "EMAIL_ALREADY_EXISTS"),
    AllFeaturesEnabled("h-aaaaaaaaaaaaaaaaa"),
    PolicyTypeEnabled(SCP),
    OrganizationalUnitCreated(UNIT, "Production", ROOT, {"Team": "blue"}),
    OrganizationalUnitRenamed(UNIT, "Live"),
    AccountMoved(NEW, ROOT, UNIT),
    OrganizationPolicyCreated(POLICY, SCP, "NoIAM", "nobody touches identities", DENY, {"Team": "blue"}),
    OrganizationPolicyChanged(POLICY, "ReadIAM", "identities are only read", ALLOW),
    OrganizationPolicyAttached(POLICY, UNIT),
    OrganizationResourceTagged(UNIT, {"Stage": "live"}),
    OrganizationResourceTagged(POLICY, {"Stage": "live"}),
    OrganizationResourceTagged(NEW, {"Stage": "live"}),
    OrganizationResourceTagged(ROOT, {"Stage": "live"}),
    OrganizationResourceUntagged(UNIT, ("Stage",)),
    OrganizationPolicyDetached(POLICY, UNIT),
    OrganizationPolicyDeleted(POLICY),
    AccountMoved(NEW, UNIT, ROOT),
    OrganizationalUnitDeleted(UNIT),
    PolicyTypeDisabled(SCP),
    AccountRemoved(NEW),
    OrganizationDissolved(ACCOUNT),
)
