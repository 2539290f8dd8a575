"""Commands on one user or, where none is named, on whoever calls: keys, passwords, factors."""

from typing import Final

from muniment.commands.iam.contexts import resource_tags
from muniment.commands.iam.entity import IAMCommand
from muniment.domain import arn
from muniment.domain.account.state import Account
from muniment.domain.errors import NoSuchEntity, ValidationError
from muniment.domain.ledger import Actor
from muniment.domain.resource import Resource

ROOT: Final = ""  # the user name under which what is root's own is kept


class OwnUserCommand(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on what belongs to one user, or, where none is named, to the caller."""

    user_name: str = ""

    def owner(self, account: Account, actor: Actor) -> str:
        """The user's name, or ROOT. Raises NoSuchEntity, and ValidationError where a session names nobody."""
        if self.user_name:
            return account.user(self.user_name).name
        if actor.type == "Root":
            return ROOT
        if actor.type != "IAMUser":
            raise ValidationError("Must specify userName when calling with non-User credentials")
        if (name := account.ids.get(actor.id)) is None:
            raise NoSuchEntity(f"The user with name {actor.name} cannot be found.")
        return account.users[name].name

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        try:
            owner = self.owner(state, actor)
        except NoSuchEntity:
            return (Resource(arn.iam(state.number, "user", "/", self.user_name or actor.name)),)
        if owner == ROOT:
            return (Resource(arn.root(state.number)),)
        user = state.user(owner)
        return (Resource(state.user_arn(user), resource_tags(user.tags)),)
