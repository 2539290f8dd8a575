"""A new password on its way into the log: held against the account's rules, hashed outside the lane, sealed in the decision."""

from typing import Any

import msgspec

from muniment.commands.command import Given
from muniment.commands.workshop import Workshop
from muniment.domain.account.password_rules import violation
from muniment.domain.account.passwords import HASH_FIELD, hash_owner, login_of, principal_id
from muniment.domain.account.state import Account
from muniment.domain.errors import EntityTemporarilyUnmodifiable, PasswordPolicyViolation, UnmodifiableEntity
from muniment.domain.ledger import Sealed
from muniment.domain.sealing import Unreadable

REUSED = "Password should not be one of the last {count} used"


class Chosen(msgspec.Struct, frozen=True):
    """A password that the account takes, as a hash; `instead` is the sealed hash that it takes the place of."""

    hash: str
    instead: Sealed | None

    def __repr__(self) -> str:
        return "Chosen(***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("hidden", "***")]


def choose(
    state: Account, owner: str, password: str, given: Given, workshop: Workshop, *, also: Sealed | None = None
) -> Chosen:
    """Check a new password of a user, or of root where `owner` is empty, and hash it. `also` is a hash it may not be of.

    Raises PasswordPolicyViolation, TooManyRequests.
    """
    policy, login = state.password_policy, login_of(state, owner)
    if wrong := violation(policy, password, (state.name, state.email)):
        raise PasswordPolicyViolation(wrong)
    count = policy.reuse_prevention if policy is not None else 0
    if login is not None:
        for earlier in (login.hash, *login.history)[:count]:
            if workshop.passwords.verify(password, opened(state, owner, earlier, given)):
                raise PasswordPolicyViolation(REUSED.format(count=count))
    if also is not None and not count and workshop.passwords.verify(password, opened(state, owner, also, given)):
        raise PasswordPolicyViolation("Password should not be the one that is to be changed")
    return Chosen(workshop.passwords.hash(password), None if login is None else login.hash)


def rechecked(given: Given, current: Sealed | None) -> Chosen:
    """What was prepared, where it was prepared for the password as it is now. Raises EntityTemporarilyUnmodifiable."""
    chosen = given.prepared
    if not isinstance(chosen, Chosen) or chosen.instead != current:
        raise EntityTemporarilyUnmodifiable("The password is being changed by another request. Try again.")
    return chosen


def sealed(state: Account, owner: str, chosen: Chosen, given: Given) -> Sealed:
    """The hash under its owner's data key. Raises UnmodifiableEntity where the owner was erased."""
    unique_id = principal_id(state, owner)
    try:
        return given.seal(hash_owner(state.number, unique_id), HASH_FIELD, chosen.hash)
    except Unreadable:
        raise UnmodifiableEntity(
            f"The principal {unique_id} was erased and can hold no new secrets. Delete it and create another."
        ) from None


def opened(state: Account, owner: str, hashed: Sealed, given: Given) -> str | None:
    """A hash of a user's, or of root's; None where it can no longer be read: then no password is right."""
    try:
        return given.unseal(hash_owner(state.number, principal_id(state, owner)), HASH_FIELD, hashed)
    except Unreadable:
        return None
