"""GetRandomPassword. Nothing is read and nothing recorded but that somebody asked."""

import secrets
import string
from typing import Any, Final

from muniment.domain.resource import Resource
from muniment.domain.secret.errors import InvalidSecretParameter
from muniment.projections.queries.secretsmanager.query import SecretsQuery
from muniment.projections.query import Asked, Views

LENGTH_DEFAULT: Final = 32
TOO_SHORT: Final = "The password length is too short to include every type that you require."
NOTHING_LEFT: Final = "You excluded every character: nothing is left to make a password of."


class GetRandomPassword(SecretsQuery, frozen=True, kw_only=True, rename="pascal"):
    """A password from the operating system's randomness.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html"""

    password_length: int = LENGTH_DEFAULT
    exclude_characters: str = ""
    exclude_numbers: bool = False
    exclude_punctuation: bool = False
    exclude_uppercase: bool = False
    exclude_lowercase: bool = False
    include_space: bool = False
    require_each_included_type: bool = True

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return {"RandomPassword": password(self.password_length, self._kinds(), self.require_each_included_type)}

    def _kinds(self) -> list[str]:
        """The characters of each type that is included."""
        kinds = (
            (string.ascii_lowercase, not self.exclude_lowercase),
            (string.ascii_uppercase, not self.exclude_uppercase),
            (string.digits, not self.exclude_numbers),
            (string.punctuation, not self.exclude_punctuation),
            (" ", self.include_space),
        )
        left = (
            "".join(each for each in letters if each not in self.exclude_characters)
            for letters, wanted in kinds
            if wanted
        )
        return [letters for letters in left if letters]


def password(length: int, kinds: list[str], each: bool) -> str:
    """`length` characters of these kinds, at least one of each where `each`. Raises InvalidSecretParameter."""
    if not kinds:
        raise InvalidSecretParameter(NOTHING_LEFT)
    if each and length < len(kinds):
        raise InvalidSecretParameter(TOO_SHORT)
    source = secrets.SystemRandom()
    every = "".join(kinds)
    while True:  # drawn anew rather than patched: every password that is allowed is as likely as any other
        drawn = "".join(source.choices(every, k=length))
        if not each or all(any(letter in kind for letter in drawn) for kind in kinds):
            return drawn
