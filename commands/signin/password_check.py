"""Whether a password is right: counted before, the same work and the same answer whoever is meant, on record (SECURITY 7)."""

import time
from typing import Final

from muniment.commands.signin import reasons
from muniment.commands.signin.house import House
from muniment.commands.signin.identity import Principal
from muniment.commands.signin.record import Record, Source
from muniment.domain.account.passwords import HASH_FIELD, hash_owner
from muniment.domain.errors import SignInFailed, TooManyRequests
from muniment.domain.ids import NOBODY
from muniment.domain.sealing import Unreadable

REFUSED_SECONDS: Final = 0.15  # a refused password takes so long at the least, whatever was wrong (CVE row 6)
INCORRECT: Final = "Your authentication information is incorrect. Please try again."


class PasswordCheck:
    """Checks passwords of people who sign in, or who prove again who they are."""

    def __init__(self, house: House, record: Record) -> None:
        self._house, self._record = house, record

    def check(
        self, principal: Principal | None, key: str, password: str, source: Source, *, account: str = NOBODY
    ) -> None:
        """Return where it is the principal's password. `key` is what attempts are counted under; `account` the one that was named.

        Raises SignInFailed, alike for every reason; TooManyRequests, ServiceUnavailable.
        """
        began = time.monotonic()
        attempt = self._house.workshop.attempts.begin("password", key, source.address)
        hashed = self.hash_of(principal)
        try:
            right = self._house.workshop.passwords.verify(password, hashed)
        except TooManyRequests:
            attempt.withdrawn()
            raise
        if right:
            attempt.succeeded()
            return
        attempt.failed()
        self._record.refused(principal, _reason(principal, hashed, account), source, account=account)
        time.sleep(max(0.0, began + REFUSED_SECONDS - time.monotonic()))
        raise SignInFailed(INCORRECT)

    def hash_of(self, principal: Principal | None) -> str | None:
        """The principal's hash; None where it has none, or none that can be read."""
        if principal is None or principal.login is None:
            return None
        owner = hash_owner(principal.account.number, principal.id)
        try:
            return self._house.ledger.sealer.unseal(owner, HASH_FIELD, principal.login.hash).decode()
        except Unreadable:
            return None  # erased: no password is right


def _reason(principal: Principal | None, hashed: str | None, account: str) -> str:
    if principal is None:
        return reasons.UNKNOWN_ACCOUNT if account == NOBODY else reasons.UNKNOWN_USER
    return reasons.NO_PASSWORD if hashed is None else reasons.WRONG_PASSWORD
