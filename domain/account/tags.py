"""Tags of IAM entities: which keys are the same, and what adding and removing them gives.

Source: IAM User Guide, "Rules for tagging in IAM": keys of users and roles are the same without regard to case, a later spelling
replaces the earlier; keys of other IAM resources are case-sensitive.
"""

from collections.abc import Iterable

from muniment.domain.account.state import Tags


def merged(old: Tags, new: Tags, *, fold_case: bool) -> Tags:
    """`old` with `new` added; where `fold_case`, a key replaces one that differs only by case."""
    taken = {key.lower() for key in new} if fold_case else set(new)
    return {key: value for key, value in old.items() if (key.lower() if fold_case else key) not in taken} | new


def without(old: Tags, keys: Iterable[str], *, fold_case: bool) -> Tags:
    """`old` without the tags named by `keys`; names that are not there do not matter."""
    gone = {key.lower() for key in keys} if fold_case else set(keys)
    return {key: value for key, value in old.items() if (key.lower() if fold_case else key) not in gone}
