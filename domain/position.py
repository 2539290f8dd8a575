"""A position: how far a ledger is known, and which ledger. It crosses the wire as an opaque token (DESIGN §4)."""

import base64
import binascii

import msgspec

from muniment.domain.errors import ValidationError


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The stream's epoch (a restore begins a new one) and the sequence of the last entry that counts."""

    epoch: str
    sequence: int

    def token(self) -> str:
        """The opaque text that goes out as `X-Muniment-Position`."""
        return base64.urlsafe_b64encode(msgspec.msgpack.encode(self)).rstrip(b"=").decode()

    @classmethod
    def parse(cls, token: str) -> "Position":
        """The position in a token. Raises ValidationError where it is none."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            return msgspec.msgpack.decode(raw, type=cls)
        except (msgspec.MsgspecError, binascii.Error, ValueError):
            raise ValidationError("the position is not one that this service gave out") from None
