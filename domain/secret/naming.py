"""Names of secrets: which are good, the ARN that AWS would give, and which secret a `SecretId` means.

Source: Secrets Manager user guide, "What's in a secret": the ARN ends with a hyphen and six random characters, and a partial ARN
leaves them away.
"""

import re
from typing import Final

from muniment.domain import ids
from muniment.domain.arn import ARN, PARTITION
from muniment.domain.secret.contents import REGION as REGION
from muniment.domain.secret.contents import SERVICE as SERVICE
from muniment.domain.secret.contents import SUFFIX_CHARACTERS, arn_at
from muniment.domain.secret.state import Secret, boundary_of

NAME: Final = re.compile(r"[A-Za-z0-9/_+=.@!-]{1,512}")
SUFFIX_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
ENDS_LIKE_A_SUFFIX: Final = re.compile(r"-[A-Za-z0-9]{6}\Z")
UNKNOWN_SUFFIX: Final = "??????"  # of a secret that is not there: policies on `name-*` and `name-??????` both mean it


def secret_arn(account: str, name: str, suffix: str) -> str:
    """`arn:aws:secretsmanager:us-east-1:ACCOUNT:secret:NAME-SUFFIX`"""
    return arn_at(account, f"{name}-{suffix}")


def suffix(random: bytes) -> str:
    """Six letters and digits, from at least twelve random bytes."""
    number = int.from_bytes(random)
    letters = []
    for _ in range(SUFFIX_CHARACTERS):
        number, low = divmod(number, len(SUFFIX_LETTERS))
        letters.append(SUFFIX_LETTERS[low])
    return "".join(letters)


def places(secret_id: str, account: str) -> tuple[str, ...]:
    """The boundaries in which the secret may be that a caller from `account` calls `secret_id`, the likeliest first.

    An ARN that ends like a whole one is taken for that; it may also be a partial one of a name that ends so.
    """
    parsed = ARN.parse(secret_id)
    if parsed is None:
        return (boundary_of(account, secret_id),)
    kind, _, name = parsed.resource.partition(":")
    if parsed.service != SERVICE or kind != "secret" or not ids.is_account_number(parsed.account):
        return (boundary_of(account, secret_id),)
    if ENDS_LIKE_A_SUFFIX.search(name):
        return boundary_of(parsed.account, name[: -SUFFIX_CHARACTERS - 1]), boundary_of(parsed.account, name)
    return (boundary_of(parsed.account, name),)


def is_meant(secret: Secret, secret_id: str) -> bool:
    """Whether `secret_id` is this secret's name, its ARN, or its ARN without the suffix."""
    arn = secret.arn
    return bool(arn) and secret_id in (secret.name, arn, arn[: -SUFFIX_CHARACTERS - 1])


def would_be_arn(secret_id: str, account: str) -> str:
    """The ARN that the gate is asked about where there is no such secret."""
    if ARN.parse(secret_id) is None:
        return secret_arn(account, secret_id, UNKNOWN_SUFFIX)
    return secret_id if ENDS_LIKE_A_SUFFIX.search(secret_id) else f"{secret_id}-{UNKNOWN_SUFFIX}"


def boundary_of_arn(arn: str) -> str | None:
    """The boundary of the secret with this whole ARN; None where it is no secret's."""
    if not arn.startswith(f"arn:{PARTITION}:{SERVICE}:"):
        return None
    segments = arn.split(":", 6)
    if len(segments) != 7 or segments[5] != "secret":
        return None
    return boundary_of(segments[4], segments[6][: -SUFFIX_CHARACTERS - 1])
