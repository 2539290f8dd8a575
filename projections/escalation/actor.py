"""Somebody on the way: a user or a role's session, what it holds, and which actions its policies mention at all."""

import msgspec

from muniment.domain.account.state import Account, Role, User
from muniment.domain.escalation.held import arn_of, document
from muniment.domain.policy.checks.names import Names
from muniment.domain.policy.checks.result import Work
from muniment.domain.policy.checks.rules import Rule, rules
from muniment.domain.policy.patterns import action_pattern
from muniment.domain.policy.request import Principal
from muniment.projections.escalation.papers import Papers


class Actor(msgspec.Struct, frozen=True):
    """One user or role."""

    entity: User | Role
    arn: str
    principal: Principal
    papers: Papers
    allowing: tuple[Rule, ...]  # the Allows of its identity policies
    mentioned: dict[tuple[str, ...], bool] = {}  # what was found out about them

    @property
    def id(self) -> str:
        """Its unique id."""
        return self.entity.id

    @property
    def is_user(self) -> bool:
        """Whether it is a user."""
        return isinstance(self.entity, User)

    def with_tag(self, key: str, value: str) -> Principal:
        """Its principal with a tag more."""
        return msgspec.structs.replace(self.principal, tags={**self.principal.tags, key: value})

    def mentions(self, *actions: str) -> bool:
        """Whether its policies may allow one of the actions on anything. Raises TooComplex."""
        if (known := self.mentioned.get(actions)) is None:
            wanted = Names(tuple(action_pattern(action) for action in actions))
            work = Work()
            known = any(not rule.actions.apart(wanted, work) for rule in self.allowing)
            self.mentioned[actions] = known
        return known


def actor(account: Account, entity: User | Role, principal: Principal, papers: Papers) -> Actor:
    """The actor with these papers. Raises MalformedVariable."""
    read = (rule for paper in papers.identity for rule in rules(document(paper.text)))
    allowing = tuple(rule for rule in read if not rule.denies)
    return Actor(entity, arn_of(account, entity), principal, papers, allowing)
