"""What happens to the site: accounts, organizations and aliases, which are unique in it."""

from typing import Final

from muniment.domain.ledger import Fact
from muniment.domain.site.state import (
    AccountRegistered,
    AccountRegistrationDeclined,
    AliasReleased,
    AliasReserved,
    OrganizationMembershipEnded,
    OrganizationRegistered,
    OrganizationUnregistered,
)
from tests.golden.story.values import ACCOUNT, NEW, ORGANIZATION

BOUNDARY: Final = "site.muniment"
FACTS: Final[tuple[Fact, ...]] = (
    AccountRegistered(ACCOUNT, "Management", "root@example.com"),
    OrganizationRegistered(ORGANIZATION, ACCOUNT, "CONSOLIDATED_BILLING"),
    AccountRegistered(NEW, "Two", "two@example.com", ORGANIZATION, "car-aaaaaaaaaaaaaaaaa"),
    AccountRegistrationDeclined("car-bbbbbbbbbbbbbbbbb", "Three"),
    AliasReserved("acme", ACCOUNT),
    AliasReleased("acme", ACCOUNT),
    OrganizationMembershipEnded(NEW, ORGANIZATION),
    OrganizationUnregistered(ORGANIZATION, ACCOUNT),
)
