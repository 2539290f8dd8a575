"""Queries on access keys: ListAccessKeys and GetAccessKeyLastUsed. Secrets are never among the answers."""

from typing import Any, Final

from muniment.domain.account.state import AccessKey, Account, User
from muniment.domain.errors import NoSuchEntity
from muniment.domain.resource import Resource
from muniment.projections.queries.iam import resources
from muniment.projections.queries.iam.named import OfUserOrCaller
from muniment.projections.queries.iam.query import IAMListQuery, IAMQuery, named_or_own_user
from muniment.projections.queries.pagination import key_of
from muniment.projections.query import Asked, Views

NEVER: Final = "N/A"  # AWS's word for the service and region of a key that was never used


def owner_of(account: Account, key_id: str) -> tuple[User | None, AccessKey]:
    """The user a key belongs to (None for root) and the key. Raises NoSuchEntity, for another account's keys too."""
    missing = NoSuchEntity(f"The Access Key with id {key_id} cannot be found.")
    if (owner := account.keys.get(key_id)) is None:
        raise missing
    user = account.users[owner] if owner else None
    for key in account.root_keys if user is None else user.keys:
        if key.id == key_id:
            return user, key
    raise missing


def _metadata(user: User | None, key: AccessKey) -> dict[str, Any]:
    return {
        **_name(user),
        "AccessKeyId": key.id,
        "Status": "Active" if key.active else "Inactive",
        "CreateDate": key.created,
    }


def _name(user: User | None) -> dict[str, str]:
    return {} if user is None else {"UserName": user.name}


def _last_used(key: AccessKey) -> dict[str, Any]:
    if not key.last_used:
        return {"ServiceName": NEVER, "Region": NEVER}
    return {"LastUsedDate": key.last_used, "ServiceName": key.last_service or NEVER, "Region": key.last_region or NEVER}


class ListAccessKeys(OfUserOrCaller, IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """The keys of a user, or of who calls. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html"""

    user_name: str = ""

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        user = named_or_own_user(account, self.user_name, asked.actor)
        keys = account.root_keys if user is None else user.keys
        rows = ((key_of(key.created, key.id), key) for key in keys)
        return self.paged(views, asked, "AccessKeyMetadata", rows, lambda key: _metadata(user, key))


class GetAccessKeyLastUsed(IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """When a key was last used. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html"""

    access_key_id: str

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        account = self.account(views, asked)
        try:
            user, _ = owner_of(account, self.access_key_id)
        except NoSuchEntity:
            return resources.under_path(account, "user", "/")
        return (resources.root(account) if user is None else resources.user(account, user),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        user, key = owner_of(self.account(views, asked), self.access_key_id)
        return {**_name(user), "AccessKeyLastUsed": _last_used(key)}
