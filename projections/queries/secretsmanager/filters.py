"""The filters of ListSecrets and BatchGetSecretValue.

Source: Secrets Manager API reference, Filter: a text matches where a word of it begins with the value; `!` negates; several values
of one filter are alternatives, several filters must all be met. Only tag keys, tag values and names regard case.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from muniment.domain.secret.errors import InvalidSecretParameter
from muniment.domain.secret.naming import REGION
from muniment.domain.secret.state import Secret

WORDS: Final = re.compile(r"[ /_+=.@!-]+")


class Filter(msgspec.Struct, frozen=True, rename="pascal"):
    """One condition."""

    key: str = ""
    values: tuple[str, ...] = ()


def meeting(filters: tuple[Filter, ...], now: int, marked: bool = False) -> Callable[[Secret], bool]:
    """Whether a secret meets all filters at `now`, and may be shown at all. Raises InvalidSecretParameter."""
    checks = [_check(each) for each in filters]

    def met(secret: Secret) -> bool:
        if not secret.arn or (secret.deletion and (not marked or secret.deletion <= now)):
            return False
        return all(check(secret) for check in checks)

    return met


def _check(one: Filter) -> Callable[[Secret], bool]:
    texts = TEXTS.get(one.key)
    if texts is None:
        raise InvalidSecretParameter("You must name a filter's key.")
    if not one.values:
        raise InvalidSecretParameter("You must give a filter at least one value.")
    wanted = [value for value in one.values if not value.startswith("!")]
    unwanted = [value[1:] for value in one.values if value.startswith("!")]
    begins = FOLDED.get(one.key, _begins)

    def met(secret: Secret) -> bool:
        found = texts(secret)
        if any(begins(text, value) for text in found for value in unwanted):
            return False
        return not wanted or any(begins(text, value) for text in found for value in wanted)

    return met


def _begins(text: str, value: str) -> bool:
    """Letter for letter, at the text's beginning."""
    return text.startswith(value)


def _words_begin(text: str, value: str) -> bool:
    """Whatever the case: every word that is looked for begins one of the text."""
    words = [word for word in WORDS.split(text.lower()) if word]
    wanted = [word for word in WORDS.split(value.lower()) if word]
    return all(any(word.startswith(each) for word in words) for each in wanted)


def _all(secret: Secret) -> tuple[str, ...]:
    return (secret.name, secret.description, *secret.tags, *secret.tags.values())


TEXTS: Final[Mapping[str, Callable[[Secret], tuple[str, ...]]]] = {
    "name": lambda secret: (secret.name,),
    "description": lambda secret: (secret.description,),
    "tag-key": lambda secret: tuple(secret.tags),
    "tag-value": lambda secret: tuple(secret.tags.values()),
    "primary-region": lambda secret: (REGION,),
    "owning-service": lambda secret: (),
    "all": _all,
}
FOLDED: Final[Mapping[str, Callable[[str, str], bool]]] = {"description": _words_begin, "all": _words_begin}
