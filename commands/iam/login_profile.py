"""Commands on passwords: CreateLoginProfile and its kin, and ChangePassword (FEATURES 1b, SECURITY 7).

A user name that is left out means whoever calls; for root that is its own password.
"""

from typing import Any

from muniment.commands.command import Decision, Given
from muniment.commands.iam.entity import IAMCommand
from muniment.commands.iam.own_user import OwnUserCommand
from muniment.commands.iam.password_choice import Chosen, choose, opened, rechecked, sealed
from muniment.commands.workshop import Workshop
from muniment.domain.account.passwords import (
    LoginProfileCreated,
    LoginProfileDeleted,
    PasswordChanged,
    PasswordReset,
    PasswordResetRequirementSet,
    login_of,
)
from muniment.domain.account.proving import LoginProfile
from muniment.domain.account.state import Account, User
from muniment.domain.caller import Caller
from muniment.domain.errors import (
    AccessDenied,
    EntityAlreadyExists,
    InvalidUserType,
    NoSuchEntity,
    TooManyRequests,
    ValidationError,
)
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.resource import Resource


class CreateLoginProfile(OwnUserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Give a user a first password. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html"""

    secret_parameters = frozenset({"password"})
    prepares = True

    password: str = ""
    password_reset_required: bool = False

    def prepare(self, state: Account, given: Given, caller: Caller, workshop: Workshop) -> Chosen:
        owner = self.owner(state, given.actor)
        _none_yet(state, owner)
        if not self.password:
            raise ValidationError("1 validation error detected: Password is required for this kind of credentials")
        return choose(state, owner, self.password, given, workshop)

    def decide(self, state: Account, given: Given) -> Fact:
        owner = self.owner(state, given.actor)
        _none_yet(state, owner)
        chosen = rechecked(given, None)
        return LoginProfileCreated(owner, sealed(state, owner, chosen, given), self.password_reset_required)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, LoginProfileCreated)
        shown = {"CreateDate": entries[0].time, "PasswordResetRequired": fact.password_reset_required}
        return {"LoginProfile": {"UserName": fact.user_name or "root", **shown}}


class UpdateLoginProfile(OwnUserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Give a user another password, or have the next sign-in ask for one.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html"""

    secret_parameters = frozenset({"password"})
    prepares = True

    user_name: str
    password: str | None = None
    password_reset_required: bool | None = None

    def prepare(self, state: Account, given: Given, caller: Caller, workshop: Workshop) -> Chosen | None:
        owner = self.owner(state, given.actor)
        profile(state, owner)
        return choose(state, owner, self.password, given, workshop) if self.password is not None else None

    def decide(self, state: Account, given: Given) -> Decision:
        owner = self.owner(state, given.actor)
        login = profile(state, owner)
        required = self.password_reset_required
        if self.password is not None:
            chosen = rechecked(given, login.hash)
            return PasswordReset(owner, sealed(state, owner, chosen, given), bool(required))
        if required is None or required == login.reset_required:
            return None
        return PasswordResetRequirementSet(owner, required)


class DeleteLoginProfile(OwnUserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take a user's password away. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteLoginProfile.html"""

    def decide(self, state: Account, given: Given) -> Fact:
        owner = self.owner(state, given.actor)
        profile(state, owner)
        return LoginProfileDeleted(owner)


class ChangePassword(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """Change the password of the user who calls. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ChangePassword.html"""

    secret_parameters = frozenset({"old_password", "new_password"})
    prepares = True

    old_password: str
    new_password: str

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        user = _caller(state, actor)
        policy = state.password_policy
        return (Resource(state.user_arn(user), granted=policy is not None and policy.users_may_change),)

    def prepare(self, state: Account, given: Given, caller: Caller, workshop: Workshop) -> Chosen:
        user = _caller(state, given.actor)
        login = profile(state, user.name)
        attempt = workshop.attempts.begin("password", f"{state.id}/{user.id}", caller.address)
        try:
            right = workshop.passwords.verify(self.old_password, opened(state, user.name, login.hash, given))
        except TooManyRequests:
            attempt.withdrawn()
            raise
        if not right:
            attempt.failed()
            raise AccessDenied("The old password was incorrect.")
        attempt.succeeded()
        if login.expired(state.password_policy, given.now) and state.password_policy.hard_expiry:  # type: ignore[union-attr]
            raise AccessDenied("The password has expired; an administrator must set a new one.")
        return choose(state, user.name, self.new_password, given, workshop)

    def decide(self, state: Account, given: Given) -> Fact:
        user = _caller(state, given.actor)
        chosen = rechecked(given, profile(state, user.name).hash)
        return PasswordChanged(user.name, sealed(state, user.name, chosen, given))


def profile(state: Account, owner: str) -> LoginProfile:
    """The login profile of a user, or of root. Raises NoSuchEntity."""
    if (login := login_of(state, owner)) is None:
        raise NoSuchEntity(f"Login Profile for User {owner or 'root'} cannot be found.")
    return login


def _none_yet(state: Account, owner: str) -> None:
    if login_of(state, owner) is not None:
        raise EntityAlreadyExists(f"Login Profile for user {owner or 'root'} already exists.")


def _caller(state: Account, actor: Actor) -> User:
    """The user who calls. Raises InvalidUserType where it is none."""
    if actor.type != "IAMUser" or actor.id not in state.ids:
        raise InvalidUserType("Only IAM Users can change their own password")
    return state.users[state.ids[actor.id]]
