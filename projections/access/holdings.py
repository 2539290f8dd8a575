"""What a principal holds: its policies, its permissions boundary and its tags, gathered from its account's state."""

from collections.abc import Iterator
from typing import Final, Protocol

import msgspec

from muniment.domain import arn
from muniment.domain.account.application import SUBJECT, entity_key, subject_of
from muniment.domain.account.state import Account, Role, Tags, User
from muniment.domain.ids import ROLE, USER
from muniment.domain.policy.decision import SourceType
from muniment.domain.policy.layers import Source
from muniment.domain.policy.managed import MANAGED
from muniment.projections.access.documents import Documents

# What the root user may, said as a policy: whoever it vouches for (GetFederationToken) may of that what was passed to the session.
ROOTS: Final = f"arn:{arn.PARTITION}:iam::aws:policy/AdministratorAccess"


class Holder(Protocol):
    """A user, group or role: whatever policies hang on."""

    @property
    def name(self) -> str: ...
    @property
    def attached(self) -> tuple[str, ...]: ...
    @property
    def inline(self) -> dict[str, str]: ...


class Holdings(msgspec.Struct, frozen=True):
    """The policies that count for one principal (POLICY_EVALUATION 2.2, steps 7 and 8), as of its account's `version`."""

    version: int
    arn: str = ""
    id: str = ""
    identity: tuple[Source, ...] = ()
    boundary: tuple[Source, ...] | None = None  # None: there is no permissions boundary
    tags: Tags = {}


def holdings(account: Account, unique_id: str, documents: Documents) -> Holdings:
    """What the user, role or application's subject with this id holds; nothing where it is gone."""
    if unique_id.startswith(SUBJECT):
        return _of_subject(account, unique_id, documents)
    if unique_id == account.number:
        given = MANAGED[ROOTS]
        source = Source(documents.read(given.document), given.name, SourceType.AWS_MANAGED)
        return Holdings(account.version, arn.root(unique_id), unique_id, (source,))
    key = account.ids.get(unique_id)
    if key is not None and unique_id.startswith(USER):
        return _of_user(account, account.users[key], documents)
    if key is not None and unique_id.startswith(ROLE):
        return _of_role(account, account.roles[key], documents)
    return Holdings(account.version)


def _of_user(account: Account, user: User, documents: Documents) -> Holdings:
    sources = [*_policies(account, user, SourceType.USER, documents)]
    for group_id in user.groups:
        sources.extend(_policies(account, account.groups[account.ids[group_id]], SourceType.GROUP, documents))
    boundary = _boundary(account, user.boundary, documents)
    return Holdings(account.version, account.user_arn(user), user.id, tuple(sources), boundary, user.tags)


def _of_role(account: Account, role: Role, documents: Documents) -> Holdings:
    sources = tuple(_policies(account, role, SourceType.ROLE, documents))
    boundary = _boundary(account, role.boundary, documents)
    return Holdings(account.version, account.role_arn(role), role.id, sources, boundary, role.tags)


def _of_subject(account: Account, unique_id: str, documents: Documents) -> Holdings:
    subject_type, subject_id = subject_of(unique_id)
    sources = [
        Source(documents.read(text), name, SourceType.USER)
        for name, text in subject_policies(account, subject_type, subject_id)
    ]
    return Holdings(account.version, unique_id, unique_id, tuple(sources))


def subject_policies(account: Account, subject_type: str, subject_id: str) -> Iterator[tuple[str, str]]:
    """Name and document of each policy that an application's subject holds: those of its type, and its own."""
    application = account.subject_application(subject_type)
    if application is None:
        return  # the type is gone, and with it whatever its subjects could do
    for name, policy in application.policies.items():
        if policy.subject_type == subject_type:
            yield f"{application.name}/{name}", policy.document
    entity = account.entities.get(entity_key(subject_type, subject_id))
    if entity is not None:
        for name, text in entity.policies.items():
            yield f"{application.name}/{subject_type}/{subject_id}/{name}", text


def _policies(account: Account, holder: Holder, kind: SourceType, documents: Documents) -> Iterator[Source]:
    for name, text in holder.inline.items():
        yield Source(documents.read(text), f"{kind.value}_{holder.name}_{name}", kind)
    for policy_arn in holder.attached:
        if (source := managed(account, policy_arn, documents)) is not None:
            yield source


def _boundary(account: Account, policy_arn: str, documents: Documents) -> tuple[Source, ...] | None:
    if not policy_arn:
        return None
    source = managed(account, policy_arn, documents)
    return () if source is None else (source,)  # a boundary whose policy is gone allows nothing


def managed(account: Account, policy_arn: str, documents: Documents) -> Source | None:
    """The managed policy with this ARN, the account's own or one that comes with Muniment; None where there is none."""
    if (own := account.find_policy(policy_arn)) is not None:
        return Source(documents.read(own.document), own.name, SourceType.USER_MANAGED)
    if (given := MANAGED.get(policy_arn)) is not None:
        return Source(documents.read(given.document), given.name, SourceType.AWS_MANAGED)
    return None
