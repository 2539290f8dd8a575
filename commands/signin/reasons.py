"""Why a sign-in was refused: words for the record. The client reads one sentence, whichever it was (SECURITY 7, CVE row 6)."""

from typing import Final

UNKNOWN_ACCOUNT: Final = "unknown-account"
UNKNOWN_USER: Final = "unknown-user"
NO_PASSWORD: Final = "no-password"  # noqa: S105
WRONG_PASSWORD: Final = "wrong-password"  # noqa: S105
PASSWORD_EXPIRED: Final = "password-expired"  # noqa: S105
PASSWORD_NOT_TAKEN: Final = "password-not-taken"  # noqa: S105 - the new one breaks the account's policy
WRONG_CODE: Final = "wrong-code"
WRONG_RECOVERY_CODE: Final = "wrong-recovery-code"
WRONG_SECURITY_KEY: Final = "wrong-security-key"
CLONED_SECURITY_KEY: Final = "cloned-security-key"
CHANGED: Final = "credentials-changed"
TOO_MANY: Final = "too-many-attempts"
EVERY: Final = frozenset(
    {
        UNKNOWN_ACCOUNT, UNKNOWN_USER, NO_PASSWORD, WRONG_PASSWORD, PASSWORD_EXPIRED, PASSWORD_NOT_TAKEN, WRONG_CODE,
        WRONG_RECOVERY_CODE, WRONG_SECURITY_KEY, CLONED_SECURITY_KEY, CHANGED, TOO_MANY,
    }
)  # fmt: skip
