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
    upper = any("A" <= letter <= "Z" for letter in password)
    lower = any("a" <= letter <= "z" for letter in password)
    number = any("0" <= letter <= "9" for letter in password)
    symbol = any(letter in SYMBOLS for letter in password)
    if policy is None:
        if len(password) < PASSWORD_CHARACTERS_DEFAULT_MIN:
            return f"Password should have a minimum length of {PASSWORD_CHARACTERS_DEFAULT_MIN}"
        if upper + lower + number + any(not letter.isalnum() for letter in password) < KINDS_DEFAULT_MIN:
            return "Password should contain at least three of: uppercase letters, lowercase letters, numbers, symbols"
        if password.casefold() in {name.casefold() for name in names if name}:
            return "Password should not be identical to the account's name or e-mail address"
        return ""
    checks = (
        (len(password) >= policy.minimum_length, f"have a minimum length of {policy.minimum_length}"),
        (upper or not policy.uppercase, "have at least one uppercase letter"),
        (lower or not policy.lowercase, "have at least one lowercase letter"),
        (number or not policy.numbers, "have at least one number"),
        (symbol or not policy.symbols, "have at least one symbol"),
    )
    return next((f"Password should {words}" for fulfilled, words in checks if not fulfilled), "")
