"""Proving again who one is, for what a stolen session must not do: the password, and the factor where there is one (SECURITY 9).

The session gets another token, and its user is asked nothing more for five minutes.
"""

from typing import Any

from muniment.commands.proofs.security_keys import CounterRegressed
from muniment.commands.signin import reasons
from muniment.commands.signin.flow import SignIn
from muniment.commands.signin.house import House
from muniment.commands.signin.password_check import INCORRECT, PasswordCheck
from muniment.commands.signin.record import Record, Source
from muniment.commands.signin.standing import Begun, Signed, Standing
from muniment.domain.account.mfa import devices_of
from muniment.domain.account.proving import SECURITY_KEY, VIRTUAL
from muniment.domain.errors import AccessDenied, InvalidAuthenticationCode, SignInFailed


class StepUp:
    """Renews sessions."""

    def __init__(self, house: House, standing: Standing, flow: SignIn) -> None:
        self._house, self._standing, self._flow = house, standing, flow
        self._record = Record(house)
        self._passwords = PasswordCheck(house, self._record)

    def asks(self, signed: Signed) -> tuple[str, ...]:
        """What must be proven beside the password: one of these, or nothing where the tuple is empty."""
        kinds = {device.kind for device in devices_of(signed.principal.account, signed.principal.id)}
        return tuple(word for kind, word in ((VIRTUAL, "code"), (SECURITY_KEY, "security-key")) if kind in kinds)

    def options(self, signed: Signed) -> tuple[str, Any]:
        """A ticket and options for a security key, which must verify its user."""
        principal = signed.principal
        return self._house.keys.begin_assertion(principal.account, principal.id, signed.session.id, verify=True)

    def confirm(
        self, signed: Signed, password: str, source: Source, *, code: str = "", challenge: str = "", answer: str = ""
    ) -> Begun:
        """Check the password, then a code or a security key's answer. Raises SignInFailed, TooManyRequests."""
        principal = signed.principal
        self._passwords.check(principal, principal.key, password, source, account=principal.account.number)
        factor = self._factor(signed, code, challenge, answer, source) if self.asks(signed) else ""
        begun = self._standing.renew(signed, factor, source)
        kind = self._kind(signed, factor)
        self._record.succeeded(principal, begun.session_id, factor, kind, source)
        return begun

    def _factor(self, signed: Signed, code: str, challenge: str, answer: str, source: Source) -> str:
        principal, house = signed.principal, self._house
        try:
            if answer:
                return house.keys.finish_assertion(
                    principal.account,
                    principal.id,
                    challenge,
                    signed.session.id,
                    answer,
                    verify=True,
                    source=source.address,
                )
            return house.workshop.factors.check_any(principal.account, principal.id, code, source=source.address)
        except (AccessDenied, InvalidAuthenticationCode):
            kind, reason = (SECURITY_KEY, reasons.WRONG_SECURITY_KEY) if answer else (VIRTUAL, reasons.WRONG_CODE)
        except CounterRegressed as regressed:
            self._flow.block(principal, regressed, source)
            kind, reason = SECURITY_KEY, reasons.CLONED_SECURITY_KEY
        self._record.refused(principal, reason, source, factor_kind=kind)
        raise SignInFailed(INCORRECT)

    @staticmethod
    def _kind(signed: Signed, factor: str) -> str:
        device = signed.principal.account.mfa_devices.get(factor)
        return device.kind if device is not None else ""
