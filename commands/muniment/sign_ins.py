"""Commands of administrators on sessions of sign-in: one, or all of a user (SECURITY 9)."""

from muniment.commands.command import Decision, Given
from muniment.commands.iam.own_user import OwnUserCommand
from muniment.commands.signin.identity import Principal
from muniment.commands.signin.sessions import end, end_all
from muniment.domain.account.passwords import principal_id
from muniment.domain.account.state import Account


class RevokeSignInSession(OwnUserCommand, frozen=True, kw_only=True, rename="pascal"):
    """End one session of a user, or of the caller where none is named. Nothing where it is over."""

    service = "muniment"

    session_id: str

    def decide(self, state: Account, given: Given) -> Decision:
        return end(principal_of(self, state, given), self.session_id)


class RevokeSignInSessions(OwnUserCommand, frozen=True, kw_only=True, rename="pascal"):
    """End every session of a user, or of the caller where none is named."""

    service = "muniment"

    def decide(self, state: Account, given: Given) -> Decision:
        return end_all(principal_of(self, state, given))


def principal_of(command: OwnUserCommand, state: Account, given: Given) -> Principal:
    """Whose sessions they are. Raises NoSuchEntity, ValidationError."""
    owner = command.owner(state, given.actor)
    return Principal(state, owner, principal_id(state, owner))
