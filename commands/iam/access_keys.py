"""Commands on access keys: of a user, of whoever calls, of root (FEATURES 1b)."""

from typing import Any, Final

from muniment.commands.command import Decision, Given
from muniment.commands.iam.own_user import OwnUserCommand
from muniment.domain import ids
from muniment.domain.account.keys import (
    AccessKeyActivated,
    AccessKeyCreated,
    AccessKeyDeactivated,
    AccessKeyDeleted,
    keys_of,
    secret_field,
    secret_owner,
)
from muniment.domain.account.state import AccessKey, Account
from muniment.domain.errors import LimitExceeded, NoSuchEntity, UnmodifiableEntity, ValidationError
from muniment.domain.ledger import Entry, Fact
from muniment.domain.quotas import ACCESS_KEYS_PER_USER_MAX
from muniment.domain.sealing import Unreadable

STATUSES: Final = ("Active", "Inactive")


class CreateAccessKey(OwnUserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Create an access key; the secret is shown in this answer only.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html"""

    def decide(self, state: Account, given: Given) -> Fact:
        owner = self.owner(state, given.actor)
        if len(keys_of(state, owner)) >= ACCESS_KEYS_PER_USER_MAX:
            raise LimitExceeded(f"Cannot exceed quota for AccessKeysPerUser: {ACCESS_KEYS_PER_USER_MAX}")
        return new_key(state.number, owner, state.user(owner).id if owner else state.number, given)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, AccessKeyCreated)
        shown = {
            "AccessKeyId": fact.access_key_id,
            "Status": "Active",
            "SecretAccessKey": opened(state.number, fact, given),
            "CreateDate": entries[0].time,
        }
        return {"AccessKey": {"UserName": fact.user_name, **shown} if fact.user_name else shown}


class UpdateAccessKey(OwnUserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Activate or deactivate a key. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html"""

    access_key_id: str
    status: str

    def decide(self, state: Account, given: Given) -> Decision:
        if self.status not in STATUSES:  # the model knows `Expired` too, which is not for callers to set
            raise ValidationError(
                f"1 validation error detected: Value '{self.status}' at 'status' failed to satisfy constraint: "
                "Member must satisfy enum value set: [Active, Inactive]"
            )
        owner = self.owner(state, given.actor)
        key = find_key(state, owner, self.access_key_id)
        if key.active == (self.status == "Active"):
            return None
        changed = AccessKeyActivated if self.status == "Active" else AccessKeyDeactivated
        return changed(owner, key.id)


class DeleteAccessKey(OwnUserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete a key. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html"""

    access_key_id: str

    def decide(self, state: Account, given: Given) -> Fact:
        owner = self.owner(state, given.actor)
        return AccessKeyDeleted(owner, find_key(state, owner, self.access_key_id).id)


def new_key(account: str, user_name: str, unique_id: str, given: Given) -> AccessKeyCreated:
    """A new key, its secret sealed under its owner's data key. Raises UnmodifiableEntity where the owner was erased."""
    key_id = given.unique_id(ids.ACCESS_KEY)[: ids.ACCESS_KEY_CHARACTERS]
    try:
        sealed = given.seal(secret_owner(account, unique_id), secret_field(key_id), given.secret())
    except Unreadable:
        raise UnmodifiableEntity(
            f"The principal {unique_id} was erased and can hold no new secrets. Delete it and create another."
        ) from None
    return AccessKeyCreated(user_name, key_id, sealed, unique_id)


def opened(account: str, fact: AccessKeyCreated, given: Given) -> str:
    """The secret of a key that was just created, or of one whose creation is asked again.

    Raises NoSuchEntity where it can no longer be read, because its owner was erased.
    """
    try:
        return given.unseal(secret_owner(account, fact.owner_id), secret_field(fact.access_key_id), fact.secret)
    except Unreadable:
        raise NoSuchEntity(f"The Access Key with id {fact.access_key_id} cannot be found.") from None


def find_key(account: Account, owner: str, key_id: str) -> AccessKey:
    """The key with this id, where it is `owner`'s. Raises NoSuchEntity."""
    for key in keys_of(account, owner):
        if key.id == key_id:
            return key
    raise NoSuchEntity(f"The Access Key with id {key_id} cannot be found.")
