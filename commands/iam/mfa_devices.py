"""Commands on virtual MFA devices as such: CreateVirtualMFADevice, DeleteVirtualMFADevice, tags (FEATURES 1e)."""

import base64
from typing import Any

import msgspec

from muniment.commands.command import Decision, Given
from muniment.commands.iam import tags as tag_rules
from muniment.commands.iam.contexts import Keys, request_tags, tag_keys
from muniment.commands.iam.entity import IAMCommand
from muniment.commands.iam.mfa_resources import DeviceCommand, device, no_device
from muniment.commands.iam.qr import qr_png
from muniment.commands.iam.tags import Tag
from muniment.commands.proofs.totp import SEED_BYTES
from muniment.domain import arn
from muniment.domain.account.mfa import (
    MFADeviceTagged,
    MFADeviceUntagged,
    VirtualMFADeviceCreated,
    VirtualMFADeviceDeleted,
    seed_field,
    seed_owner,
)
from muniment.domain.account.proving import VIRTUAL
from muniment.domain.account.state import Account
from muniment.domain.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity, UnmodifiableEntity
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.quotas import VIRTUAL_MFA_DEVICES_PER_ACCOUNT_MAX
from muniment.domain.resource import Resource
from muniment.domain.sealing import Unreadable


class CreateVirtualMFADevice(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """Make a virtual device; its seed is shown in this answer only, as text and as a QR code.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateVirtualMFADevice.html"""

    virtual_mfa_device_name: str = msgspec.field(name="VirtualMFADeviceName")
    path: str = "/"
    tags: tuple[Tag, ...] = ()

    def serial(self, state: Account) -> str:
        """The new device's ARN."""
        return arn.iam(state.number, "mfa", self.path, self.virtual_mfa_device_name)

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(self.serial(state), request_tags(tag_rules.as_tags(self.tags))),)

    def decide(self, state: Account, given: Given) -> Fact:
        serial = self.serial(state)
        if any(serial.lower() == known.lower() for known in state.mfa_devices):
            raise EntityAlreadyExists("MFADevice entity at the same path and name already exists.")
        if len(state.mfa_devices) >= VIRTUAL_MFA_DEVICES_PER_ACCOUNT_MAX:
            raise LimitExceeded(f"Cannot exceed quota for MFADevicesPerAccount: {VIRTUAL_MFA_DEVICES_PER_ACCOUNT_MAX}")
        tags = tag_rules.checked(self.tags, fold_case=False)
        seed = base64.b32encode(given.random(SEED_BYTES)).decode()
        try:
            sealed = given.seal(seed_owner(state.number, ""), seed_field(serial), seed)
        except Unreadable:
            raise UnmodifiableEntity(f"The root user of {state.number} was erased: no device can be made.") from None
        return VirtualMFADeviceCreated(serial, sealed, tags)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, VirtualMFADeviceCreated)
        serial = fact.serial_number
        try:
            seed = given.unseal(seed_owner(state.number, ""), seed_field(serial), fact.seed)
        except Unreadable:
            raise NoSuchEntity(no_device(serial)) from None
        shown: dict[str, Any] = {
            "SerialNumber": serial,
            "Base32StringSeed": seed.encode(),
            "QRCodePNG": qr_png(seed, label_of(state, serial)),
        }
        if fact.tags:
            shown["Tags"] = tag_rules.shown(fact.tags)
        return {"VirtualMFADevice": shown}


def label_of(state: Account, serial: str) -> str:
    """How an authenticator app names a device: `ana@shop`."""
    return f"{arn.name_of(serial)}@{state.alias or state.number}"


class DeleteVirtualMFADevice(DeviceCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete an unassigned device. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteVirtualMFADevice.html"""

    def decide(self, state: Account, given: Given) -> Fact:
        found = device(state, self.serial_number)
        if found.kind != VIRTUAL:
            raise NoSuchEntity(no_device(self.serial_number))
        if found.owner:
            raise DeleteConflict("MFA VirtualDevice in use. Must deactivate first.")
        return VirtualMFADeviceDeleted(found.serial)


class TagMFADevice(DeviceCommand, frozen=True, kw_only=True, rename="pascal"):
    """Add tags to a device. https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagMFADevice.html"""

    tags: tuple[Tag, ...]

    def keys(self) -> Keys:
        return request_tags(tag_rules.as_tags(self.tags))

    def decide(self, state: Account, given: Given) -> Decision:
        found = device(state, self.serial_number)
        tags = tag_rules.added(found.tags, self.tags, fold_case=False)
        return MFADeviceTagged(found.serial, tags) if tags else None


class UntagMFADevice(DeviceCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take tags from a device. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagMFADevice.html"""

    tag_keys: tuple[str, ...]

    def keys(self) -> Keys:
        return tag_keys(self.tag_keys)

    def decide(self, state: Account, given: Given) -> Decision:
        found = device(state, self.serial_number)
        keys = tag_rules.removed(found.tags, self.tag_keys, fold_case=False)
        return MFADeviceUntagged(found.serial, keys) if keys else None
