"""Whether anybody's policies ask for the tags of what is acted on, so that whoever writes tags says who may act on it."""

from collections.abc import Iterator
from functools import lru_cache

from muniment.domain.account.state import Account, Group, Role, User
from muniment.domain.escalation.held import document, managed
from muniment.domain.policy.checks.person import TAG
from muniment.domain.policy.context_keys import context_keys
from muniment.domain.policy.document import Kind
from muniment.domain.policy.variables import MalformedVariable

_MARK = ":resourcetag/"


def ask_for_tags(account: Account, keys: set[str]) -> bool:
    """Whether a policy of the account asks for one of these tags of a resource, in any case."""
    wanted = {key.lower() for key in keys}
    return any(wanted & tags_asked_for(text) for text in set(_texts(account)))


@lru_cache(maxsize=4_096)
def tags_asked_for(text: str, kind: Kind = Kind.IDENTITY) -> frozenset[str]:
    """The tags of resources that a document asks for, in lower case."""
    try:
        keys = [key.lower() for key in context_keys(document(text, kind))]
    except MalformedVariable:
        return frozenset()  # what cannot be read matches nothing
    return frozenset(key.partition(_MARK)[2] for key in keys if _MARK in key)


def principal_tags_asked_for(text: str, kind: Kind = Kind.IDENTITY) -> tuple[tuple[str, str], ...]:
    """Tags of the principal, each with a value, that a document's conditions ask for."""
    return _pairs(text, kind, TAG)


def resource_tags_asked_for(text: str) -> tuple[tuple[str, str], ...]:
    """The same of tags of what is acted on."""
    return _pairs(text, Kind.IDENTITY, _MARK)


@lru_cache(maxsize=1_024)
def _pairs(text: str, kind: Kind, mark: str) -> tuple[tuple[str, str], ...]:
    found = [
        (condition.key[condition.key.lower().index(mark) + len(mark) :], value)
        for statement in document(text, kind).statements
        for condition in statement.conditions
        for value in condition.values
        if mark in condition.key.lower() and "${" not in value
    ]
    return tuple(dict.fromkeys(found))


def _texts(account: Account) -> Iterator[str]:
    for table in (account.users, account.groups, account.roles):
        for holder in table.values():
            yield from _held(account, holder)


def _held(account: Account, holder: User | Group | Role) -> Iterator[str]:
    yield from holder.inline.values()
    boundary = "" if isinstance(holder, Group) else holder.boundary
    for policy_arn in (*holder.attached, *((boundary,) if boundary else ())):
        if (text := managed(account, policy_arn)) is not None:
            yield text
