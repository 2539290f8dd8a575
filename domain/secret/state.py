"""A secret: its versions and the stages on them, its rotation, its resource policy (FEATURES 1f; DESIGN §2).

The boundary belongs to a name, not to one secret: when a secret is deleted and another one gets its name, the chain goes on with
another `unique_id`, another ARN and another data key.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, ClassVar, Final, Generic, TypeVar

import msgspec

from muniment.domain import sealing
from muniment.domain.boundary import State
from muniment.domain.ledger import Fact
from muniment.domain.secret.contents import (
    EMPTY,
    SUFFIX_CHARACTERS,
    Piece,
    Version,
    arn_at,
    closed,
    opened,
    packed,
    place_of,
)
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


T = TypeVar("T")


class Part(Generic[T]):
    """One of the things in `Secret.contents`. Who writes several writes them with `Secret.put`."""

    _name: str

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, secret: "Secret", owner: type | None = None) -> T:
        found: T = getattr(opened(secret.contents), self._name)
        return found

    def __set__(self, secret: "Secret", value: T) -> None:
        secret.put(**{self._name: value})


class Secret(State, kw_only=True):
    """One secret. `arn` is empty where there is none of this name (any more)."""

    kind = "secret"

    contents: Piece = EMPTY  # its names, dates and versions in one piece
    deletion: int = 0  # microseconds: when it will be deleted; 0 where nobody asked for that
    tags: Tags = msgspec.field(default_factory=lambda: NO_TAGS)
    policy: str = ""  # the resource policy; empty where there is none
    rotation: Rotation | None = None
    run: RotationRun | None = None  # the rotation under way, or the last one that failed
    retirement: Retirement | None = None  # the old credential that the target still takes
    erasing: tuple[str, ...] = ()  # unique ids of deleted secrets whose data keys are still to be overwritten

    unique_id = Part[str]()  # contents.py says what each of them is
    description = Part[str]()
    kms_key = Part[str]()
    created = Part[int]()
    changed = Part[int]()
    accessed = Part[int]()
    rotated = Part[int]()
    versions = Part[tuple[Version, ...]]()

    def __repr__(self) -> str:
        return f"Secret(id={self.id!r}, version={self.version}, arn={self.arn!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("version", self.version), ("arn", self.arn)]

    def put(self, **parts: Any) -> None:
        """Write parts of the contents. Only for facts, on their draft."""
        self.contents = closed(msgspec.structs.replace(opened(self.contents), **parts))

    @property
    def account(self) -> str:
        """The number of the account it is in, which the boundary says."""
        return self.id[len(self.kind) + 1 :].partition("-")[0]

    @property
    def arn(self) -> str:
        """Its ARN; empty where there is no secret."""
        return arn_at(self.account, opened(self.contents).place)

    @arn.setter
    def arn(self, arn: str) -> None:
        self.put(place=place_of(self.account, arn))

    @property
    def name(self) -> str:
        """Its name, which the ARN says before its hyphen and six characters; empty where there is no secret."""
        return opened(self.contents).place.rpartition(":")[2][: -SUFFIX_CHARACTERS - 1]

    @property
    def owner(self) -> str:
        """The owner of the data key that its values are sealed under (domain/sealing.py)."""
        return sealing.owner(self.id, self.unique_id)

    @classmethod
    def told(cls, name: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
        """The piece of bytes by its parts, of which the last are the versions."""
        if name != "contents":
            yield name, before, after
            return
        old, new = opened(before), opened(after)
        for part in old.__struct_fields__[:-1]:
            if getattr(old, part) != getattr(new, part):
                yield part, getattr(old, part), getattr(new, part)
        if old.versions != new.versions:
            yield "versions", [each.told() for each in old.versions], [each.told() for each in new.versions]

    def version_of(self, version_id: str) -> Version | None:
        """The version with this id."""
        wanted = packed(version_id)
        return next((version for version in self.versions if version.token == wanted), None)

    def staged(self, stage: str) -> Version | None:
        """The version that has this stage."""
        return next((version for version in self.versions if stage in version.stages), None)


def boundary_of(account: str, name: str) -> str:
    """The boundary of all secrets that ever have this name in this account: secret.<account>-<32 hexadecimal digits>."""
    return f"{Secret.kind}.{account}-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def value_field(version_id: str) -> str:
    """The field name under which a version's value is sealed."""
    return f"value/{version_id}"
