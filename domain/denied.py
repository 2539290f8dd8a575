"""A denial as it is handed to whoever was denied, sealed: enough for `sts:DecodeAuthorizationMessage` to say why, and no more.

AWS documents the message (STS API reference, DecodeAuthorizationMessage) and not its form; ours holds the request and the
position it was decided at, and the statements are found when it is decoded.
"""

import base64
import binascii
from typing import Final

import msgspec

from muniment.domain.ids import NOBODY, is_account_number
from muniment.domain.ledger import Sealed
from muniment.domain.policy.request import Principal
from muniment.domain.sealing import owner
from muniment.domain.session import Passed

FIELD: Final = "authorization-message"  # the field name under which it is sealed
LIFE_SECONDS: Final = 86_400
CHARACTERS_MAX: Final = 4_096  # as a header can carry it
DECODED_CHARACTERS_MAX: Final = 10_240  # the model's encodedMessageType
FORMAT: Final = 1


class Denied(msgspec.Struct, frozen=True, array_like=True):
    """A request, and how it was answered."""

    action: str
    resource: str
    principal: Principal
    context: dict[str, tuple[str, ...]]
    passed: Passed | None  # of a session: what was passed when it began
    effect: str
    layer: str
    position: int  # of stream IAM, that it was decided from
    time: int = 0  # microseconds; when the message was made


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """The message as it travels: whose data key it is sealed under, and the box."""

    format: int
    account: str
    principal: str  # the unique id that names the data key's owner
    key: str
    box: bytes

    @property
    def owner(self) -> str:
        """Whose data key it is."""
        return owner(f"account.{self.account}", self.principal)

    @property
    def sealed(self) -> Sealed:
        """The box, as the key ring takes it."""
        return Sealed(self.key, self.box)


class NoMessage(Exception):
    """A text that is no message of ours."""


_encode = msgspec.msgpack.Encoder().encode
_denied = msgspec.msgpack.Decoder(Denied).decode
_envelope = msgspec.msgpack.Decoder(Envelope).decode


def plain(denied: Denied) -> bytes:
    """What is sealed."""
    return _encode(denied)


def opened(data: bytes) -> Denied:
    """What was sealed. Raises NoMessage."""
    try:
        return _denied(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise NoMessage from None


def encoded(account: str, principal: str, sealed: Sealed) -> str:
    """The message as text."""
    raw = _encode(Envelope(FORMAT, account, principal, sealed.key, sealed.box))
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def envelope(text: str) -> Envelope:
    """The envelope in a text. Raises NoMessage; what is in it is not believed before it was unsealed."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        found = _envelope(raw)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise NoMessage from None
    canonical = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    named = is_account_number(found.account) and found.account != NOBODY and found.principal.isascii()
    if canonical != text or found.format != FORMAT or not named or not found.principal.isalnum():
        raise NoMessage
    return found
