"""Factors: checks a one-time code of a device, for sign-in, STS and enrolment alike: one way in, with one limiter (CVE row 4)."""

from muniment.commands.drawn import Clock, clock
from muniment.commands.keys import Sealer
from muniment.commands.proofs import totp
from muniment.commands.proofs.attempts import Attempts
from muniment.commands.proofs.spent import SpentProofs
from muniment.domain.account.mfa import devices_of, seed_field, seed_owner
from muniment.domain.account.proving import VIRTUAL, MFADevice
from muniment.domain.account.state import Account
from muniment.domain.errors import AccessDenied, InvalidAuthenticationCode
from muniment.domain.sealing import Unreadable

NO_DEVICE = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  "
    "Please verify your MFA serial number is valid and associated with this user."
)
WRONG_CODE = "MultiFactorAuthentication failed with invalid MFA one time pass code."
NOT_CONSECUTIVE = "Authentication code for device is not valid."


class Factors:
    """Devices that show codes."""

    def __init__(self, attempts: Attempts, spent: SpentProofs, sealer: Sealer, now: Clock = clock) -> None:
        self._attempts, self._spent, self._sealer, self._now = attempts, spent, sealer, now

    def check(self, account: Account, unique_id: str, serial: str, code: str, *, source: str) -> None:
        """Check and spend a code of the device `serial` of the user `unique_id`, or of root by the account's number.

        The attempt is counted before anything is looked at. Raises AccessDenied in STS's words, alike for a device that is
        not there and for another's; TooManyRequests, ServiceUnavailable.
        """
        attempt = self._attempts.begin("code", _principal(account, unique_id), source)
        device = account.mfa_devices.get(serial)
        if device is None or device.kind != VIRTUAL or not device.enabled or device.owner != unique_id:
            attempt.failed()
            raise AccessDenied(NO_DEVICE)
        if not self._accept(account, device, code):
            attempt.failed()
            raise AccessDenied(WRONG_CODE)
        attempt.succeeded()

    def check_any(self, account: Account, unique_id: str, code: str, *, source: str) -> str:
        """Check and spend a code of whichever device of the user shows it; the device's serial number.

        Raises AccessDenied, TooManyRequests, ServiceUnavailable.
        """
        attempt = self._attempts.begin("code", _principal(account, unique_id), source)
        for device in devices_of(account, unique_id):
            if device.kind == VIRTUAL and self._accept(account, device, code):
                attempt.succeeded()
                return device.serial
        attempt.failed()
        raise AccessDenied(WRONG_CODE)

    def check_two(
        self, account: Account, unique_id: str, device: MFADevice, codes: tuple[str, str], *, window: int, source: str
    ) -> int:
        """Check and spend two consecutive codes of a device; how many steps its clock is ahead of ours.

        Raises InvalidAuthenticationCode, TooManyRequests, ServiceUnavailable.
        """
        attempt = self._attempts.begin("code", _principal(account, unique_id), source)
        seed, current = self._seed(account, device), totp.step_at(self._now())
        first, second = map(totp.canonical, codes)
        step = totp.consecutive_steps(seed, first, second, current, window) if seed else None
        if step is None or not self._spent.spend_step(account.number, device.serial, step, step - 1):
            attempt.failed()
            raise InvalidAuthenticationCode(NOT_CONSECUTIVE)
        attempt.succeeded()
        return _drift(step - current)

    def _accept(self, account: Account, device: MFADevice, code: str) -> bool:
        seed, digits = self._seed(account, device), totp.canonical(code)
        if not seed or not digits:
            return False
        current = totp.step_at(self._now())
        step = totp.matching_step(seed, digits, current + device.drift)
        if step is None and abs(device.drift) <= totp.SLOW_STEPS:
            step = totp.matching_step(seed, digits, current)
        return step is not None and self._spent.spend_step(account.number, device.serial, step)

    def _seed(self, account: Account, device: MFADevice) -> str:
        """Base32; empty where it can no longer be read, because its owner was erased."""
        if device.seed is None:
            return ""
        try:
            owner = seed_owner(account.number, device.owner)
            return self._sealer.unseal(owner, seed_field(device.serial), device.seed).decode()
        except Unreadable:
            return ""


def _principal(account: Account, unique_id: str) -> str:
    return f"{account.id}/{unique_id}"


def _drift(steps: int) -> int:
    """A device that is a step off is not off: whoever types slowly is not to shift its window."""
    return 0 if abs(steps) <= totp.WINDOW_STEPS else steps
