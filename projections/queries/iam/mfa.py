"""Queries on second factors: ListMFADevices, ListVirtualMFADevices, GetMFADevice, ListMFADeviceTags. Seeds are never shown."""

from typing import Any

from muniment.domain import arn
from muniment.domain.account.mfa import devices_of
from muniment.domain.account.proving import VIRTUAL, MFADevice
from muniment.domain.account.state import Account
from muniment.domain.errors import NoSuchEntity
from muniment.domain.resource import Resource
from muniment.projections.queries.iam import resources, tags
from muniment.projections.queries.iam.named import OfUserOrCaller
from muniment.projections.queries.iam.query import IAMListQuery, IAMQuery, named_or_own_user
from muniment.projections.queries.iam.users import listed, root_shown
from muniment.projections.queries.pagination import key_of
from muniment.projections.query import Asked, Views

ROOT_NAME = "root"


def holder_name(account: Account, device: MFADevice) -> str:
    """The name of the user a device belongs to; `root` for root, empty where it is nobody's."""
    if not device.owner or device.owner == account.number:
        return ROOT_NAME if device.owner else ""
    key = account.ids.get(device.owner)
    return account.users[key].name if key is not None else ""


def find(account: Account, serial: str) -> MFADevice:
    """The device. Raises NoSuchEntity."""
    if (device := account.mfa_devices.get(serial)) is None:
        raise NoSuchEntity(f"VirtualMFADevice with serial number {serial} doesn't exist.")
    return device


def _resource(account: Account, serial: str) -> tuple[Resource, ...]:
    device = account.mfa_devices.get(serial)
    name = serial if serial.startswith("arn:") else arn.iam(account.number, "mfa", "/", serial)
    return (resources.tagged(name, device.tags if device is not None else {}),)


class ListMFADevices(OfUserOrCaller, IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """The enabled devices of a user, or of who calls. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html"""

    user_name: str = ""

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account, user = self.account(views, asked), self.user(views, asked)
        name, unique_id = (ROOT_NAME, account.number) if user is None else (user.name, user.id)
        rows = ((key_of(device.enabled, device.serial), device) for device in devices_of(account, unique_id))
        return self.paged(views, asked, "MFADevices", rows, lambda device: _enabled(name, device))


def _enabled(name: str, device: MFADevice) -> dict[str, Any]:
    return {"UserName": name, "SerialNumber": device.serial, "EnableDate": device.enabled}


class ListVirtualMFADevices(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """The account's virtual devices. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListVirtualMFADevices.html"""

    assignment_status: str = "Any"

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.under_path(self.account(views, asked), "mfa", "/")

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        wanted = {"Any": (True, False), "Assigned": (True,), "Unassigned": (False,)}[self.assignment_status]
        rows = (
            (key_of(device.serial), device)
            for device in account.mfa_devices.values()
            if device.kind == VIRTUAL and bool(device.enabled) in wanted
        )
        return self.paged(views, asked, "VirtualMFADevices", rows, lambda device: _virtual(account, device))


def _virtual(account: Account, device: MFADevice) -> dict[str, Any]:
    member: dict[str, Any] = {"SerialNumber": device.serial}
    if device.owner == account.number:
        member["User"] = root_shown(account)
    elif (key := account.ids.get(device.owner)) is not None:
        member["User"] = listed(account, account.users[key])
    if device.enabled:
        member["EnableDate"] = device.enabled
    return member | tags.where_any(device.tags)


class GetMFADevice(IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """One device of a user, or of who calls. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetMFADevice.html"""

    serial_number: str
    user_name: str = ""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        account = self.account(views, asked)
        if not self.user_name and asked.actor.type not in ("Root", "IAMUser"):
            return _resource(account, self.serial_number)
        return resources.user_named_or_own(account, self.user_name, asked.actor)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        device = find(account, self.serial_number)
        if self.user_name or asked.actor.type in ("Root", "IAMUser"):
            user = named_or_own_user(account, self.user_name, asked.actor)
            if device.owner and device.owner != (account.number if user is None else user.id):
                raise NoSuchEntity(f"VirtualMFADevice with serial number {self.serial_number} doesn't exist.")
        shown: dict[str, Any] = {"SerialNumber": device.serial}
        if name := holder_name(account, device):
            shown |= {"UserName": name, "EnableDate": device.enabled}
        if device.kind != VIRTUAL:
            shown["Certifications"] = {}
        return shown


class ListMFADeviceTags(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """A device's tags. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADeviceTags.html"""

    serial_number: str

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return _resource(self.account(views, asked), self.serial_number)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        device = find(self.account(views, asked), self.serial_number)
        return self.paged(views, asked, "Tags", tags.rows(device.tags), tags.one)
