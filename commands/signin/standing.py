"""Sessions that stand: begun, found by their token, renewed, listed, ended (SECURITY 9).

A token is 256 random bits and the account's number, which says where to look; the account keeps its SHA-256.
"""

import base64
import hashlib
import re
from typing import Any, Final

import msgspec

from muniment.commands.command import Command
from muniment.commands.drawn import Randomness, uuid7
from muniment.commands.ledger import Context
from muniment.commands.signin.house import House
from muniment.commands.signin.identity import Principal, by_id
from muniment.commands.signin.record import Source
from muniment.commands.signin.sessions import (
    EndSignInSession,
    EndSignInSessions,
    RenewSignInSession,
    StartSignInSession,
    stamp,
)
from muniment.domain.account.proving import SignInSession
from muniment.domain.account.sign_ins import BROWSER, sessions_of
from muniment.domain.account.state import Account
from muniment.domain.caller import Caller

PREFIX: Final = "mun_"
TOKEN_BYTES: Final = 32
LIFE_SECONDS: Final = {BROWSER: 12 * 3_600, "token": 3_600}
RECENT_SECONDS: Final = 300  # how fresh a proof must be for sensitive actions (SECURITY 9)
SECOND: Final = 1_000_000
_TOKEN: Final = re.compile(r"mun_([0-9]{12})_[A-Za-z0-9_-]{43}", re.ASCII)


class Begun(msgspec.Struct, frozen=True):
    """A session that was just begun, or renewed, with the token that nobody will ever see again."""

    token: str
    session_id: str
    expires: int  # microseconds

    def __repr__(self) -> str:
        return f"Begun(session_id={self.session_id!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("hidden", "***")]


class Signed(msgspec.Struct, frozen=True):
    """Whoever is signed in."""

    principal: Principal
    session: SignInSession
    digest: str

    def __repr__(self) -> str:
        return f"Signed(session_id={self.session.id!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("hidden", "***")]

    def is_recent(self, now: int) -> bool:
        """Whether it was proven within the last five minutes who this is."""
        return now - self.session.proven <= RECENT_SECONDS * SECOND


class Standing:
    """The sessions of all accounts, as this process knows them."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._random = Randomness()

    def find(self, token: str) -> Signed | None:
        """Who holds this token; None where it is not exactly one that stands (CVE row 19)."""
        if (match := _TOKEN.fullmatch(token)) is None:
            return None
        account = self._house.known(f"account.{match[1]}")
        digest = digest_of(token)
        if not isinstance(account, Account) or (session := account.sign_ins.get(digest)) is None:
            return None
        principal = by_id(account, session.owner)
        if principal is None or principal.login is None or session.expires <= self._house.now():
            return None
        return Signed(principal, session, digest)

    def begin(self, principal: Principal, proven: str, factor: str, session_kind: str, source: Source) -> Begun:
        """A new session. `proven` is the stamp of what was proven. Raises Refused where that no longer counts."""
        now = self._house.now()
        begun = Begun(self._token(principal), uuid7(now), now + LIFE_SECONDS[session_kind] * SECOND)
        command = StartSignInSession(
            unique_id=principal.id,
            session_id=begun.session_id,
            token_digest=digest_of(begun.token),
            stamp=proven,
            expires=begun.expires,
            factor=factor,
            session_kind=session_kind,
        )
        self.give(principal, command, source)
        return begun

    def renew(self, signed: Signed, factor: str, source: Source) -> Begun:
        """Another token for a session whose user has proven again who it is; the one before is void (fixation)."""
        begun = Begun(self._token(signed.principal), signed.session.id, signed.session.expires)
        command = RenewSignInSession(
            unique_id=signed.principal.id,
            old_digest=signed.digest,
            token_digest=digest_of(begun.token),
            stamp=stamp(signed.principal),
            factor=factor,
        )
        self.give(signed.principal, command, source)
        return begun

    def listed(self, signed: Signed) -> tuple[SignInSession, ...]:
        """The sessions of whoever is signed in."""
        return sessions_of(signed.principal.account, signed.principal.id, self._house.now())

    def end(self, signed: Signed, session_id: str, source: Source) -> None:
        """End one of the principal's sessions, this one or another."""
        self.give(signed.principal, EndSignInSession(unique_id=signed.principal.id, session_id=session_id), source)

    def end_all(self, signed: Signed, source: Source) -> None:
        """Sign out everywhere."""
        self.give(signed.principal, EndSignInSessions(unique_id=signed.principal.id), source)

    def give(self, principal: Principal, command: Command[Any], source: Source) -> None:
        """Give a command in the principal's name, and wait until this process knows what came of it. Raises Refused."""
        caller = Caller(principal.actor(), address=source.address, agent=source.agent, operator=True)
        request_id = source.request_id or uuid7(self._house.now())
        outcome = self._house.ledger.execute(command, Context(caller, request_id))
        self._house.wait(outcome.position)

    def _token(self, principal: Principal) -> str:
        secret = base64.urlsafe_b64encode(self._random.take(TOKEN_BYTES)).rstrip(b"=").decode()
        return f"{PREFIX}{principal.account.number}_{secret}"


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
