"""Second factors of users and of root: facts, what each changes in the account, and under which names their secrets are sealed."""

from typing import ClassVar

import msgspec

from muniment.domain.account.proving import SECURITY_KEY, VIRTUAL, MFADevice
from muniment.domain.account.state import Account, AccountFact, Tags
from muniment.domain.account.tags import merged, without
from muniment.domain.ledger import Entry, Sealed
from muniment.domain.sealing import owner


class VirtualMFADeviceCreated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A device that shows codes came to be; nobody has it yet."""

    changes: ClassVar[frozenset[str]] = frozenset()

    serial_number: str
    seed: Sealed
    tags: Tags = {}

    def evolve(self, state: Account, entry: Entry) -> None:
        state.mfa_devices[self.serial_number] = MFADevice(
            self.serial_number, VIRTUAL, entry.time, tags=self.tags, seed=self.seed
        )


class VirtualMFADeviceDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """An unassigned device is gone."""

    changes: ClassVar[frozenset[str]] = frozenset()

    serial_number: str

    def evolve(self, state: Account, entry: Entry) -> None:
        del state.mfa_devices[self.serial_number]


class MFADeviceEnabled(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A virtual device is a user's, or root's where `user_name` is empty. Its seed is sealed anew, under its owner's key."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    serial_number: str
    owner_id: str
    seed: Sealed
    drift: int = 0

    def evolve(self, state: Account, entry: Entry) -> None:
        change_device(
            state, self.serial_number, owner=self.owner_id, enabled=entry.time, seed=self.seed, drift=self.drift
        )


class MFADeviceResynchronized(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A virtual device's clock was found to be this many steps ahead of ours."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    serial_number: str
    drift: int = 0

    def evolve(self, state: Account, entry: Entry) -> None:
        change_device(state, self.serial_number, drift=self.drift)


class MFADeviceDeactivated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A device is nobody's factor any more. A virtual one stays, unassigned; a security key is gone."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    serial_number: str
    seed: Sealed | None = None  # virtual: sealed anew, under the account's number

    def evolve(self, state: Account, entry: Entry) -> None:
        if state.mfa_devices[self.serial_number].kind == SECURITY_KEY:
            del state.mfa_devices[self.serial_number]
        else:
            change_device(state, self.serial_number, owner="", enabled=0, seed=self.seed, drift=0)


class MFADeviceTagged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A device has these tags, besides those it had."""

    changes: ClassVar[frozenset[str]] = frozenset()

    serial_number: str
    tags: Tags

    def evolve(self, state: Account, entry: Entry) -> None:
        old = state.mfa_devices[self.serial_number].tags
        change_device(state, self.serial_number, tags=merged(old, self.tags, fold_case=False))


class MFADeviceUntagged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A device no longer has these tags."""

    changes: ClassVar[frozenset[str]] = frozenset()

    serial_number: str
    tag_keys: tuple[str, ...]

    def evolve(self, state: Account, entry: Entry) -> None:
        old = state.mfa_devices[self.serial_number].tags
        change_device(state, self.serial_number, tags=without(old, self.tag_keys, fold_case=False))


class SecurityKeyRegistered(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A FIDO2 security key or passkey is a user's, or root's where `user_name` is empty."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    serial_number: str
    owner_id: str
    credential: bytes
    public_key: bytes  # COSE
    sign_count: int = 0

    def evolve(self, state: Account, entry: Entry) -> None:
        state.mfa_devices[self.serial_number] = MFADevice(
            self.serial_number,
            SECURITY_KEY,
            entry.time,
            self.owner_id,
            entry.time,
            credential=self.credential,
            public_key=self.public_key,
            count=self.sign_count,
        )


class SecurityKeyBlocked(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A security key's signature counter went backwards: there is a copy of it, and neither is believed (SECURITY 8)."""

    changes: ClassVar[frozenset[str]] = frozenset()
    severity = "high"

    serial_number: str
    known_count: int
    seen_count: int

    def evolve(self, state: Account, entry: Entry) -> None:
        if self.serial_number in state.mfa_devices:
            change_device(state, self.serial_number, blocked=True)


def seed_owner(account: str, owner_id: str) -> str:
    """Whose data key seals a seed: its owner's, or while it has none the account's."""
    return owner(f"account.{account}", owner_id or account)


def seed_field(serial: str) -> str:
    """The field's name in the seal is the device's serial number."""
    return serial


def change_device(state: Account, serial: str, **changes: object) -> None:
    """Replace a device by a changed one."""
    state.mfa_devices[serial] = msgspec.structs.replace(state.mfa_devices[serial], **changes)


def devices_of(state: Account, unique_id: str) -> tuple[MFADevice, ...]:
    """The enabled devices of a user, or of root by the account's number, in the order they were enabled."""
    found = (device for device in state.mfa_devices.values() if device.enabled and device.owner == unique_id)
    return tuple(sorted(found, key=lambda device: (device.enabled, device.serial)))
