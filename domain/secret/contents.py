"""What of a secret lies in one piece of bytes: what it is called, its dates and its versions.

A hundred thousand secrets are held at once, each mostly of short texts and numbers; a text of its own costs 49 bytes more than it
says, a number 32. Values stay where they lie: opening the piece copies none of them.
"""

import hashlib
import re
from typing import Annotated, Any, Final

import msgspec

from muniment.domain.arn import PARTITION
from muniment.domain.ledger import Sealed

SERVICE: Final = "secretsmanager"
REGION: Final = "us-east-1"  # of every secret, wherever the servers stand
SUFFIX_CHARACTERS: Final = 6
UUID_BYTES: Final = 16
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

_encode: Final = msgspec.msgpack.Encoder().encode
_sealed: Final = msgspec.msgpack.Decoder(Sealed).decode


class Version(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One value of a secret; `version` makes one."""

    token: bytes  # as `packed` makes it of the id
    created: int  # microseconds
    sealed: msgspec.Raw
    binary: bool = False  # whether it was given as SecretBinary: then the plain value is base64
    stages: tuple[str, ...] = ()
    retired: int = 0  # microseconds: since when the target refuses the credential in it; 0 where it may still take it

    @property
    def id(self) -> str:
        """The ClientRequestToken it was put with."""
        if len(self.token) != UUID_BYTES:
            return self.token.decode()
        digits = self.token.hex()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    @property
    def value(self) -> Sealed:
        """The value, under the secret's own data key: see `value_field`."""
        return _sealed(self.sealed)

    @property
    def size(self) -> int:
        """Bytes of the sealed value and its data key's name."""
        return len(memoryview(self.sealed))

    def __repr__(self) -> str:
        return f"Version(id={self.id!r}, stages={self.stages!r}, value=***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("stages", self.stages), ("value", "***")]

    def told(self) -> dict[str, Any]:
        """What may be said of it."""
        found = {"id": self.id, "created": self.created, "stages": list(self.stages)}
        return found | ({"binary": True} if self.binary else {}) | ({"retired": self.retired} if self.retired else {})


def packed(version_id: str) -> bytes:
    """An id as it is held: of a UUID, which most are, its sixteen bytes. Others have 32 characters at least."""
    return bytes.fromhex(version_id.replace("-", "")) if _UUID.fullmatch(version_id) else version_id.encode()


def version(version_id: str, created: int, value: Sealed, binary: bool, stages: tuple[str, ...]) -> Version:
    """A version with this value."""
    return Version(packed(version_id), created, msgspec.Raw(_encode(value)), binary, stages)


class Contents(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The piece, opened."""

    unique_id: str = ""  # of this secret, not of its name; its data key is its own
    place: str = (
        ""  # the end of its ARN: name, hyphen, six characters; the whole ARN where that begins as no other does
    )
    description: str = ""
    kms_key: str = ""  # as the caller named it; values are sealed under the secret's own data key whatever it says
    created: int = 0  # microseconds
    changed: int = 0  # microseconds
    accessed: int = 0  # microseconds: the first read of the newest day (UTC) on which it was read
    rotated: int = 0  # microseconds: when a rotation last finished
    versions: tuple[Version, ...] = ()  # oldest first


EMPTY: Final = b""
LAYOUT: Final = hashlib.sha256(repr(msgspec.inspect.type_info(Contents)).encode()).hexdigest()[:8]
# What was kept of states in another layout is passed over, for the field says by its type which one it has.
Piece = Annotated[bytes, msgspec.Meta(title=LAYOUT)]
NOTHING: Final = Contents()
_decode: Final = msgspec.msgpack.Decoder(Contents).decode


def opened(data: bytes) -> Contents:
    """What is in a piece."""
    return _decode(data) if data else NOTHING


def closed(contents: Contents) -> bytes:
    """The piece of bytes, an empty one where there is nothing; copied, for the encoder's own has room to grow."""
    return EMPTY if contents == NOTHING else bytes(memoryview(_encode(contents)))


def arn_at(account: str, place: str) -> str:
    """The ARN of the secret at a place in an account; empty where there is none."""
    return place if ":" in place or not place else f"arn:{PARTITION}:{SERVICE}:{REGION}:{account}:secret:{place}"


def place_of(account: str, arn: str) -> str:
    """The place that an ARN ends with, or the whole of one that begins otherwise than `arn_at` makes it."""
    return arn.removeprefix(f"arn:{PARTITION}:{SERVICE}:{REGION}:{account}:secret:")
