"""Sessions of sign-in: of a user, and of root. They end before the passwords are changed, which would end them."""

from typing import Final

from muniment.domain.account.sign_ins import (
    RootSignInSessionStarted,
    SignInSessionEnded,
    SignInSessionRenewed,
    SignInSessionsEnded,
    SignInSessionStarted,
)
from muniment.domain.ledger import Fact
from tests.golden.story.values import ACCOUNT, DIGEST, DIGEST_2, DIGEST_3, FAR, PHONE, SIGN_IN, SIGN_IN_2, USER_ID

BEGINS: Final[tuple[Fact, ...]] = (
    SignInSessionStarted("ana", SIGN_IN, USER_ID, DIGEST, FAR, PHONE, "token"),
    RootSignInSessionStarted("", SIGN_IN_2, ACCOUNT, DIGEST_2, FAR),
)
CHANGES: Final[tuple[Fact, ...]] = (
    SignInSessionRenewed("ana", SIGN_IN, USER_ID, DIGEST, DIGEST_3, "recovery"),
    SignInSessionEnded("ana", SIGN_IN, USER_ID),
    SignInSessionsEnded("", ACCOUNT),
)
ENDS: Final[tuple[Fact, ...]] = ()
