"""What people prove themselves with, as the account keeps it: passwords, their policy, factors, and sessions of sign-in.

Nothing here is readable by itself: hashes, seeds and recovery codes are sealed under their principal's data key (DESIGN §7).
"""

from typing import Final

import msgspec

from muniment.domain.ledger import Sealed

VIRTUAL: Final = "virtual"
SECURITY_KEY: Final = "security-key"

DAY: Final = 86_400_000_000  # microseconds


class PasswordPolicy(msgspec.Struct, frozen=True, gc=False):
    """An account's password policy. The defaults are UpdateAccountPasswordPolicy's, for parameters that are left out.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
    """

    minimum_length: int = 6
    symbols: bool = False
    numbers: bool = False
    uppercase: bool = False
    lowercase: bool = False
    users_may_change: bool = False
    max_age_days: int = 0  # 0: passwords do not expire
    reuse_prevention: int = 0  # how many earlier passwords may not be used again
    hard_expiry: bool = False  # an expired password can only be set anew by an administrator


class LoginProfile(msgspec.Struct, frozen=True):
    """A password of a user or of root: the sealed Argon2id hash, and those before it, newest first."""

    hash: Sealed
    created: int  # microseconds; of the profile
    changed: int  # of the password
    reset_required: bool = False
    history: tuple[Sealed, ...] = ()
    last_used: int = 0

    def expires(self, policy: PasswordPolicy | None) -> int:
        """When the password is too old, in microseconds; 0 where it never is."""
        return self.changed + policy.max_age_days * DAY if policy is not None and policy.max_age_days else 0

    def expired(self, policy: PasswordPolicy | None, now: int) -> bool:
        """Whether it is too old at `now`."""
        expires = self.expires(policy)
        return bool(expires) and now >= expires


class MFADevice(msgspec.Struct, frozen=True):
    """A second factor. A virtual one is made unassigned and then enabled for somebody; a security key is registered."""

    serial: str  # the ARN
    kind: str  # VIRTUAL or SECURITY_KEY
    created: int  # microseconds
    owner: str = ""  # AIDA…, the account's number for root, "" while unassigned
    enabled: int = 0
    tags: dict[str, str] = {}
    seed: Sealed | None = None  # virtual: under the account's number while unassigned, then under its owner's key
    drift: int = 0  # virtual: steps that its clock is ahead of ours
    credential: bytes = b""  # security key: the credential id
    public_key: bytes = b""  # security key: COSE
    count: int = 0  # security key: the signature counter at its registration
    blocked: bool = False  # security key: its counter went backwards, so there is a copy of it


class RecoveryCodes(msgspec.Struct, frozen=True):
    """One set of single-use codes for when every factor is lost: the sealed hashes of those that are left, by number."""

    issued: int  # microseconds
    hashes: dict[str, Sealed] = {}


class SignInSession(msgspec.Struct, frozen=True, gc=False):
    """A session in a browser or of a program. Its token is kept as a SHA-256 only, under which it is found."""

    id: str  # stays over renewals, and is what people see
    owner: str  # AIDA…, or the account's number for root
    started: int  # microseconds
    proven: int  # when the password and, where there is one, the factor were last proven
    expires: int
    factor: str = ""  # the serial of the device; "recovery" for a recovery code; "" where none was asked
    kind: str = "browser"  # or "token"
