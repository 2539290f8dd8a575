"""Commands on sessions of sign-in. The sign-in itself gives them, in the user's name; no front knows them, and no gate is asked:
whoever proved to be somebody may begin, renew and end its own session."""

import hashlib
from typing import Final

from muniment.commands.command import Command, Decision, Given
from muniment.commands.iam.password_choice import Chosen, choose, rechecked, sealed
from muniment.commands.signin.identity import Principal, by_id
from muniment.commands.workshop import Workshop
from muniment.domain import arn
from muniment.domain.account.mfa import devices_of
from muniment.domain.account.passwords import PasswordChanged, PasswordRehashed
from muniment.domain.account.sign_ins import (
    RootSignInSessionStarted,
    SignInSessionEnded,
    SignInSessionRenewed,
    SignInSessionsEnded,
    SignInSessionStarted,
)
from muniment.domain.account.state import Account
from muniment.domain.caller import Caller
from muniment.domain.errors import EntityTemporarilyUnmodifiable, NoSuchEntity
from muniment.domain.ledger import Actor, Fact
from muniment.domain.resource import Resource

CHANGED: Final = "Your credentials were changed meanwhile. Sign in again."


class OwnSessionCommand(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """A command of the sign-in on one principal of an account."""

    service = "signin"
    boundary = Account
    operator_only = True

    unique_id: str

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(arn.root(state.number)),)

    def principal(self, state: Account) -> Principal:
        """The principal. Raises NoSuchEntity where it is gone."""
        if (found := by_id(state, self.unique_id)) is None:
            raise NoSuchEntity(CHANGED)
        return found


class StartSignInSession(OwnSessionCommand, frozen=True, kw_only=True, rename="pascal"):
    """Begin a session, if what was proven still is what counts."""

    secret_parameters = frozenset({"token_digest", "stamp"})

    session_id: str
    token_digest: str
    stamp: str
    expires: int
    factor: str
    session_kind: str

    def decide(self, state: Account, given: Given) -> Fact:
        principal = self.principal(state)
        if stamp(principal) != self.stamp:
            raise EntityTemporarilyUnmodifiable(CHANGED)
        kind = SignInSessionStarted if principal.name else RootSignInSessionStarted
        return kind(
            principal.name,
            self.session_id,
            self.unique_id,
            self.token_digest,
            self.expires,
            self.factor,
            self.session_kind,
        )


class RenewSignInSession(OwnSessionCommand, frozen=True, kw_only=True, rename="pascal"):
    """Give a session another token, after its user proved again who it is."""

    secret_parameters = frozenset({"old_digest", "token_digest", "stamp"})

    old_digest: str
    token_digest: str
    stamp: str
    factor: str

    def decide(self, state: Account, given: Given) -> Fact:
        principal = self.principal(state)
        session = state.sign_ins.get(self.old_digest)
        if session is None or session.owner != self.unique_id or stamp(principal) != self.stamp:
            raise EntityTemporarilyUnmodifiable(CHANGED)
        return SignInSessionRenewed(
            principal.name, session.id, self.unique_id, self.old_digest, self.token_digest, self.factor
        )


class EndSignInSession(OwnSessionCommand, frozen=True, kw_only=True, rename="pascal"):
    """End one session of the principal; nothing where it is over."""

    session_id: str

    def decide(self, state: Account, given: Given) -> Decision:
        return end(self.principal(state), self.session_id)


class EndSignInSessions(OwnSessionCommand, frozen=True, kw_only=True, rename="pascal"):
    """End every session of the principal."""

    def decide(self, state: Account, given: Given) -> Decision:
        return end_all(self.principal(state))


class ChooseNewPassword(OwnSessionCommand, frozen=True, kw_only=True, rename="pascal"):
    """Choose another password at sign-in, when the old one was proven and must not be used on."""

    secret_parameters = frozenset({"password", "stamp"})
    prepares = True

    password: str
    stamp: str

    def prepare(self, state: Account, given: Given, caller: Caller, workshop: Workshop) -> Chosen:
        principal = self._proven(state)
        login = principal.login
        assert login is not None
        return choose(state, principal.name, self.password, given, workshop, also=login.hash)

    def decide(self, state: Account, given: Given) -> Fact:
        principal = self._proven(state)
        assert principal.login is not None
        chosen = rechecked(given, principal.login.hash)
        return PasswordChanged(principal.name, sealed(state, principal.name, chosen, given))

    def _proven(self, state: Account) -> Principal:
        principal = self.principal(state)
        if principal.login is None or stamp(principal) != self.stamp:
            raise EntityTemporarilyUnmodifiable(CHANGED)
        return principal


class RehashPassword(OwnSessionCommand, frozen=True, kw_only=True, rename="pascal"):
    """Replace an old hash by one of today's strength, at the sign-in that brings the password."""

    secret_parameters = frozenset({"password", "stamp"})
    prepares = True

    password: str
    stamp: str

    def prepare(self, state: Account, given: Given, caller: Caller, workshop: Workshop) -> Chosen:
        login = self.principal(state).login
        return Chosen(workshop.passwords.hash(self.password), None if login is None else login.hash)

    def decide(self, state: Account, given: Given) -> Decision:
        principal = self.principal(state)
        if principal.login is None or stamp(principal) != self.stamp:
            return None  # it has another password by now
        chosen = rechecked(given, principal.login.hash)
        return PasswordRehashed(principal.name, sealed(state, principal.name, chosen, given))


def stamp(principal: Principal) -> str:
    """What a proof stands on: the password and the factors as they were when it was given."""
    total = hashlib.sha256(b"" if principal.login is None else principal.login.hash.box)
    for device in devices_of(principal.account, principal.id):
        total.update(f"{device.serial}/{device.enabled}/{device.blocked}".encode())
    return total.hexdigest()


def end(principal: Principal, session_id: str) -> Fact | None:
    """The end of one session of a principal."""
    found = any(each.id == session_id and each.owner == principal.id for each in principal.account.sign_ins.values())
    return SignInSessionEnded(principal.name, session_id, principal.id) if found else None


def end_all(principal: Principal) -> Fact | None:
    """The end of every session of a principal."""
    found = any(each.owner == principal.id for each in principal.account.sign_ins.values())
    return SignInSessionsEnded(principal.name, principal.id) if found else None
