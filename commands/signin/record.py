"""What became of a sign-in, on record before the answer (SECURITY 14)."""

import msgspec

from muniment.commands.activity import Happening
from muniment.commands.drawn import uuid7
from muniment.commands.provenance import sealed_actor
from muniment.commands.signin.house import House
from muniment.commands.signin.identity import Principal
from muniment.domain.activity.sign_ins import SignInRefused, SignInSucceeded
from muniment.domain.caller import Caller
from muniment.domain.ids import NOBODY
from muniment.domain.ledger import Actor, Cause, Fact


class Source(msgspec.Struct, frozen=True):
    """Where a request came from."""

    address: str = ""
    agent: str = ""
    request_id: str = ""


class Record:
    """Writes to the activity stream, and waits until it is durable."""

    def __init__(self, house: House) -> None:
        self._house = house

    def succeeded(self, principal: Principal, session_id: str, factor: str, factor_kind: str, source: Source) -> None:
        """Somebody proved who they are."""
        fact = SignInSucceeded(principal.shown, factor, factor_kind, session_id)
        actor = principal.actor(session_id, session_id, bool(factor_kind))
        self._record(principal.account.number, actor, fact, source)

    def refused(
        self, principal: Principal | None, reason: str, source: Source, *, account: str = NOBODY, factor_kind: str = ""
    ) -> None:
        """Somebody did not. Where the user does not exist, what was typed is not kept: it may have been a password."""
        if principal is None:
            actor = Actor(account, "", "anonymous", "Unknown")
            self._record(account, actor, SignInRefused(reason, factor_kind=factor_kind), source)
            return
        fact = SignInRefused(reason, principal.shown, factor_kind=factor_kind)
        self._record(principal.account.number, principal.actor(), fact, source)

    def _record(self, account: str, actor: Actor, fact: Fact, source: Source) -> None:
        house = self._house
        now = house.now()
        caller = Caller(actor, address=source.address, agent=source.agent)
        cause = Cause("signin:ConsoleLogin", source.request_id or uuid7(now))
        house.activity.record(Happening(account, sealed_actor(house.ledger.sealer, caller, now), cause, fact))
