"""Tags of secrets: the rules that Secrets Manager puts on them, TagResource, UntagResource."""

from typing import Any, Final

import msgspec

from muniment.commands.command import Decision, Given
from muniment.commands.iam.contexts import request_tags, tag_keys
from muniment.commands.secretsmanager.secret import SecretCommand
from muniment.domain.ledger import Entry
from muniment.domain.quotas import TAGS_PER_ENTITY_MAX
from muniment.domain.secret.errors import InvalidSecretParameter, SecretLimitExceeded
from muniment.domain.secret.keys import Keys
from muniment.domain.secret.secrets import SecretTagged, SecretUntagged
from muniment.domain.secret.state import Secret, Tags

RESERVED: Final = "aws:"


class Tag(msgspec.Struct, frozen=True, rename="pascal"):
    """A tag as the API writes it."""

    key: str = ""
    value: str = ""


class TagResource(SecretCommand, frozen=True, kw_only=True, rename="pascal"):
    """Add tags to a secret. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html"""

    tags: tuple[Tag, ...]

    def keys(self) -> Keys:
        return request_tags(as_tags(self.tags))

    def on(self, secret: Secret, given: Given) -> Decision:
        new = checked(self.tags)
        if len(secret.tags | new) > TAGS_PER_ENTITY_MAX:
            raise SecretLimitExceeded(f"A secret can have at most {TAGS_PER_ENTITY_MAX} tags.")
        changed = {key: value for key, value in new.items() if secret.tags.get(key) != value}
        return SecretTagged(changed) if changed else None

    def answer(self, state: Secret, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        return {}


class UntagResource(SecretCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take tags from a secret. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UntagResource.html"""

    tag_keys: tuple[str, ...]

    def keys(self) -> Keys:
        return tag_keys(self.tag_keys)

    def on(self, secret: Secret, given: Given) -> Decision:
        gone = tuple(key for key in secret.tags if key in self.tag_keys)
        return SecretUntagged(gone) if gone else None

    def answer(self, state: Secret, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        return {}


def as_tags(tags: tuple[Tag, ...]) -> Tags:
    """The tags as a table. Keys are the same only letter for letter."""
    return {tag.key: tag.value for tag in tags}


def checked(tags: tuple[Tag, ...]) -> Tags:
    """The tags as a table. Raises InvalidSecretParameter, SecretLimitExceeded."""
    if len(tags) > TAGS_PER_ENTITY_MAX:
        raise SecretLimitExceeded(f"A secret can have at most {TAGS_PER_ENTITY_MAX} tags.")
    table = as_tags(tags)
    if "" in table:
        raise InvalidSecretParameter("A tag needs a key.")
    if len(table) < len(tags):
        raise InvalidSecretParameter("Duplicate tag keys found.")
    for key in table:
        if key.lower().startswith(RESERVED):
            raise InvalidSecretParameter(f"Tag keys with the prefix {RESERVED} are reserved for system use: {key}")
    return table
