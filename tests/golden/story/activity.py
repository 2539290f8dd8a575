"""What is noted beside the log of changes, in stream IAM_ACTIVITY."""

from typing import Final

from muniment.domain.activity.requests import (
    CommandConfirmed,
    CommandRefused,
    QueryAnswered,
    QueryRefused,
    UnauthenticatedRefused,
)
from muniment.domain.ledger import Fact
from tests.golden.story.values import ACCOUNT, ANA, START

BOUNDARY: Final = f"activity.{ACCOUNT}"
FACTS: Final[tuple[Fact, ...]] = (
    CommandConfirmed(True),
    CommandRefused("NoSuchEntity", "The user with name eva cannot be found.", (ANA,)),
    QueryRefused("AccessDenied", "User: nobody is not authorized", (ANA,)),
    QueryAnswered((ANA,)),
    UnauthenticatedRefused(3, {"InvalidClientTokenId": 3}, START, START + 1, {"source": "sealed"}),
)
