"""Recovery codes: for somebody whose every factor is lost. Facts, and what each changes; hashes are sealed (SECURITY 8)."""

from typing import ClassVar

import msgspec

from muniment.domain.account import drafting
from muniment.domain.account.proving import RecoveryCodes
from muniment.domain.account.state import Account, AccountFact
from muniment.domain.ledger import Entry, Sealed


class RecoveryCodesIssued(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user, or root where `user_name` is empty, has new recovery codes; those before are void."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    hashes: dict[str, Sealed]  # by number

    def evolve(self, state: Account, entry: Entry) -> None:
        keep_recovery(state, self.user_name, RecoveryCodes(entry.time, self.hashes))


class RecoveryCodeUsed(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A recovery code was accepted in place of a factor: an alarm, for factors are rarely lost and codes often stolen."""

    changes: ClassVar[frozenset[str]] = frozenset()
    severity: ClassVar[str] = "high"

    user_name: str
    number: str

    def evolve(self, state: Account, entry: Entry) -> None:
        if (codes := recovery_of(state, self.user_name)) is not None:
            left = {number: sealed for number, sealed in codes.hashes.items() if number != self.number}
            keep_recovery(state, self.user_name, msgspec.structs.replace(codes, hashes=left))


def recovery_of(state: Account, user_name: str) -> RecoveryCodes | None:
    """The recovery codes of a user, or of root where the name is empty. Raises NoSuchEntity."""
    return state.user(user_name).recovery if user_name else state.root_recovery


def keep_recovery(state: Account, user_name: str, codes: RecoveryCodes) -> None:
    """Give a user, or root, exactly these."""
    if user_name:
        drafting.change(state.users, user_name, recovery=codes)
    else:
        state.root_recovery = codes


def recovery_field(number: str) -> str:
    """The field's name in the seal: no hash opens as another's."""
    return f"recovery-{number}"
