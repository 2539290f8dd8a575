"""Questions about one named entity: what they ask the gate, and the entity. Queries take these in beside their own base
(a struct has only one struct as its base) and declare the field that names the entity."""

from muniment.domain.account.state import Group, Policy, Role, User
from muniment.domain.resource import Resource
from muniment.projections.queries.iam import resources
from muniment.projections.queries.iam.managed import policy_at
from muniment.projections.queries.iam.query import IAMQuery, named_or_own_user
from muniment.projections.query import Asked, Views


class OfUser:
    """About the user called `user_name`."""

    __slots__ = ()
    user_name: str

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        """The user."""
        return resources.user_named(IAMQuery.account(views, asked), self.user_name)

    def user(self, views: Views, asked: Asked) -> User:
        """The user. Raises NoSuchEntity."""
        return IAMQuery.account(views, asked).user(self.user_name)


class OfUserOrCaller:
    """About the user called `user_name`, or who calls where it is empty."""

    __slots__ = ()
    user_name: str

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        """The user, or root."""
        return resources.user_named_or_own(IAMQuery.account(views, asked), self.user_name, asked.actor)

    def user(self, views: Views, asked: Asked) -> User | None:
        """The user; None for root. Raises NoSuchEntity, and ValidationError for callers that are no users."""
        return named_or_own_user(IAMQuery.account(views, asked), self.user_name, asked.actor)


class OfGroup:
    """About the group called `group_name`."""

    __slots__ = ()
    group_name: str

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        """The group."""
        return resources.group_named(IAMQuery.account(views, asked), self.group_name)

    def group(self, views: Views, asked: Asked) -> Group:
        """The group. Raises NoSuchEntity."""
        return IAMQuery.account(views, asked).group(self.group_name)


class OfRole:
    """About the role called `role_name`."""

    __slots__ = ()
    role_name: str

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        """The role."""
        return resources.role_named(IAMQuery.account(views, asked), self.role_name)

    def role(self, views: Views, asked: Asked) -> Role:
        """The role. Raises NoSuchEntity."""
        return IAMQuery.account(views, asked).role(self.role_name)


class OfPolicy:
    """About the managed policy `policy_arn`."""

    __slots__ = ()
    policy_arn: str

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        """The policy."""
        return resources.policy_at(IAMQuery.account(views, asked), self.policy_arn)

    def policy(self, views: Views, asked: Asked) -> Policy:
        """The policy. Raises InvalidInput, NoSuchEntity."""
        return policy_at(IAMQuery.account(views, asked), self.policy_arn)
