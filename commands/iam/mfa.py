"""Commands that make a device somebody's factor, and take it away: Enable-, Resync- and DeactivateMFADevice (FEATURES 1e)."""

from typing import Any

import msgspec

from muniment.commands.command import Given
from muniment.commands.iam.entity import IAMCommand
from muniment.commands.iam.mfa_resources import device, holder, holder_resource, no_device
from muniment.commands.proofs.totp import ENROLMENT_STEPS, RESYNC_STEPS
from muniment.commands.workshop import Workshop
from muniment.domain.account.mfa import (
    MFADeviceDeactivated,
    MFADeviceEnabled,
    MFADeviceResynchronized,
    devices_of,
    seed_field,
    seed_owner,
)
from muniment.domain.account.proving import VIRTUAL, MFADevice
from muniment.domain.account.state import Account
from muniment.domain.caller import Caller
from muniment.domain.errors import (
    EntityAlreadyExists,
    EntityTemporarilyUnmodifiable,
    LimitExceeded,
    NoSuchEntity,
    UnmodifiableEntity,
)
from muniment.domain.ledger import Actor, Fact, Sealed
from muniment.domain.quotas import MFA_DEVICES_PER_USER_MAX
from muniment.domain.resource import Resource
from muniment.domain.sealing import Unreadable


class Proven(msgspec.Struct, frozen=True):
    """That two codes of a device were right, and how far its clock is ahead of ours."""

    seed: Sealed | None  # of the device that was looked at
    drift: int


class CodesCommand(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command that two consecutive codes prove."""

    secret_parameters = frozenset({"authentication_code1", "authentication_code2"})
    prepares = True

    user_name: str
    serial_number: str
    authentication_code1: str
    authentication_code2: str

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (holder_resource(state, self.user_name, actor),)

    def proven(self, state: Account, found: MFADevice, caller: Caller, workshop: Workshop, window: int) -> Proven:
        """Check and spend the codes. Raises InvalidAuthenticationCode, TooManyRequests."""
        _, unique_id = holder(state, self.user_name, caller.actor)
        codes = (self.authentication_code1, self.authentication_code2)
        drift = workshop.factors.check_two(state, unique_id, found, codes, window=window, source=caller.address)
        return Proven(found.seed, drift)

    def rechecked(self, found: MFADevice, given: Given) -> Proven:
        """What was prepared, where it was prepared for the device as it is now. Raises EntityTemporarilyUnmodifiable."""
        if not isinstance(given.prepared, Proven) or given.prepared.seed != found.seed:
            raise EntityTemporarilyUnmodifiable("The device is being changed by another request. Try again.")
        return given.prepared


class EnableMFADevice(CodesCommand, frozen=True, kw_only=True, rename="pascal"):
    """Make a virtual device a user's factor. https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html"""

    def prepare(self, state: Account, given: Given, caller: Caller, workshop: Workshop) -> Proven:
        return self.proven(state, self._unassigned(state, given), caller, workshop, ENROLMENT_STEPS)

    def decide(self, state: Account, given: Given) -> Fact:
        found = self._unassigned(state, given)
        proven = self.rechecked(found, given)
        name, unique_id = holder(state, self.user_name, given.actor)
        return MFADeviceEnabled(name, found.serial, unique_id, _resealed(state, found, unique_id, given), proven.drift)

    def _unassigned(self, state: Account, given: Given) -> MFADevice:
        _, unique_id = holder(state, self.user_name, given.actor)
        found = device(state, self.serial_number)
        if found.kind != VIRTUAL:
            raise NoSuchEntity(no_device(self.serial_number))
        if found.owner:
            raise EntityAlreadyExists("MFA Device is already in use.")
        if len(devices_of(state, unique_id)) >= MFA_DEVICES_PER_USER_MAX:
            raise LimitExceeded(f"Cannot exceed quota for MFADevicesPerUser: {MFA_DEVICES_PER_USER_MAX}")
        return found


class ResyncMFADevice(CodesCommand, frozen=True, kw_only=True, rename="pascal"):
    """Learn how far a device's clock is off. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ResyncMFADevice.html"""

    def prepare(self, state: Account, given: Given, caller: Caller, workshop: Workshop) -> Proven:
        return self.proven(state, self._own(state, given), caller, workshop, RESYNC_STEPS)

    def decide(self, state: Account, given: Given) -> Fact | None:
        found = self._own(state, given)
        proven = self.rechecked(found, given)
        name, _ = holder(state, self.user_name, given.actor)
        return None if proven.drift == found.drift else MFADeviceResynchronized(name, found.serial, proven.drift)

    def _own(self, state: Account, given: Given) -> MFADevice:
        found = owned(state, self.serial_number, holder(state, self.user_name, given.actor)[1])
        if found.kind != VIRTUAL:
            raise NoSuchEntity(no_device(self.serial_number))
        return found


class DeactivateMFADevice(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take a factor from its user. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeactivateMFADevice.html"""

    serial_number: str
    user_name: str = ""

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (holder_resource(state, self.user_name, actor),)

    def decide(self, state: Account, given: Given) -> Fact:
        name, unique_id = holder(state, self.user_name, given.actor)
        found = owned(state, self.serial_number, unique_id)
        seed = _resealed(state, found, "", given) if found.kind == VIRTUAL else None
        return MFADeviceDeactivated(name, found.serial, seed)


def owned(state: Account, serial: str, unique_id: str) -> MFADevice:
    """The enabled device with this serial number, where it is this principal's. Raises NoSuchEntity."""
    found = state.mfa_devices.get(serial)
    if found is None or not found.enabled or found.owner != unique_id:
        raise NoSuchEntity(
            "Device with serial number " + serial + " does not exist or is not associated with the user."
        )
    return found


def _resealed(state: Account, found: MFADevice, unique_id: str, given: Given) -> Any:
    """The seed under another owner's data key. Raises UnmodifiableEntity where one of them was erased."""
    assert found.seed is not None
    field = seed_field(found.serial)
    try:
        seed = given.unseal(seed_owner(state.number, found.owner), field, found.seed)
        return given.seal(seed_owner(state.number, unique_id), field, seed)
    except Unreadable:
        raise UnmodifiableEntity("The device's owner was erased. Delete the user and create another.") from None
