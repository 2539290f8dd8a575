"""A principal's papers: the policies that count for it, each with where it hangs, so that one can be taken away or replaced."""

from collections.abc import Iterator

import msgspec

from muniment.domain.account.state import Account, Group, Role, User
from muniment.domain.escalation.administrator import EVERYTHING, Context, administers, denies_identities
from muniment.domain.escalation.held import GONE, entity, managed
from muniment.domain.policy.checks.person import TAG, Person


class Paper(msgspec.Struct, frozen=True):
    """One policy of a principal: inline where `arn` is empty, of a group of its where `group` is not."""

    name: str
    text: str
    arn: str = ""
    group: str = ""  # the group's name


class Papers(msgspec.Struct, frozen=True):
    """Everything that says what one user or role may do."""

    id: str
    identity: tuple[Paper, ...]
    boundary: Paper | None
    person: Person
    context: Context

    @property
    def administers(self) -> bool:
        """Whether they are an administrator's."""
        texts = [paper.text for paper in self.identity]
        return administers(texts, None if self.boundary is None else self.boundary.text, self.person, self.context)

    @property
    def is_bound_to_nothing(self) -> bool:
        """Whether the boundary, if there is one, leaves an administrator an administrator."""
        bound = None if self.boundary is None else self.boundary.text
        return bound is None or administers((EVERYTHING,), bound, self.person, self.context)

    def denies(self, paper: Paper) -> bool:
        """Whether one of them denies its holder to manage identities."""
        return denies_identities(paper.text, self.person, self.context)

    def with_text(self, *texts: str) -> "Papers":
        """With policies more."""
        added = tuple(Paper("", text) for text in texts)
        return msgspec.structs.replace(self, identity=(*self.identity, *added))

    def without(self, paper: Paper) -> "Papers":
        """With one of the identity policies less."""
        return msgspec.structs.replace(self, identity=tuple(one for one in self.identity if one != paper))

    def without_group(self, name: str) -> "Papers":
        """Outside of a group."""
        return msgspec.structs.replace(self, identity=tuple(one for one in self.identity if one.group != name))

    def unbounded(self) -> "Papers":
        """Without a boundary."""
        return msgspec.structs.replace(self, boundary=None)

    def tagged(self, key: str, value: str) -> "Papers":
        """With a tag more, or another value of it."""
        known = {**self.person.known, f"{TAG}{key.lower()}": (value,)}
        return msgspec.structs.replace(self, person=msgspec.structs.replace(self.person, known=known))

    def rewritten(self, arn: str, text: str) -> "Papers":
        """With another text of a managed policy, wherever it counts."""
        changed = tuple(msgspec.structs.replace(one, text=text) if one.arn == arn else one for one in self.identity)
        bound = self.boundary
        if bound is not None and bound.arn == arn:
            bound = msgspec.structs.replace(bound, text=text)
        return msgspec.structs.replace(self, identity=changed, boundary=bound)


def papers(account: Account, unique_id: str, person: Person, context: Context) -> Papers:
    """The papers of a user or role."""
    found = entity(account, unique_id)
    if found is None:
        return Papers(unique_id, (), None, person, context)
    held = [*_held(account, found, "")]
    for group_id in found.groups if isinstance(found, User) else ():
        group = account.groups[account.ids[group_id]]
        held.extend(_held(account, group, group.name))
    bound = None
    if found.boundary:
        bound = Paper("", managed(account, found.boundary) or GONE, found.boundary)
    return Papers(unique_id, tuple(held), bound, person, context)


def held_by_group(account: Account, group: Group) -> tuple[str, ...]:
    """The documents that members of a group get from it."""
    return tuple(paper.text for paper in _held(account, group, group.name))


def _held(account: Account, holder: User | Role | Group, group: str) -> Iterator[Paper]:
    for name, text in holder.inline.items():
        yield Paper(name, text, "", group)
    for arn in holder.attached:
        if (document := managed(account, arn)) is not None:
            yield Paper("", document, arn, group)
