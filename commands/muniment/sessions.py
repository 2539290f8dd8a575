"""Ending sessions before their time: one of them, or all of a principal or credential (FEATURES 1d; docs/decisions/0026)."""

from typing import Annotated, Any, Final

import msgspec

from muniment.commands.command import Command, Decision, Given
from muniment.commands.iam.contexts import resource_tags
from muniment.domain import arn, ids
from muniment.domain.account.sessions import SessionRevoked, SessionsRevoked
from muniment.domain.account.state import Account
from muniment.domain.errors import InvalidInput, LimitExceeded, NoSuchEntity
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.quotas import REVOCATIONS_PER_ACCOUNT_MAX
from muniment.domain.resource import Resource

SECOND: Final = 1_000_000  # microseconds

AccessKeyId = Annotated[str, msgspec.Meta(pattern=r"^A[KS]IA[A-Z2-7]{16}\Z")]


class SessionsCommand(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """A command on sessions that stand on something of the caller's account."""

    service = "muniment"
    boundary = Account


class RevokeSession(SessionsCommand, frozen=True, kw_only=True, rename="pascal"):
    """End one session, and whatever was begun with it, in whichever account.

    It is named by its access key id. The session itself, or what it stands on, must be of the caller's account.
    """

    access_key_id: AccessKeyId

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(f"arn:{arn.PARTITION}:sts::{state.number}:session/{self.access_key_id}"),)

    def decide(self, state: Account, given: Given) -> Decision:
        if not self.access_key_id.startswith(ids.SESSION_KEY):
            raise InvalidInput(
                "AccessKeyId is a long-term key's, not a session's: RevokeSessions ends what was begun with it."
            )
        if self.access_key_id in state.revoked:
            return None
        if len(state.revoked) >= REVOCATIONS_PER_ACCOUNT_MAX:
            raise LimitExceeded(
                f"Cannot exceed quota for RevokedSessionsPerAccount: {REVOCATIONS_PER_ACCOUNT_MAX}. "
                "Revoke all sessions of the principal instead."
            )
        return SessionRevoked(self.access_key_id)


class RevokeSessions(SessionsCommand, frozen=True, kw_only=True, rename="pascal"):
    """End every session of one user, role, provider or credential that was issued before a moment, and what was begun with them.

    Exactly one of `RoleName`, `UserName`, `ProviderArn` and `AccessKeyId` names whose; none of them: the root user's.
    `Before` is in seconds since the Unix epoch; without it, now. The principal itself goes on: it may begin new sessions.
    """

    role_name: str = ""
    user_name: str = ""
    provider_arn: str = ""
    access_key_id: AccessKeyId | None = None
    before: float | None = None

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        if self.role_name:
            role = state.roles.get(self.role_name.lower())
            if role is None:
                return (Resource(arn.iam(state.number, "role", "/", self.role_name)),)
            return (Resource(state.role_arn(role), resource_tags(role.tags)),)
        name = self.user_name or state.keys.get(self.access_key_id or "", "")
        if name:
            user = state.users.get(name.lower())
            if user is None:
                return (Resource(arn.iam(state.number, "user", "/", self.user_name)),)
            return (Resource(state.user_arn(user), resource_tags(user.tags)),)
        if self.provider_arn:
            return (Resource(self.provider_arn),)
        if self.access_key_id is not None and self.access_key_id.startswith(ids.SESSION_KEY):
            return (Resource(f"arn:{arn.PARTITION}:sts::{state.number}:session/{self.access_key_id}"),)
        return (Resource(arn.root(state.number)),)

    def decide(self, state: Account, given: Given) -> Fact:
        before = given.now if self.before is None else int(self.before * SECOND)
        if not 0 < before <= given.now:
            raise InvalidInput("Before must be a moment that has passed.")
        return SessionsRevoked(self._whose(state), before)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, SessionsRevoked)
        return {"Before": fact.before / SECOND}

    def _whose(self, state: Account) -> str:
        """What the sessions stand on. Raises InvalidInput, NoSuchEntity."""
        named = [name for name in (self.role_name, self.user_name, self.provider_arn, self.access_key_id) if name]
        if len(named) > 1:
            raise InvalidInput("Name one of RoleName, UserName, ProviderArn and AccessKeyId.")
        if self.role_name:
            return state.role(self.role_name).id
        if self.user_name:
            return state.user(self.user_name).id
        if self.access_key_id is not None:
            if self.access_key_id.startswith(ids.ACCESS_KEY) and self.access_key_id not in state.keys:
                raise NoSuchEntity(f"The Access Key with id {self.access_key_id} cannot be found.")
            return self.access_key_id
        if self.provider_arn and self.provider_arn not in {**state.oidc_providers, **state.saml_providers}:
            raise NoSuchEntity(f"The provider {self.provider_arn} cannot be found.")
        return self.provider_arn or state.number
