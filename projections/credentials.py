"""Credentials: whose access key is this, may it be used, and where is its sealed secret. Authentication asks this first."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

import msgspec

from muniment.domain import arn
from muniment.domain.account.account import RootCredentialsReset
from muniment.domain.account.keys import AccessKeyCreated, AccessKeyDeleted, secret_field, secret_owner
from muniment.domain.account.state import AccessKey, Account
from muniment.domain.boundary import State
from muniment.domain.ledger import Sealed
from muniment.projections.fold import Fold, FoldedModel
from muniment.projections.readmodel import Recorded
from muniment.projections.turns import Turns

_canonical: Final = msgspec.msgpack.Encoder(order="deterministic")

ROOT: Final = "Root"
USER: Final = "IAMUser"


class Credential(msgspec.Struct, frozen=True, gc=False):
    """One access key and its principal, as they are now."""

    id: str  # AKIA…
    account: str  # 12 digits
    type: str  # CloudTrail's userIdentity.type: Root or IAMUser
    principal_id: str  # AIDA… of the user, the account's number for root
    arn: str
    name: str  # the user's name; empty for root
    secret: Sealed
    active: bool
    generation: int  # changes whenever the secret behind this id does; what is derived from the secret is kept under it
    last_used: int = 0  # microseconds
    last_service: str = ""
    last_region: str = ""

    @property
    def owner(self) -> str:
        """Whose data key seals the secret (DESIGN §7)."""
        return secret_owner(self.account, self.principal_id)

    @property
    def field(self) -> str:
        """The secret's field name in the seal."""
        return secret_field(self.id)


class Credentials(FoldedModel):
    """Access keys by id. An answer is read off the account's state, so a deactivated or deleted key is so at once."""

    name = "credentials"
    CHANGES_ONLY = True
    KINDS: ClassVar[frozenset[str] | None] = frozenset({"account"})
    IGNORES: ClassVar[frozenset[str]] = frozenset(
        {
            "AccessKeyRotationReminded",
            "AccountAliasCreated",
            "AccountAliasDeleted",
            "AccountCreated",
            "ApplicationDeleted",
            "ApplicationEntityDeleted",
            "ApplicationEntityPut",
            "ApplicationPolicyDeleted",
            "ApplicationPolicyPut",
            "ApplicationRegistered",
            "ApplicationTypesChanged",
            "CredentialReportRequested",
            "EscalationGuardSet",
            "ExternalIdRequirementSet",
            "GroupCreated",
            "GroupDeleted",
            "GroupInlinePolicyDeleted",
            "GroupInlinePolicyPut",
            "GroupMemberAdded",
            "GroupMemberRemoved",
            "GroupMoved",
            "GroupPolicyAttached",
            "GroupPolicyDetached",
            "GroupRenamed",
            "LoginProfileCreated",
            "LoginProfileDeleted",
            "MFADeviceDeactivated",
            "MFADeviceEnabled",
            "MFADeviceResynchronized",
            "MFADeviceTagged",
            "MFADeviceUntagged",
            "OIDCClientAdded",
            "OIDCClientRemoved",
            "OIDCProviderCreated",
            "OIDCProviderDeleted",
            "OIDCThumbprintsReplaced",
            "PasswordChanged",
            "PasswordPolicyDeleted",
            "PasswordPolicySet",
            "PasswordRehashed",
            "PasswordReset",
            "PasswordResetRequirementSet",
            "PolicyCreated",
            "PolicyDefaultVersionSet",
            "PolicyDeleted",
            "PolicyTagged",
            "PolicyUntagged",
            "PolicyVersionCreated",
            "PolicyVersionDeleted",
            "PrincipalErased",  # the key ring forgets the data key; the sealed secret opens no more
            "ProviderTagged",
            "ProviderUntagged",
            "RecoveryCodeUsed",
            "RecoveryCodesIssued",
            "RoleCreated",
            "RoleDeleted",
            "RoleDescriptionChanged",
            "RoleInlinePolicyDeleted",
            "RoleInlinePolicyPut",
            "RolePermissionsBoundaryRemoved",
            "RolePermissionsBoundarySet",
            "RolePolicyAttached",
            "RolePolicyDetached",
            "RoleSessionDurationChanged",
            "RoleTagged",
            "RoleTrustPolicyReplaced",
            "RoleUntagged",
            "RoleUsed",
            "RootSignInSessionStarted",
            "SAMLMetadataReplaced",
            "SAMLProviderCreated",
            "SAMLProviderDeleted",
            "SecurityKeyBlocked",
            "SecurityKeyRegistered",
            "SignInSessionEnded",
            "SignInSessionRenewed",
            "SignInSessionStarted",
            "SignInSessionsEnded",
            "UserCreated",
            "UserDeleted",  # its keys were deleted before
            "UserInlinePolicyDeleted",
            "UserInlinePolicyPut",
            "UserPermissionsBoundaryRemoved",
            "UserPermissionsBoundarySet",
            "UserPolicyAttached",
            "UserPolicyDetached",
            "UserTagged",
            "UserUntagged",
            "VirtualMFADeviceCreated",
            "VirtualMFADeviceDeleted",
        }
    )

    def __init__(self, fold: Fold) -> None:
        super().__init__(fold)
        self._boundaries: dict[str, str] = {}  # access key id → the account's boundary

    def find(self, access_key_id: str) -> Credential | None:
        """The credential with this id, active or not; None where there is none."""
        boundary = self._boundaries.get(access_key_id)
        account = self.table.get(boundary) if boundary is not None else None
        return _credential(account, access_key_id) if isinstance(account, Account) else None

    def account(self, number: str) -> Account | None:
        """An account as it is now; None where there is none."""
        found = self.table.get(f"account.{number}")
        return found if isinstance(found, Account) else None

    def index(self, batch: Sequence[Recorded]) -> None:
        boundaries = self._boundaries
        for recorded in batch:
            fact = recorded.entry.fact
            if isinstance(fact, AccessKeyCreated | RootCredentialsReset):
                boundaries[fact.access_key_id] = recorded.entry.boundary
            if isinstance(fact, AccessKeyDeleted):
                boundaries.pop(fact.access_key_id, None)
            elif isinstance(fact, RootCredentialsReset):
                for gone in fact.deleted:
                    boundaries.pop(gone, None)

    def reindex(self) -> None:
        self._boundaries = {
            key: boundary for boundary, state in self.table.items() if isinstance(state, Account) for key in state.keys
        }

    def adopt_index(self, other: "Credentials") -> None:
        self._boundaries = other._boundaries

    def digest_of(self, picture: Mapping[str, State]) -> bytes:
        total, turns = hashlib.sha256(f"{self.name}/{self.VERSION}".encode()), Turns()
        accounts = [state for state in picture.values() if isinstance(state, Account)]
        for account in sorted(accounts, key=lambda state: state.id):
            if account.revoked or account.revoked_before:
                total.update(_canonical.encode((account.revoked, account.revoked_before)))
            for key in sorted(account.keys):
                total.update(hashlib.sha256(_canonical.encode(_credential(account, key))).digest())
                turns.pass_on()
        return total.digest()


def _credential(account: Account, key_id: str) -> Credential | None:
    if (user_name := account.keys.get(key_id)) is None:
        return None
    if not user_name:
        keys, kind, principal, principal_arn, name = (
            account.root_keys,
            ROOT,
            account.number,
            arn.root(account.number),
            "",
        )
    else:
        user = account.users[user_name]
        keys, kind, principal, principal_arn, name = user.keys, USER, user.id, account.user_arn(user), user.name
    key: AccessKey = next(held for held in keys if held.id == key_id)
    return Credential(
        key.id,
        account.number,
        kind,
        principal,
        principal_arn,
        name,
        key.secret,
        key.active,
        key.created,
        key.last_used,
        key.last_service,
        key.last_region,
    )
