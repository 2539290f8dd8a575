"""IssueRecoveryCodes: ten single-use codes for whoever loses every factor (SECURITY 8)."""

from typing import Any

from muniment.commands.command import Given
from muniment.commands.iam.own_user import OwnUserCommand
from muniment.commands.proofs.recovery import new_codes, sealed_hashes
from muniment.commands.workshop import Workshop
from muniment.domain.account.mfa import devices_of
from muniment.domain.account.passwords import principal_id
from muniment.domain.account.recovery import RecoveryCodesIssued
from muniment.domain.account.state import Account
from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied, EntityTemporarilyUnmodifiable, UnmodifiableEntity, ValidationError
from muniment.domain.ledger import Entry, Fact
from muniment.domain.sealing import Unreadable


class IssueRecoveryCodes(OwnUserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Give the caller new recovery codes, shown in this answer only; those before are void.

    Only for oneself, and only in a session that a second factor opened: else a stolen key would open the second door too.
    """

    service = "muniment"
    prepares = True

    def prepare(self, state: Account, given: Given, caller: Caller, workshop: Workshop) -> tuple[str, ...]:
        return new_codes(given)

    def decide(self, state: Account, given: Given) -> Fact:
        owner = self.owner(state, given.actor)
        unique_id = principal_id(state, owner)
        if unique_id != given.actor.id:
            raise ValidationError("Recovery codes are issued to whoever calls: leave UserName out")
        if not given.actor.mfa:
            raise AccessDenied("Recovery codes are issued in a session that was opened with a second factor")
        if not devices_of(state, unique_id):
            raise UnmodifiableEntity("There is no second factor that a recovery code could stand in for")
        if not given.prepared:
            raise EntityTemporarilyUnmodifiable("The codes were shown once. Ask again with a new idempotency key.")
        try:
            return RecoveryCodesIssued(owner, sealed_hashes(state.number, unique_id, given.prepared, given))
        except Unreadable:
            raise UnmodifiableEntity(f"The principal {unique_id} was erased and can hold no new secrets.") from None

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        if not given.prepared:  # a repeat: nobody knows the codes any more
            raise EntityTemporarilyUnmodifiable("The codes were shown once. Ask again with a new idempotency key.")
        return {"RecoveryCodes": list(given.prepared), "IssuedDate": entries[0].time}
