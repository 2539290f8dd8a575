"""Tags as parameters: the rules that IAM puts on them. Source: IAM User Guide, "Rules for tagging in IAM"; FEATURES 1b."""

from typing import Any, Final

import msgspec

from muniment.domain.account.state import Tags
from muniment.domain.account.tags import merged, without
from muniment.domain.errors import InvalidInput, LimitExceeded
from muniment.domain.quotas import TAGS_PER_ENTITY_MAX

RESERVED: Final = "aws:"


class Tag(msgspec.Struct, frozen=True, rename="pascal"):
    """A tag as the API writes it."""

    key: str
    value: str


def as_tags(tags: tuple[Tag, ...]) -> Tags:
    """The tags as a table. Of a key given twice the last counts; `checked` refuses those before anything is recorded."""
    return {tag.key: tag.value for tag in tags}


def shown(tags: Tags) -> list[dict[str, Any]]:
    """The tags as the API writes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def checked(tags: tuple[Tag, ...], *, fold_case: bool) -> Tags:
    """The tags as a table. `fold_case`: keys that differ only by case are the same, as on users and roles.

    Raises InvalidInput for keys given twice and for the reserved prefix, LimitExceeded for too many.
    """
    keys = [tag.key.lower() if fold_case else tag.key for tag in tags]
    if len(set(keys)) < len(keys):
        raise InvalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    for tag in tags:
        if tag.key.lower().startswith(RESERVED):
            raise InvalidInput(f"Tag keys with the prefix {RESERVED} are reserved for system use: {tag.key}")
    _limited(len(tags))
    return as_tags(tags)


def added(old: Tags, tags: tuple[Tag, ...], *, fold_case: bool) -> Tags:
    """Those of `tags` that change something, empty where none does. Raises InvalidInput, LimitExceeded."""
    new = checked(tags, fold_case=fold_case)
    _limited(len(merged(old, new, fold_case=fold_case)))
    return {key: value for key, value in new.items() if old.get(key) != value}


def removed(old: Tags, keys: tuple[str, ...], *, fold_case: bool) -> tuple[str, ...]:
    """The keys, as the entity spells them, that `keys` takes away; a key that is not there does not matter."""
    left = without(old, keys, fold_case=fold_case)
    return tuple(key for key in old if key not in left)


def _limited(count: int) -> None:
    if count > TAGS_PER_ENTITY_MAX:
        raise LimitExceeded("The number of tags has reached the maximum limit.")
