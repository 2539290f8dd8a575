"""Random histories: what could have been recorded, one valid fact after another, in two accounts and the site."""

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from muniment.domain.account import account, attachments, groups, inline, keys, policies, roles, users
from muniment.domain.account import permissions_boundaries as bounds
from muniment.domain.account.state import Account
from muniment.domain.boundary import State, new_state
from muniment.domain.ledger import Fact
from muniment.domain.site.state import SITE, AccountRegistered, AliasReleased, AliasReserved, Site
from tests.golden.story.values import SECRET
from tests.projections.logs import Log

ACCOUNTS = ("account.111122223333", "account.444455556666")
NAMES = ("ana", "Bob", "c3")
DOCUMENT = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}'
TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}'
DOCUMENTS = (DOCUMENT, DOCUMENT.replace("Allow", "Deny"), DOCUMENT.replace("s3:Get*", "iam:*"))
MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess"

Pick = Callable[[Any], Any]  # one of a sequence


class Historian:
    """Knows what holds now, so that every fact it tells could have been recorded."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.states: dict[str, State] = {}
        self.fresh = 0

    def tell(self, pick: Pick) -> None:
        """Append one more fact."""
        boundary = pick((*ACCOUNTS, SITE))
        state = self.states.setdefault(boundary, new_state(boundary))
        options = list(self._site(state) if isinstance(state, Site) else self._account(state))  # type: ignore[arg-type]
        fact: Fact = pick(options)(pick)
        entry = self.log.entry(boundary, fact, key=pick((b"", b"k" * 32)))
        message = self.log.store(entry)
        opened = self.log.entry_of(message)
        state.apply(opened)

    def unique(self, prefix: str) -> str:
        self.fresh += 1
        return f"{prefix}{self.fresh:017d}"

    def _site(self, site: Site) -> Iterator[Callable[[Pick], Fact]]:
        free = [name.partition(".")[2] for name in ACCOUNTS if name.partition(".")[2] not in site.accounts]
        yield lambda pick: AccountRegistered(f"{len(site.accounts):012d}", "more", f"m{len(site.accounts)}@example.org")
        if free:
            yield lambda pick: AccountRegistered(pick(free), "one", f"{pick(free)}@example.org")
        if site.accounts:
            yield lambda pick: AliasReserved(f"a{len(site.accounts)}-{self.unique('')}", pick(sorted(site.accounts)))
        if site.aliases:
            alias = sorted(site.aliases)[0]
            yield lambda pick: AliasReleased(alias, site.aliases[alias])

    def _account(self, state: Account) -> Iterator[Callable[[Pick], Fact]]:
        yield lambda pick: account.AccountAliasCreated(pick(("x", "y")))
        yield from self._creations(state)
        if state.users:
            yield from self._users(state, [user.name for user in state.users.values()])
        if state.groups:
            yield from self._groups(state, [group.name for group in state.groups.values()])
        if state.roles:
            names = [role.name for role in state.roles.values()]
            yield lambda pick: roles.RoleTagged(pick(names), {pick(("a", "A")): pick(("1", "2"))})
            yield lambda pick: roles.RoleDescriptionChanged(pick(names), pick(("", "d")))
            yield lambda pick: inline.RoleInlinePolicyPut(pick(names), "i", pick(DOCUMENTS))
        if state.policies:
            held = [policy.arn for policy in state.policies.values()]
            yield lambda pick: self._version(state, pick(held), pick)
        if state.keys:
            ids = sorted(state.keys)
            yield lambda pick: keys.AccessKeyDeactivated("", pick(ids))
            yield lambda pick: keys.CredentialUsed(pick(ids), 7, "iam")
            yield lambda pick: self._key_deleted(state, pick(ids))

    def _creations(self, state: Account) -> Iterator[Callable[[Pick], Fact]]:
        yield lambda pick: keys.AccessKeyCreated("", self.unique("AKIA"), SECRET, state.number)
        yield lambda pick: account.RootCredentialsReset(
            self.unique("AKIA"), SECRET, tuple(key.id for key in state.root_keys)
        )
        if free := [name for name in NAMES if name.lower() not in state.users]:
            yield lambda pick: users.UserCreated(
                pick(free), self.unique("AIDA"), permissions_boundary=pick(("", MANAGED))
            )
        if left := [name for name in NAMES if name.lower() not in state.groups]:
            yield lambda pick: groups.GroupCreated(pick(left), self.unique("AGPA"))
        if open_ := [name for name in NAMES if name.lower() not in state.roles]:
            yield lambda pick: roles.RoleCreated(pick(open_), self.unique("AROA"), TRUST)
        if unused := [name for name in NAMES if name.lower() not in state.policies]:
            yield lambda pick: policies.PolicyCreated(pick(unused), self.unique("ANPA"), pick(DOCUMENTS))

    def _users(self, state: Account, names: list[str]) -> Iterator[Callable[[Pick], Fact]]:
        yield lambda pick: users.UserTagged(pick(names), {pick(("a", "A")): pick(("1", "2"))})
        yield lambda pick: users.UserMoved(pick(names), pick(("/", "/p/")))
        yield lambda pick: keys.AccessKeyCreated(
            (name := pick(names)), self.unique("AKIA"), SECRET, state.user(name).id
        )
        yield lambda pick: inline.UserInlinePolicyPut(pick(names), pick(("i", "j")), pick(DOCUMENTS))
        yield lambda pick: attachments.UserPolicyAttached(pick(names), pick((MANAGED, *self._arns(state))))
        yield lambda pick: bounds.UserPermissionsBoundarySet(pick(names), pick((MANAGED, *self._arns(state))))
        if free := [name for name in NAMES if name.lower() not in state.users]:
            yield lambda pick: users.UserRenamed(pick(names), pick(free))
        if bare := [user.name for user in state.users.values() if not (user.keys or user.groups or user.attached)]:
            yield lambda pick: users.UserDeleted(pick(bare))

    def _groups(self, state: Account, names: list[str]) -> Iterator[Callable[[Pick], Fact]]:
        yield lambda pick: inline.GroupInlinePolicyPut(pick(names), "i", pick(DOCUMENTS))
        yield lambda pick: attachments.GroupPolicyAttached(pick(names), MANAGED)
        outside = [(group.name, user.name) for group in state.groups.values() for user in state.users.values()]
        if outside := [
            (group, user) for group, user in outside if state.group(group).id not in state.user(user).groups
        ]:
            yield lambda pick: groups.GroupMemberAdded(*pick(outside))

    def _version(self, state: Account, arn: str, pick: Pick) -> Fact:
        policy = state.policy(arn)
        return policies.PolicyVersionCreated(arn, f"v{policy.latest + 1}", pick(DOCUMENTS), pick((True, False)))

    def _key_deleted(self, state: Account, key_id: str) -> Fact:
        name = state.keys[key_id]
        return keys.AccessKeyDeleted(state.users[name].name if name else "", key_id)

    def _arns(self, state: Account) -> list[str]:
        return [policy.arn for policy in state.policies.values()]


@st.composite
def logs(draw: st.DrawFn, facts_max: int = 40) -> Log:
    """A log with a random history in it."""
    historian = Historian(Log())
    for _ in range(draw(st.integers(0, facts_max))):
        historian.tell(lambda options: options[draw(st.integers(0, len(options) - 1))])
    return historian.log
