"""The sign-in: password, then factor, then where it must be a new password, then a session. One way in for every front, every
spelling and every factor, so that no step can be left out by taking another door (CVE rows 4, 5)."""

from typing import Any, Final

import msgspec

from muniment.commands.proofs import recovery
from muniment.commands.proofs.security_keys import CounterRegressed
from muniment.commands.signin import reasons
from muniment.commands.signin.house import House
from muniment.commands.signin.identity import Claim, Principal, account_of, by_id, find, stranger_key
from muniment.commands.signin.internal import BlockSecurityKey, UseRecoveryCode
from muniment.commands.signin.password_check import INCORRECT, PasswordCheck
from muniment.commands.signin.record import Record, Source
from muniment.commands.signin.sessions import ChooseNewPassword, RehashPassword, stamp
from muniment.commands.signin.standing import Begun, Standing
from muniment.domain.account.mfa import devices_of
from muniment.domain.account.proving import SECURITY_KEY, VIRTUAL
from muniment.domain.account.recovery import recovery_of
from muniment.domain.account.sign_ins import BROWSER
from muniment.domain.errors import (
    AccessDenied,
    InvalidAuthenticationCode,
    PasswordPolicyViolation,
    Refused,
    SignInExpired,
    SignInFailed,
)
from muniment.domain.ids import NOBODY
from muniment.domain.site.state import SITE, Site

TICKET: Final = "sign-in"
TICKET_SECONDS: Final = 300
START_AGAIN: Final = "The sign-in took too long or was changed meanwhile. Start again."
EXPIRED: Final = "Your password has expired. Ask an administrator to set a new one."
FACTOR, PASSWORD = "factor", "password"  # what a ticket still asks for


class Pending(msgspec.Struct, frozen=True, array_like=True):
    """A half-finished sign-in: what was proven, and what it stands on."""

    account: str
    unique_id: str
    stamp: str
    stage: str
    session_kind: str
    factor: str = ""
    factor_kind: str = ""


class Progress(msgspec.Struct, frozen=True):
    """Where a sign-in is: finished with a session, or with a ticket for what is asked next."""

    begun: Begun | None = None
    ticket: str = ""
    asks: tuple[str, ...] = ()  # "code", "security-key", "recovery"; or "password"


class SignIn:
    """Runs sign-ins. Its methods block: they run in threads."""

    def __init__(self, house: House, standing: Standing) -> None:
        self._house, self._standing = house, standing
        self._record = Record(house)
        self._passwords = PasswordCheck(house, self._record)

    # -- first the password --------------------------------------------------------------------------------------

    def start(self, claim: Claim, password: str, source: Source, session_kind: str = BROWSER) -> Progress:
        """Check a password. Raises SignInFailed, alike for every reason; TooManyRequests, ServiceUnavailable."""
        site = self._house.known(SITE)
        number = account_of(claim, site) if isinstance(site, Site) else NOBODY
        principal = find(claim, number, self._house.known(f"account.{number}"))
        key = principal.key if principal is not None else stranger_key(claim)
        self._passwords.check(principal, key, password, source, account=number)
        assert principal is not None
        self._rehash(principal, password, source)
        asks = self._factors(principal)
        pending = Pending(number, principal.id, stamp(principal), FACTOR if asks else "", session_kind)
        return self._ticket(pending, asks) if asks else self._proven(pending, principal, source)

    def _rehash(self, principal: Principal, password: str, source: Source) -> None:
        hashed = self._passwords.hash_of(principal)
        if hashed is not None and self._house.workshop.passwords.is_old(hashed):
            command = RehashPassword(unique_id=principal.id, password=password, stamp=stamp(principal))
            self._standing.give(principal, command, source)

    def _factors(self, principal: Principal) -> tuple[str, ...]:
        """What may be asked for: every factor that the principal has; nothing where it has none."""
        devices = devices_of(principal.account, principal.id)
        kinds = {device.kind for device in devices}
        asks = [word for kind, word in ((VIRTUAL, "code"), (SECURITY_KEY, "security-key")) if kind in kinds]
        codes = recovery_of(principal.account, principal.name)
        return (*asks, "recovery") if asks and codes is not None and codes.hashes else tuple(asks)

    # -- then the factor -----------------------------------------------------------------------------------------

    def answer_code(self, ticket: str, code: str, source: Source) -> Progress:
        """Check a code of one of the principal's devices. Raises SignInFailed, SignInExpired, TooManyRequests."""
        pending, principal = self._pending(ticket, FACTOR)
        try:
            serial = self._house.workshop.factors.check_any(
                principal.account, principal.id, code, source=source.address
            )
        except AccessDenied:
            raise self._failed(principal, reasons.WRONG_CODE, VIRTUAL, source) from None
        return self._with_factor(ticket, pending, principal, serial, VIRTUAL, source)

    def answer_recovery(self, ticket: str, code: str, source: Source) -> Progress:
        """Check a recovery code. Raises SignInFailed, SignInExpired, TooManyRequests."""
        pending, principal = self._pending(ticket, FACTOR)
        house = self._house
        attempt = house.workshop.attempts.begin("code", principal.key, source.address)
        number = recovery.number_of(principal.account, principal.name, principal.id, code, house.ledger.sealer)
        codes = recovery_of(principal.account, principal.name)
        issued = str(codes.issued) if codes is not None else ""
        if not number or not house.spent.spend("recovery", principal.key, issued, number, now=house.now()):
            attempt.failed()
            raise self._failed(principal, reasons.WRONG_RECOVERY_CODE, "recovery", source)
        attempt.succeeded()
        self._standing.give(principal, UseRecoveryCode(unique_id=principal.id, number=number), source)
        return self._with_factor(ticket, pending, principal, "recovery", "recovery", source)

    def security_key_options(self, ticket: str) -> tuple[str, Any]:
        """A ticket and options for the browser's half of the ceremony. Raises SignInExpired."""
        _, principal = self._pending(ticket, FACTOR)
        return self._house.keys.begin_assertion(principal.account, principal.id, ticket, verify=False)

    def answer_security_key(self, ticket: str, challenge: str, answer: str, source: Source) -> Progress:
        """Check a security key's answer. Raises SignInFailed, SignInExpired, TooManyRequests."""
        pending, principal = self._pending(ticket, FACTOR)
        try:
            serial = self._house.keys.finish_assertion(
                principal.account, principal.id, challenge, ticket, answer, verify=False, source=source.address
            )
        except (AccessDenied, InvalidAuthenticationCode):
            raise self._failed(principal, reasons.WRONG_SECURITY_KEY, SECURITY_KEY, source) from None
        except CounterRegressed as regressed:
            self.block(principal, regressed, source)
            raise self._failed(principal, reasons.CLONED_SECURITY_KEY, SECURITY_KEY, source) from None
        return self._with_factor(ticket, pending, principal, serial, SECURITY_KEY, source)

    def block(self, principal: Principal, regressed: CounterRegressed, source: Source) -> None:
        """Believe a copied key no more."""
        command = BlockSecurityKey(
            unique_id=principal.id,
            serial_number=regressed.device.serial,
            known_count=regressed.known,
            seen_count=regressed.seen,
        )
        self._standing.give(principal, command, source)

    # -- then, where it must be, a new password ------------------------------------------------------------------

    def choose_password(self, ticket: str, password: str, source: Source) -> Progress:
        """Set a new password in place of one that must not be used on.

        Raises PasswordPolicyViolation (choose another, with the same ticket), SignInExpired, TooManyRequests.
        """
        pending, principal = self._pending(ticket, PASSWORD)
        command = ChooseNewPassword(unique_id=principal.id, password=password, stamp=pending.stamp)
        try:
            self._standing.give(principal, command, source)
        except PasswordPolicyViolation:
            self._record.refused(principal, reasons.PASSWORD_NOT_TAKEN, source)
            raise
        self._take(ticket)
        after = by_id(self._house.known(principal.account.id), principal.id)
        if after is None:
            raise SignInExpired(START_AGAIN)
        return self._begin(msgspec.structs.replace(pending, stamp=stamp(after)), after, source)

    # -- steps ---------------------------------------------------------------------------------------------------

    def asks(self, ticket: str) -> tuple[str, ...]:
        """What a ticket still asks for; nothing where it is over."""
        pending = self._house.tickets.read(TICKET, ticket, Pending)
        if pending is None:
            return ()
        principal = by_id(self._house.known(f"account.{pending.account}"), pending.unique_id)
        if principal is None:
            return ()
        return self._factors(principal) if pending.stage == FACTOR else (pending.stage,)

    def _pending(self, ticket: str, stage: str) -> tuple[Pending, Principal]:
        pending = self._house.tickets.read(TICKET, ticket, Pending)
        if pending is None or pending.stage != stage:
            raise SignInExpired(START_AGAIN)
        principal = by_id(self._house.known(f"account.{pending.account}"), pending.unique_id)
        if principal is None or stamp(principal) != pending.stamp:
            raise SignInExpired(START_AGAIN)
        return pending, principal

    def _take(self, ticket: str) -> None:
        """Use the ticket up. Raises SignInExpired where somebody else was first."""
        if self._house.tickets.take(TICKET, ticket, Pending) is None:
            raise SignInExpired(START_AGAIN)

    def _with_factor(
        self, ticket: str, pending: Pending, principal: Principal, factor: str, kind: str, source: Source
    ) -> Progress:
        self._take(ticket)
        proven = msgspec.structs.replace(pending, factor=factor, factor_kind=kind)
        return self._proven(proven, principal, source)

    def _proven(self, pending: Pending, principal: Principal, source: Source) -> Progress:
        """Everything was proven: a session, unless the password must be changed first."""
        policy, login = principal.account.password_policy, principal.login
        assert login is not None
        expired = bool(principal.name) and login.expired(policy, self._house.now())
        if expired and policy is not None and policy.hard_expiry:
            self._record.refused(principal, reasons.PASSWORD_EXPIRED, source)
            raise SignInFailed(EXPIRED)
        if expired or login.reset_required:
            return self._ticket(msgspec.structs.replace(pending, stage=PASSWORD), (PASSWORD,))
        return self._begin(pending, principal, source)

    def _begin(self, pending: Pending, principal: Principal, source: Source) -> Progress:
        try:
            begun = self._standing.begin(principal, pending.stamp, pending.factor, pending.session_kind, source)
        except Refused as refused:
            if refused.status >= 500:
                raise
            raise self._failed(principal, reasons.CHANGED, pending.factor_kind, source) from None
        self._record.succeeded(principal, begun.session_id, pending.factor, pending.factor_kind, source)
        return Progress(begun)

    def _ticket(self, pending: Pending, asks: tuple[str, ...]) -> Progress:
        return Progress(ticket=self._house.tickets.issue(TICKET, pending, TICKET_SECONDS), asks=asks)

    def _failed(self, principal: Principal, reason: str, factor_kind: str, source: Source) -> SignInFailed:
        self._record.refused(principal, reason, source, factor_kind=factor_kind)
        return SignInFailed(INCORRECT)
