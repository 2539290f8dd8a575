"""Where principals stand: the bundle of policies each holds, found once for each state of its account.

Account states are values: whoever compares the state a standing was made from with the state in the table knows whether it still
holds, so no change has to be looked for, and no reader ever sees half of one (docs/decisions/0012-plans-are-values.md).
"""

from collections import deque
from typing import Final

import msgspec

from muniment.domain.account.application import SUBJECT, subject_of
from muniment.domain.account.state import Account, Group, Role, User
from muniment.domain.ids import ROLE, USER
from muniment.domain.policy.managed import MANAGED
from muniment.projections.access.holdings import subject_policies
from muniment.projections.access.library import Library
from muniment.projections.access.plans import Bundle, Plan
from muniment.projections.access.plans import Documents as Shelf
from muniment.projections.access.rules import Ready

STANDINGS_MAX: Final = 262_144  # principals whose bundle is remembered; the oldest go


class Standing(msgspec.Struct, frozen=True, gc=False):
    """The bundle that a principal holds, as of the account state that `ground` stands for; and its plans, one step nearer."""

    ground: object
    plans: dict[str, Plan]
    bundle: Bundle


class Grounds:
    """One state of one account, and which documents its policies and groups hold."""

    __slots__ = ("_groups", "_library", "_policies", "account", "token", "version")

    def __init__(self, account: Account, library: Library) -> None:
        self.account = account
        self.version = account.version  # while nobody reads, the fold works in place: the same object, a later state
        self.token = object()  # stands for this state in standings, without keeping it alive
        self._library = library
        self._policies: dict[str, Ready | None] = {}
        self._groups: dict[str, list[Ready]] = {}

    def bundle(self, unique_id: str) -> Bundle:
        """The policies of the user, role or application's subject with this id; none where it is gone."""
        account, plans = self.account, self._library.plans
        key = account.ids.get(unique_id)
        if unique_id.startswith(SUBJECT):
            return plans.bundle(
                [self._library.identity(text) for _, text in subject_policies(account, *subject_of(unique_id))]
            )
        if key is None:
            return plans.bundle(())
        if unique_id.startswith(USER):
            user = account.users[key]
            shelf, groups = self._own(user), self._groups
            for group_id in user.groups:
                shelf += groups.get(group_id) or self._group(group_id)
            return plans.bundle(shelf, self._boundary(user.boundary))
        if unique_id.startswith(ROLE):
            role = account.roles[key]
            return plans.bundle(self._own(role), self._boundary(role.boundary))
        return plans.bundle(())

    def _own(self, holder: User | Group | Role) -> list[Ready]:
        """The documents that hang on a user, group or role itself."""
        shelf = [self._library.identity(text) for text in holder.inline.values()]
        policies = self._policies
        for policy_arn in holder.attached:
            ready = policies.get(policy_arn) or self._policy(policy_arn)
            if ready is not None:
                shelf.append(ready)
        return shelf

    def _group(self, group_id: str) -> list[Ready]:
        found = self._groups[group_id] = self._own(self.account.groups[self.account.ids[group_id]])
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
    """Grounds by account, and standings by unique id. Safe for many threads: each lives off one state of the account."""

    def __init__(self, library: Library, standings_max: int = STANDINGS_MAX) -> None:
        self.library = library
        nothing = library.plans.bundle(())
        self.nobody = Standing(None, nothing.plans, nothing)
        self._grounds: dict[str, Grounds] = {}
        self._standings: dict[str, Standing] = {}
        self._made: deque[str] = deque()
        self._standings_max = standings_max

    def of(self, account: Account, unique_id: str) -> Standing:
        """Where the user or role with this id stands in this state of its account."""
        grounds = self._grounds.get(account.id)
        if grounds is None or grounds.account is not account or grounds.version != account.version:
            grounds = self._grounds[account.id] = Grounds(account, self.library)
        standing = self._standings.get(unique_id)
        if standing is not None and standing.ground is grounds.token:
            return standing
        bundle = grounds.bundle(unique_id)
        made = Standing(grounds.token, bundle.plans, bundle)
        if standing is None:
            self._made.append(unique_id)
            if len(self._made) > self._standings_max:
                self._standings.pop(self._made.popleft(), None)
        self._standings[unique_id] = made
        return made

    def __len__(self) -> int:
        return len(self._standings)
