"""What happens to an organization."""

from typing import Final

from muniment.domain.ledger import Fact
from muniment.domain.organization.state import AccountCreationFailed, AccountJoined, OrganizationCreated
from tests.golden.story.values import ACCOUNT, NEW, ORGANIZATION

BOUNDARY: Final = f"organization.{ORGANIZATION}"
FACTS: Final[tuple[Fact, ...]] = (
    OrganizationCreated(ACCOUNT, "Management", "root@example.com", "r-aaaa", "CONSOLIDATED_BILLING"),
    AccountJoined(NEW, "Two", "two@example.com", "car-aaaaaaaaaaaaaaaaa", {"Team": "blue"}),
    AccountCreationFailed("Three", "two@example.com", "car-bbbbbbbbbbbbbbbbb", "EMAIL_ALREADY_EXISTS"),
)
