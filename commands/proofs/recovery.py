"""Recovery codes: eighty random bits each, so that a plain hash of one cannot be guessed back (SECURITY 8)."""

import base64
import hashlib
import unicodedata
from typing import Final

from muniment.commands.command import Given
from muniment.commands.keys import Sealer
from muniment.domain.account.passwords import hash_owner
from muniment.domain.account.recovery import recovery_field, recovery_of
from muniment.domain.account.state import Account
from muniment.domain.ledger import Sealed
from muniment.domain.quotas import RECOVERY_CODES
from muniment.domain.sealing import Unreadable

CODE_BYTES: Final = 10
CODE_CHARACTERS: Final = 16
GROUP: Final = 4
_LOOK_ALIKE: Final = str.maketrans({"0": "O", "1": "I", "8": "B"})  # digits that Base32 has not


def new_codes(given: Given) -> tuple[str, ...]:
    """A set of codes as people read them: `ABCD-EFGH-IJKL-MNOP`."""
    plain = (base64.b32encode(given.random(CODE_BYTES)).decode() for _ in range(RECOVERY_CODES))
    return tuple("-".join(code[start : start + GROUP] for start in range(0, CODE_CHARACTERS, GROUP)) for code in plain)


def canonical(code: str) -> str:
    """The code's letters however it is spelled; empty where it is none."""
    text = unicodedata.normalize("NFKC", code[:128]).upper().translate(_LOOK_ALIKE)
    letters = "".join(letter for letter in text if letter.isalnum())
    return letters if len(letters) == CODE_CHARACTERS and letters.isascii() else ""


def hashed(code: str) -> str:
    """What is kept of a canonical code, in hex."""
    return hashlib.sha256(f"muniment-recovery-v1/{code}".encode()).hexdigest()


def sealed_hashes(account: str, unique_id: str, codes: tuple[str, ...], given: Given) -> dict[str, Sealed]:
    """The hashes of new codes, by number, under their owner's data key."""
    owner = hash_owner(account, unique_id)
    return {
        str(number): given.seal(owner, recovery_field(str(number)), hashed(canonical(code)))
        for number, code in enumerate(codes, 1)
    }


def number_of(account: Account, user_name: str, unique_id: str, code: str, sealer: Sealer) -> str:
    """The number of the unused code that this is; empty where it is none. Looks at all of them, whichever it is."""
    codes, wanted, found = recovery_of(account, user_name), hashed(canonical(code)), ""
    if codes is None or not canonical(code):
        return ""
    owner = hash_owner(account.number, unique_id)
    for number, sealed in codes.hashes.items():
        try:
            kept = sealer.unseal(owner, recovery_field(number), sealed).decode()
        except Unreadable:
            continue
        if kept == wanted:
            found = number
    return found
