"""Passwords of a user and of root, the account's policy for them, and the report about them."""

from typing import Final

from muniment.domain.account.passwords import (
    LoginProfileCreated,
    LoginProfileDeleted,
    PasswordChanged,
    PasswordPolicyDeleted,
    PasswordPolicySet,
    PasswordRehashed,
    PasswordReset,
    PasswordResetRequirementSet,
)
from muniment.domain.account.reports import CredentialReportRequested
from muniment.domain.ledger import Fact
from tests.golden.story.values import SECRET, SECRET_2

BEGINS: Final[tuple[Fact, ...]] = (
    PasswordPolicySet(12, True, True, True, True, True, 90, 24, True),
    LoginProfileCreated("ana", SECRET, True),
    LoginProfileCreated("", SECRET),
)
CHANGES: Final[tuple[Fact, ...]] = (
    PasswordChanged("ana", SECRET_2),
    PasswordRehashed("ana", SECRET),
    PasswordReset("ana", SECRET_2, True),
    PasswordResetRequirementSet("ana", False),
    CredentialReportRequested(),
)
ENDS: Final[tuple[Fact, ...]] = (
    LoginProfileDeleted(""),
    LoginProfileDeleted("Anna"),
    PasswordPolicyDeleted(),
)
