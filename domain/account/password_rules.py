"""Which passwords an account takes, and the one form of a password that is ever hashed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
"""

import unicodedata
from typing import Final

from muniment.domain.account.proving import PasswordPolicy
from muniment.domain.quotas import PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_DEFAULT_MIN

SYMBOLS: Final = frozenset("!@#$%^&*()_+-=[]{}|'")
KINDS_DEFAULT_MIN: Final = 3  # of the four: upper case, lower case, numbers, symbols


def canonical(password: str) -> bytes | None:
    """The password's bytes as they are hashed: NFKC, once, in UTF-8. None where they are too many (SECURITY 7)."""
    if len(password) > PASSWORD_BYTES_MAX:
        return None  # before normalizing, which could take long
    try:
        data = unicodedata.normalize("NFKC", password).encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can bring
        return None
    return data if len(data) <= PASSWORD_BYTES_MAX else None


def violation(policy: PasswordPolicy | None, password: str, names: tuple[str, ...]) -> str:
    """What is wrong with the password, in words; empty where nothing is. `names`: what it may not be identical to."""
    kinds = {
        "have at least one uppercase letter": any("A" <= letter <= "Z" for letter in password),
        "have at least one lowercase letter": any("a" <= letter <= "z" for letter in password),
        "have at least one number": any("0" <= letter <= "9" for letter in password),
        "have at least one symbol": any(letter in SYMBOLS for letter in password),
    }
    if policy is None:
        return _default_violation(password, kinds, names)
    if len(password) < policy.minimum_length:
        return f"Password should have a minimum length of {policy.minimum_length}"
    wanted = (policy.uppercase, policy.lowercase, policy.numbers, policy.symbols)
    missing = [words for (words, found), asked in zip(kinds.items(), wanted, strict=True) if asked and not found]
    return f"Password should {missing[0]}" if missing else ""


def _default_violation(password: str, kinds: dict[str, bool], names: tuple[str, ...]) -> str:
    """What an account without a policy of its own asks for."""
    if len(password) < PASSWORD_CHARACTERS_DEFAULT_MIN:
        return f"Password should have a minimum length of {PASSWORD_CHARACTERS_DEFAULT_MIN}"
    if (more := KINDS_DEFAULT_MIN - sum(kinds.values())) > 0:
        missing = ", ".join(f"Password should {words}" for words, found in kinds.items() if not found)
        return f"Password should meet {more} more of the following requirements: {missing}"
    if password.casefold() in {name.casefold() for name in names if name}:
        return "Password should not be identical to the account's name or e-mail address"
    return ""
