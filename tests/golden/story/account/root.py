"""The account itself, its alias and its root user; what outlives everybody else."""

from typing import Final

from muniment.domain.account.account import (
    AccountAliasCreated,
    AccountAliasDeleted,
    AccountCreated,
    RootCredentialsReset,
)
from muniment.domain.account.erasure import PrincipalErased
from muniment.domain.account.keys import AccessKeyCreated, RootCredentialUsed
from muniment.domain.ledger import Fact
from tests.golden.story.values import ACCOUNT, ROOT_KEY, ROOT_KEY_2, SECRET, START, USER_ID

BEGINS: Final[tuple[Fact, ...]] = (
    AccountCreated("Management", "root@example.com"),
    AccountAliasCreated("acme"),
)
CHANGES: Final[tuple[Fact, ...]] = ()
ENDS: Final[tuple[Fact, ...]] = (
    PrincipalErased(USER_ID),
    AccessKeyCreated("", ROOT_KEY, SECRET, ACCOUNT),
    RootCredentialUsed(ROOT_KEY, START, "iam", "us-east-1"),
    RootCredentialsReset(ROOT_KEY_2, SECRET, (ROOT_KEY,)),
    AccountAliasDeleted("acme"),
)
