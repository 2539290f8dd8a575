"""A user's access key."""

from typing import Final

from muniment.domain.account.keys import (
    AccessKeyActivated,
    AccessKeyCreated,
    AccessKeyDeactivated,
    AccessKeyDeleted,
    AccessKeyRotationReminded,
    CredentialUsed,
)
from muniment.domain.ledger import Fact
from tests.golden.story.values import KEY, SECRET, START, USER_ID

BEGINS: Final[tuple[Fact, ...]] = (AccessKeyCreated("ana", KEY, SECRET, USER_ID),)
CHANGES: Final[tuple[Fact, ...]] = (
    CredentialUsed(KEY, START, "iam", "us-east-1"),
    AccessKeyRotationReminded("ana", KEY, 91),
    AccessKeyDeactivated("ana", KEY),
    AccessKeyActivated("ana", KEY),
)
ENDS: Final[tuple[Fact, ...]] = (AccessKeyDeleted("Anna", KEY),)
