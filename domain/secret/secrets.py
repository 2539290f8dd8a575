"""A secret comes, is described, and goes: the facts on it as a whole."""

from typing import ClassVar, Final

from muniment.domain.boundary import State
from muniment.domain.ledger import DECIDING, Entry
from muniment.domain.secret.contents import place_of
from muniment.domain.secret.state import NO_TAGS, Secret, SecretFact, Tags

OF_ITSELF: Final = tuple(name for name in Secret.__struct_fields__ if name not in State.__struct_fields__)


class SecretCreated(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A secret came to be, without a value yet."""

    changes: ClassVar[frozenset[str]] = DECIDING

    account_id: str
    secret_name: str
    unique_id: str
    arn: str
    description: str = ""
    kms_key_id: str = ""
    tags: Tags = {}

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.put(
            unique_id=self.unique_id,
            place=place_of(state.account, self.arn),
            description=self.description,
            kms_key=self.kms_key_id,
            created=entry.time,
            changed=entry.time,
        )
        state.tags = self.tags or NO_TAGS


class SecretDescriptionChanged(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A secret is described in other words."""

    description: str

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.put(description=self.description, changed=entry.time)


class SecretKeyReplaced(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A secret names another KMS key."""

    kms_key_id: str

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.put(kms_key=self.kms_key_id, changed=entry.time)


class SecretDeletionScheduled(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A secret will be deleted; until then it can be restored, and not be read."""

    deletion: int  # microseconds
    recovery_days: int

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.deletion = self.deletion


class SecretRestored(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A secret will not be deleted after all."""

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.deletion = 0


class SecretDeleted(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A secret is gone for ever: its data key is erased, and its name is free.

    Recorded before the data key's messages are overwritten, so that every node forgets it and a restore erases it again.
    """

    changes: ClassVar[frozenset[str]] = DECIDING

    unique_id: str
    secret_name: str
    arn: str
    forced: bool = False  # without a recovery window

    def evolve(self, state: Secret, entry: Entry) -> None:
        blank, unfinished = Secret(id=state.id), state.erasing
        for name in OF_ITSELF:
            setattr(state, name, getattr(blank, name))
        state.erasing = (*unfinished, self.unique_id)


class SecretKeyErased(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """The data key of a deleted secret is overwritten wherever it was: nobody will ever read its values again."""

    unique_id: str

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.erasing = tuple(each for each in state.erasing if each != self.unique_id)


class SecretAccessed(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A secret's value was read, for the first time on its day (UTC). Every single read is `SecretRead`, an activity."""

    time: int  # microseconds

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.accessed = max(state.accessed, self.time)


class SecretTagged(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A secret has these tags, besides those it had."""

    changes: ClassVar[frozenset[str]] = DECIDING

    tags: Tags

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.tags, state.changed = dict(state.tags) | self.tags, entry.time


class SecretUntagged(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A secret no longer has these tags."""

    changes: ClassVar[frozenset[str]] = DECIDING

    tag_keys: tuple[str, ...]

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.tags = {key: value for key, value in state.tags.items() if key not in self.tag_keys}
        state.changed = entry.time


class SecretPolicyPut(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A secret has this resource policy, in place of any other."""

    changes: ClassVar[frozenset[str]] = DECIDING

    document: str

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.policy = self.document


class SecretPolicyDeleted(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A secret has no resource policy."""

    changes: ClassVar[frozenset[str]] = DECIDING

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.policy = ""
