"""RegisterSecurityKey: a FIDO2 key becomes a factor of whoever is signed in. AWS has no public action for it; the permission is
the one it has for devices (FEATURES 1e)."""

from muniment.commands.command import Command, Given
from muniment.commands.iam.contexts import resource_tags
from muniment.domain import arn
from muniment.domain.account.mfa import SecurityKeyRegistered, devices_of
from muniment.domain.account.passwords import principal_id
from muniment.domain.account.state import Account
from muniment.domain.errors import EntityAlreadyExists, LimitExceeded
from muniment.domain.ledger import Actor, Fact
from muniment.domain.quotas import MFA_DEVICES_PER_USER_MAX
from muniment.domain.resource import Resource


class RegisterSecurityKey(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """Register a credential that the ceremony has proven. No front knows it: it comes from the sign-in's own."""

    service = "iam"
    boundary = Account
    operator_only = True

    user_name: str  # empty for root
    device_name: str
    credential: bytes
    public_key: bytes
    sign_count: int

    @classmethod
    def action(cls) -> str:
        """The permission that enabling any device needs."""
        return "iam:EnableMFADevice"

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        if not self.user_name:
            return (Resource(arn.root(state.number)),)
        user = state.user(self.user_name)
        return (Resource(state.user_arn(user), resource_tags(user.tags)),)

    def serial(self, state: Account) -> str:
        """The device's ARN, as AWS makes those of security keys."""
        holder = f"user/{self.user_name}" if self.user_name else "root-account"
        return f"arn:aws:iam::{state.number}:u2f/{holder}/{self.device_name}"

    def decide(self, state: Account, given: Given) -> Fact:
        unique_id, serial = principal_id(state, self.user_name), self.serial(state)
        if serial in state.mfa_devices:
            raise EntityAlreadyExists(f"A security key called {self.device_name} already exists.")
        if len(devices_of(state, unique_id)) >= MFA_DEVICES_PER_USER_MAX:
            raise LimitExceeded(f"Cannot exceed quota for MFADevicesPerUser: {MFA_DEVICES_PER_USER_MAX}")
        return SecurityKeyRegistered(
            self.user_name, serial, unique_id, self.credential, self.public_key, self.sign_count
        )
