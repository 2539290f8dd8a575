"""Where principals stand: the bundle of policies each holds, found once for each state of its account.

Account states are values: whoever compares the state a standing was made from with the state in the table knows whether it still
holds, so no change has to be looked for, and no reader ever sees half of one (docs/decisions/0012-plans-are-values.md).
A standing is made again from its principal's record. Where that is the same, and no policy or group changed, it stands as it did;
where a policy or group changed, all whose records name the same ones share what is found.
"""

from collections import deque
from collections.abc import Hashable
from typing import Final
from weakref import WeakValueDictionary

import msgspec

from muniment.domain.account.application import SUBJECT, subject_of
from muniment.domain.account.state import Account, Role, User
from muniment.domain.ids import ROLE, USER
from muniment.domain.policy.managed import MANAGED
from muniment.projections.access.holdings import ROOTS, subject_policies
from muniment.projections.access.library import Library
from muniment.projections.access.plans import Bundle, Plan
from muniment.projections.access.plans import Documents as Shelf
from muniment.projections.access.rules import Ready

STANDINGS_MAX: Final = 262_144  # principals whose bundle is remembered; the oldest go


# the documents of an account's policies and groups that a token stands for, and what a shape comes to by them
Settled = tuple[object, dict[str, Plan], Bundle]
UNSETTLED: Final[Settled] = (None, {}, Bundle(frozenset()))


class Shape:
    """The policies and groups that a record names. Principals whose records name the same ones share it."""

    __slots__ = ("__weakref__", "attached", "boundary", "groups", "inline", "settled")

    def __init__(self, holder: User | Role) -> None:
        self.inline, self.attached, self.boundary = tuple(holder.inline.values()), holder.attached, holder.boundary
        self.groups = holder.groups if isinstance(holder, User) else ()
        self.settled: Settled = UNSETTLED

    @staticmethod
    def key(account_id: str, holder: User | Role) -> Hashable:
        """What shapes that are the same have in common."""
        groups = holder.groups if isinstance(holder, User) else ()
        return account_id, holder.attached, groups, holder.boundary, tuple(holder.inline.values())


class Held:
    """What is held without a record that names policies: by an application's subject, or by nobody."""

    __slots__ = ("settled", "unique_id")

    def __init__(self, unique_id: str) -> None:
        self.unique_id = unique_id
        self.settled: Settled = UNSETTLED


class Standing(msgspec.Struct, gc=False):
    """The shape of what a principal holds, and its plans one step nearer, as of the records and documents that `holders` and
    `documents` stand for. These two alone ever change: to those of a state in which all the rest is the same."""

    holders: object
    documents: object
    plans: dict[str, Plan]
    bundle: Bundle
    shape: Shape | Held
    holder: User | Role | None = None


class Grounds:
    """One state of one account, and which documents its policies and groups hold."""

    __slots__ = ("_groups", "_library", "_policies", "account", "documents", "holders", "version")

    def __init__(self, account: Account, library: Library, before: "Grounds | None" = None) -> None:
        self.account = account
        self.version = account.version  # while nobody reads, the fold works in place: the same object, a later state
        self._library = library
        # two that stand for tables of this state, without keeping them alive
        self.documents = object()  # what policies and groups hold
        self.holders = object()  # users, roles, and what applications have
        self._policies: dict[str, Ready | None] = {}
        self._groups: dict[str, list[Ready]] = {}
        # the tables of a state that has moved on in place say nothing
        if before is not None and before.account is not account and before.account.version == before.version:
            self._take_over(before)

    def _take_over(self, before: "Grounds") -> None:
        """A table that is the very same one holds what it held."""
        then, now = before.account, self.account
        if then.policies is now.policies and then.groups is now.groups:
            self.documents, self._policies, self._groups = before.documents, before._policies, before._groups
        same_people = then.users is now.users and then.roles is now.roles
        if same_people and then.applications is now.applications and then.entities is now.entities:
            self.holders = before.holders

    def holder(self, unique_id: str) -> User | Role | None:
        """The user or role with this id; None where it is gone."""
        account = self.account
        key = account.ids.get(unique_id)
        if key is None:
            return None
        if unique_id.startswith(USER):
            return account.users[key]
        return account.roles[key] if unique_id.startswith(ROLE) else None

    def settle(self, shape: Shape | Held) -> Settled:
        """What a shape comes to, found once for each state of the documents."""
        settled = shape.settled
        if settled[0] is self.documents:
            return settled
        if isinstance(shape, Held):
            bundle = self._held(shape.unique_id)
        else:
            bundle = self._named(shape)
            bundle.follow(settled[2])
        found = shape.settled = self.documents, bundle.plans, bundle
        return found

    def _held(self, unique_id: str) -> Bundle:
        """What an application's subject holds, or the root user behind a federated one; nothing where there is nobody."""
        if unique_id == self.account.number:
            ready = self._policy(ROOTS)
            return self._library.plans.bundle([] if ready is None else [ready])
        subject = unique_id.startswith(SUBJECT)
        held = subject_policies(self.account, *subject_of(unique_id)) if subject else ()
        return self._library.plans.bundle([self._library.identity(text) for _, text in held])

    def _named(self, shape: Shape) -> Bundle:
        """What a record's policies and groups come to."""
        shelf = [self._library.identity(text) for text in shape.inline]
        shelf += self._attached(shape.attached)
        groups = self._groups
        for group_id in shape.groups:
            shelf += groups.get(group_id) or self._group(group_id)
        return self._library.plans.bundle(shelf, self._boundary(shape.boundary))

    def _attached(self, held: tuple[str, ...]) -> list[Ready]:
        """The documents of managed policies."""
        policies, shelf = self._policies, []
        for policy_arn in held:
            ready = policies.get(policy_arn) or self._policy(policy_arn)
            if ready is not None:
                shelf.append(ready)
        return shelf

    def _group(self, group_id: str) -> list[Ready]:
        group = self.account.groups[self.account.ids[group_id]]
        own = [self._library.identity(text) for text in group.inline.values()]
        found = self._groups[group_id] = own + self._attached(group.attached)
        return found

    def _boundary(self, policy_arn: str) -> Shelf | None:
        if not policy_arn:
            return None
        found = self._policy(policy_arn)
        return () if found is None else (found,)  # a boundary whose policy is gone allows nothing

    def _policy(self, policy_arn: str) -> Ready | None:
        """The managed policy with this ARN, the account's own or one that comes with Muniment."""
        if policy_arn in self._policies:
            return self._policies[policy_arn]
        own, given = self.account.find_policy(policy_arn), MANAGED.get(policy_arn)
        text = own.document if own is not None else given.document if given is not None else None
        found = self._policies[policy_arn] = None if text is None else self._library.ready(text)
        return found


class Standings:
    """Grounds by account number, and standings by unique id. Safe for many threads: each lives off one state of the account."""

    def __init__(self, library: Library, standings_max: int = STANDINGS_MAX) -> None:
        self.library = library
        self.nobody = library.plans.bundle(())  # what whoever has no policies of its own holds
        self.grounds: dict[str, Grounds] = {}
        self.known: dict[str, Standing] = {}
        self._shapes: WeakValueDictionary[Hashable, Shape] = WeakValueDictionary()
        self._made: deque[str] = deque()
        self._standings_max = standings_max

    def of(self, account: Account, unique_id: str) -> Standing:
        """Where the user or role with this id stands in this state of its account."""
        grounds = self.grounds.get(account.id)
        if grounds is None or grounds.account is not account or grounds.version != account.version:
            grounds = self.grounds[account.id] = Grounds(account, self.library, grounds)
        before = self.known.get(unique_id)
        if before is not None and before.holders is grounds.holders:
            holder, shape = before.holder, before.shape
        else:
            holder, shape = self._found(grounds, before, unique_id)
        documents, plans, bundle = grounds.settle(shape)
        if before is not None and before.bundle is bundle and before.shape is shape and before.holder is holder:
            before.holders, before.documents = grounds.holders, documents
            return before
        return self._kept(before, unique_id, Standing(grounds.holders, documents, plans, bundle, shape, holder))

    def _found(
        self, grounds: Grounds, before: Standing | None, unique_id: str
    ) -> tuple[User | Role | None, Shape | Held]:
        """The principal's record, and the shape of what it names."""
        holder = grounds.holder(unique_id)
        if holder is None:
            return None, Held(unique_id)
        same = before is not None and before.holder is holder
        return holder, before.shape if same else self._shape(grounds.account.id, holder)  # type: ignore[union-attr]

    def _shape(self, account_id: str, holder: User | Role) -> Shape:
        key = Shape.key(account_id, holder)
        return self._shapes.get(key) or self._shapes.setdefault(key, Shape(holder))

    def _kept(self, before: Standing | None, unique_id: str, made: Standing) -> Standing:
        if before is None:
            self._made.append(unique_id)
            if len(self._made) > self._standings_max:
                self.known.pop(self._made.popleft(), None)
        self.known[unique_id] = made
        return made

    def __len__(self) -> int:
        return len(self.known)
