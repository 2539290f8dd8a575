"""Second factors: a virtual device, two security keys, recovery codes."""

from typing import Final

from muniment.domain.account.mfa import (
    MFADeviceDeactivated,
    MFADeviceEnabled,
    MFADeviceResynchronized,
    MFADeviceTagged,
    MFADeviceUntagged,
    SecurityKeyBlocked,
    SecurityKeyRegistered,
    VirtualMFADeviceCreated,
    VirtualMFADeviceDeleted,
)
from muniment.domain.account.recovery import RecoveryCodesIssued, RecoveryCodeUsed
from muniment.domain.ledger import Fact
from tests.golden.story.values import PHONE, SECRET, SECRET_2, SECURITY_KEY, USER_ID

BEGINS: Final[tuple[Fact, ...]] = (
    VirtualMFADeviceCreated(PHONE, SECRET, {"Team": "blue"}),
    SecurityKeyRegistered("ana", SECURITY_KEY, USER_ID, b"\x01credential", b"\x02public", 7),
)
CHANGES: Final[tuple[Fact, ...]] = (
    MFADeviceTagged(PHONE, {"Cost": "1"}),
    MFADeviceUntagged(PHONE, ("Team",)),
    MFADeviceEnabled("ana", PHONE, USER_ID, SECRET_2, 3),
    MFADeviceResynchronized("ana", PHONE, -2),
    SecurityKeyBlocked(SECURITY_KEY, 9, 8),
    RecoveryCodesIssued("ana", {"1": SECRET, "2": SECRET_2}),
    RecoveryCodeUsed("ana", "1"),
)
ENDS: Final[tuple[Fact, ...]] = (
    MFADeviceDeactivated("Anna", SECURITY_KEY),
    MFADeviceDeactivated("Anna", PHONE, SECRET),
    VirtualMFADeviceDeleted(PHONE),
)
