"""What a sign-in records of factors, in the user's name: a recovery code used, a copied security key."""

from muniment.commands.command import Decision, Given
from muniment.commands.signin.sessions import OwnSessionCommand
from muniment.domain.account.mfa import SecurityKeyBlocked
from muniment.domain.account.recovery import RecoveryCodeUsed, recovery_of
from muniment.domain.account.state import Account
from muniment.domain.errors import EntityTemporarilyUnmodifiable
from muniment.domain.ledger import Fact


class UseRecoveryCode(OwnSessionCommand, frozen=True, kw_only=True, rename="pascal"):
    """Use up one recovery code of the principal."""

    number: str

    def decide(self, state: Account, given: Given) -> Fact:
        principal = self.principal(state)
        codes = recovery_of(state, principal.name)
        if codes is None or self.number not in codes.hashes:
            raise EntityTemporarilyUnmodifiable("The recovery code was used meanwhile.")
        return RecoveryCodeUsed(principal.name, self.number)


class BlockSecurityKey(OwnSessionCommand, frozen=True, kw_only=True, rename="pascal"):
    """Believe a security key no more; nothing where it is gone or blocked already."""

    serial_number: str
    known_count: int
    seen_count: int

    def decide(self, state: Account, given: Given) -> Decision:
        device = state.mfa_devices.get(self.serial_number)
        if device is None or device.blocked or device.owner != self.unique_id:
            return None
        return SecurityKeyBlocked(device.serial, self.known_count, self.seen_count)
