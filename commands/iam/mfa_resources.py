"""What commands on MFA devices have in common: the device's name, its resource, whose it may become."""

from muniment.commands.iam.contexts import Keys, resource_tags
from muniment.commands.iam.entity import IAMCommand
from muniment.commands.iam.own_user import ROOT
from muniment.domain import arn
from muniment.domain.account.proving import MFADevice
from muniment.domain.account.state import Account
from muniment.domain.errors import NoSuchEntity, ValidationError
from muniment.domain.ledger import Actor
from muniment.domain.resource import Resource

ROOT_NAME = "root"


class DeviceCommand(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on one device."""

    serial_number: str

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        found = state.mfa_devices.get(self.serial_number)
        tags = {} if found is None else resource_tags(found.tags)
        return (Resource(device_arn(state, self.serial_number), tags | self.keys()),)

    def keys(self) -> Keys:
        """The action's own condition keys."""
        return {}


def device_arn(state: Account, serial: str) -> str:
    """The resource that a serial number names: itself where it is an ARN, else a device of this account by that name."""
    return serial if serial.startswith("arn:") else arn.iam(state.number, "mfa", "/", serial)


def device(state: Account, serial: str) -> MFADevice:
    """The device with this serial number. Raises NoSuchEntity."""
    if (found := state.mfa_devices.get(serial)) is None:
        raise NoSuchEntity(no_device(serial))
    return found


def no_device(serial: str) -> str:
    """How AWS says that there is none."""
    return f"VirtualMFADevice with serial number {serial} doesn't exist."


def holder(state: Account, user_name: str, actor: Actor) -> tuple[str, str]:
    """The name (ROOT for root) and unique id of the user a device is for. Root names itself `root`, or nobody.

    Raises NoSuchEntity, ValidationError.
    """
    if actor.type == "Root" and user_name.lower() in ("", ROOT_NAME) and ROOT_NAME not in state.users:
        return ROOT, state.number
    if user_name:
        user = state.user(user_name)
        return user.name, user.id
    if actor.type != "IAMUser":
        raise ValidationError("Must specify userName when calling with non-User credentials")
    if (name := state.ids.get(actor.id)) is None:
        raise NoSuchEntity(f"The user with name {actor.name} cannot be found.")
    return state.users[name].name, actor.id


def holder_resource(state: Account, user_name: str, actor: Actor) -> Resource:
    """The user that the gate is asked about: as for access keys, a missing one by the ARN it would have."""
    try:
        name, _ = holder(state, user_name, actor)
    except NoSuchEntity:
        return Resource(arn.iam(state.number, "user", "/", user_name or actor.name))
    if name == ROOT:
        return Resource(arn.root(state.number))
    user = state.user(name)
    return Resource(state.user_arn(user), resource_tags(user.tags))
