"""A secret: its versions and the stages on them, its rotation, its resource policy (FEATURES 1f; DESIGN §2).

The boundary belongs to a name, not to one secret: when a secret is deleted and another one gets its name, the chain goes on with
another `unique_id`, another ARN and another data key.
"""

import hashlib
from typing import ClassVar, Final

import msgspec

from muniment.domain import sealing
from muniment.domain.boundary import State
from muniment.domain.ledger import Fact, Sealed
from muniment.domain.secret.rotation import Retirement, Rotation, RotationRun

CURRENT: Final = "AWSCURRENT"
PREVIOUS: Final = "AWSPREVIOUS"
PENDING: Final = "AWSPENDING"

Tags = dict[str, str]
NO_TAGS: Final[Tags] = {}  # one for all: facts put another table in its place, and change none


class SecretFact(Fact, frozen=True, gc=False, omit_defaults=True):
    """A fact of the `secret` boundary. Most change no decision: those on names, tags and policies say so."""

    kind: ClassVar[str] = "secret"
    changes: ClassVar[frozenset[str]] = frozenset()


class Version(msgspec.Struct, frozen=True, gc=False):
    """One value of a secret."""

    id: str  # the ClientRequestToken it was put with
    created: int  # microseconds
    value: Sealed  # under the secret's own data key: see `value_field`
    binary: bool = False  # whether it was given as SecretBinary: then the plain value is base64
    stages: tuple[str, ...] = ()
    retired: int = 0  # microseconds: since when the target refuses the credential in it; 0 where it may still take it


class Secret(State, kw_only=True):
    """One secret. `arn` is empty where there is none of this name (any more)."""

    kind = "secret"

    unique_id: str = ""  # of this secret, not of its name; its data key is its own
    arn: str = ""
    description: str = ""
    kms_key: str = ""  # as the caller named it; values are sealed under the secret's own data key whatever it says
    created: int = 0  # microseconds
    changed: int = 0  # microseconds
    accessed: int = 0  # microseconds: the first read of the newest day (UTC) on which it was read
    deletion: int = 0  # microseconds: when it will be deleted; 0 where nobody asked for that
    tags: Tags = msgspec.field(default_factory=lambda: NO_TAGS)
    policy: str = ""  # the resource policy; empty where there is none
    versions: tuple[Version, ...] = ()  # oldest first
    rotation: Rotation | None = None
    run: RotationRun | None = None  # the rotation under way, or the last one that failed
    retirement: Retirement | None = None  # the old credential that the target still takes
    rotated: int = 0  # microseconds: when a rotation last finished
    erasing: tuple[str, ...] = ()  # unique ids of deleted secrets whose data keys are still to be overwritten

    @property
    def account(self) -> str:
        """The number of the account it is in; empty where there is no secret. Not held: the ARN says it."""
        return self.arn.split(":", 5)[4] if self.arn else ""

    @property
    def name(self) -> str:
        """Its name; empty where there is no secret. Not held: the ARN says it, before its hyphen and six characters."""
        return self.arn.split(":", 6)[6][:-7] if self.arn else ""

    @property
    def owner(self) -> str:
        """The owner of the data key that its values are sealed under (domain/sealing.py)."""
        return sealing.owner(self.id, self.unique_id)

    def version_of(self, version_id: str) -> Version | None:
        """The version with this id."""
        return next((version for version in self.versions if version.id == version_id), None)

    def staged(self, stage: str) -> Version | None:
        """The version that has this stage."""
        return next((version for version in self.versions if stage in version.stages), None)


def boundary_of(account: str, name: str) -> str:
    """The boundary of all secrets that ever have this name in this account: secret.<account>-<32 hexadecimal digits>."""
    return f"{Secret.kind}.{account}-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def value_field(version_id: str) -> str:
    """The field name under which a version's value is sealed."""
    return f"value/{version_id}"
