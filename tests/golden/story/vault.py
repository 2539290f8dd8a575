"""What happens to the names of an account's secrets."""

from typing import Final

from muniment.domain.ledger import Fact
from muniment.domain.vault.state import (
    SecretRegistered,
    SecretRemovalCancelled,
    SecretRemovalScheduled,
    SecretUnregistered,
)
from tests.golden.story.values import ACCOUNT, FAR, SECRET_ARN, SECRET_BOUNDARY, SECRET_NAME

BOUNDARY: Final = f"vault.{ACCOUNT}"
FACTS: Final[tuple[Fact, ...]] = (
    SecretRegistered(SECRET_NAME, SECRET_BOUNDARY, SECRET_ARN),
    SecretRemovalScheduled(SECRET_NAME, FAR),
    SecretRemovalCancelled(SECRET_NAME),
    SecretUnregistered(SECRET_NAME),
)
