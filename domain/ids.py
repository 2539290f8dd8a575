"""Identifiers as AWS spells them: 12-digit accounts and four-letter prefixes that tell what an id names.

Source: IAM User Guide, "IAM identifiers"; INTERFACES.md, row Ids. Randomness comes in as bytes, so this stays pure.
"""

from typing import Final

ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
UNIQUE_ID_CHARACTERS: Final = 17  # after the prefix: AIDA + 17
RANDOM_BYTES: Final = 11  # 17 characters of 5 bits

USER: Final = "AIDA"
ROLE: Final = "AROA"
GROUP: Final = "AGPA"
POLICY: Final = "ANPA"
ACCESS_KEY: Final = "AKIA"
ACCESS_KEY_CHARACTERS: Final = 20  # AKIA or ASIA and 16 letters
SESSION_KEY: Final = "ASIA"

NOBODY: Final = "000000000000"  # the account of unauthenticated callers (DESIGN §2)


def unique_id(prefix: str, random: bytes, characters: int = UNIQUE_ID_CHARACTERS) -> str:
    """`prefix` and `characters` letters of 5 bits each, taken from `random` (at least 5/8 bytes a character)."""
    number = int.from_bytes(random)
    letters = []
    for _ in range(characters):
        number, low = divmod(number, 32)
        letters.append(ALPHABET[low])
    return prefix + "".join(letters)


def account_number(random: bytes) -> str:
    """Twelve digits, the first not zero, from at least 8 random bytes."""
    return str(100_000_000_000 + int.from_bytes(random[:8]) % 900_000_000_000)


def is_account_number(text: str) -> bool:
    """Whether `text` is a 12-digit account number."""
    return len(text) == 12 and text.isascii() and text.isdigit()
