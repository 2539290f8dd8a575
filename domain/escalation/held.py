"""What a user or role holds, as texts: its identity policies, those of its groups, and its permissions boundary."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from muniment.domain.account.state import Account, Group, Role, User
from muniment.domain.ids import ROLE, USER
from muniment.domain.policy.checks.names import Names
from muniment.domain.policy.checks.person import TAG, Person
from muniment.domain.policy.checks.result import Work
from muniment.domain.policy.checks.rights import Layer
from muniment.domain.policy.checks.rules import rules
from muniment.domain.policy.document import Kind, parse_stored
from muniment.domain.policy.managed import MANAGED
from muniment.domain.policy.patterns import action_pattern
from muniment.domain.policy.statements import PolicyDocument

GONE: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'  # of a boundary


class Held(msgspec.Struct, frozen=True):
    """The policies that count for one principal, and what it is called."""

    arn: str
    identity: tuple[str, ...] = ()
    boundary: str | None = None  # None: there is no permissions boundary

    def layers(self) -> tuple[Layer, ...]:
        """The documents, one layer each."""
        identity = tuple(document(text) for text in self.identity)
        return (identity,) if self.boundary is None else (identity, (document(self.boundary),))


@lru_cache(maxsize=1_024)
def document(text: str, kind: Kind = Kind.IDENTITY) -> PolicyDocument:
    """A stored document, read once."""
    return parse_stored(text, kind)


def entity(account: Account, unique_id: str) -> User | Role | None:
    """The user or role with this id; None where it is gone."""
    key = account.ids.get(unique_id)
    if key is None:
        return None
    if unique_id.startswith(USER):
        return account.users[key]
    return account.roles[key] if unique_id.startswith(ROLE) else None


def held(account: Account, unique_id: str) -> Held | None:
    """What the user or role with this id holds; None where it is gone."""
    found = entity(account, unique_id)
    if found is None:
        return None
    texts = [*_policies(account, found)]
    if isinstance(found, User):
        for group_id in found.groups:
            texts.extend(_policies(account, account.groups[account.ids[group_id]]))
    boundary = None if not found.boundary else managed(account, found.boundary) or GONE
    return Held(arn_of(account, found), tuple(dict.fromkeys(texts)), boundary)


def arn_of(account: Account, found: User | Role) -> str:
    """The ARN of a user or role."""
    return account.user_arn(found) if isinstance(found, User) else account.role_arn(found)


def _policies(account: Account, holder: User | Role | Group) -> Iterator[str]:
    yield from holder.inline.values()
    for policy_arn in holder.attached:
        if (text := managed(account, policy_arn)) is not None:
            yield text


def managed(account: Account, policy_arn: str) -> str | None:
    """The document of a managed policy, the account's own or one that comes with Muniment; None where there is none."""
    if (own := account.find_policy(policy_arn)) is not None:
        return own.document
    return MANAGED[policy_arn].document if policy_arn in MANAGED else None


def person(account: Account, unique_id: str, *, generous: bool) -> Person:
    """Who the user or role is, as far as policies may ask. A role's sessions choose their names and perhaps tags of their own."""
    found = entity(account, unique_id)
    if found is None:
        return Person({}, generous)
    known: dict[str, tuple[str, ...]] = {
        "aws:principalarn": (arn_of(account, found),),
        "aws:principalisawsservice": ("false",),
        "aws:principalservicename": (),
        "aws:principalservicenameslist": (),
    }
    if isinstance(found, Role):
        known |= {"aws:principaltype": ("AssumedRole",), "aws:username": (), **tag_keys(found.tags)}
        if takes_tags(found.trust):
            known = {key: values for key, values in known.items() if not key.startswith(TAG)}
        return Person(known, generous, tags_known=not takes_tags(found.trust))
    known |= {"aws:principaltype": ("User",), "aws:username": (found.name,), "aws:userid": (found.id,)}
    return Person(known | tag_keys(found.tags), generous, tags_known=True)


@lru_cache(maxsize=1_024)
def takes_tags(trust: str) -> bool:
    """Whether a trust policy may let sessions bring tags of their own: they take the place of the role's."""
    tagging = Names((action_pattern("sts:TagSession"),))
    allowing = (rule for rule in rules(document(trust, Kind.TRUST)) if not rule.denies)
    return any(not rule.actions.apart(tagging, Work()) for rule in allowing)


def tag_keys(tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Tags as condition keys in lower case."""
    return {f"{TAG}{key.lower()}": (value,) for key, value in tags.items()}
