"""A head: a signed statement of how far a stream reached and what it held, and how it is stored."""

from typing import Final, Protocol

import msgspec

from muniment.domain import stored
from muniment.domain.stored import Damaged
from muniment.projections.verify import Link

CHECKPOINTS: Final = "IAM_CHECKPOINTS"
CONTEXT: Final = b"muniment-head-v1\0"


class HeadSigner(Protocol):
    """Signs and checks heads; `SigningKeys(store, keks, "heads")` implements it."""

    def sign(self, payload: bytes) -> tuple[str, bytes]:
        """The signing key's id and the signature over `payload`."""

    def verify(self, key_id: str, signature: bytes, payload: bytes) -> bool:
        """Whether a known key made this signature."""


class Head(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a stream held at `position`. Keyed, so that later fields (a Merkle root, cosignatures) can be added.

    `root` is over the ends of all chains (ends.py) in stream IAM. In IAM_ACTIVITY, whose entries expire, `moved` names the
    chains that grew since the head before it: from there a chain can be verified whose beginning is gone.
    """

    stream: str
    epoch: str
    position: int
    last: bytes  # SHA-256 of the message stored at `position`; empty where the stream is empty
    time: int  # microseconds: the signer's clock
    root: bytes = b""
    chains: int = 0
    moved: dict[str, Link] = {}
    continues: str = ""  # the epoch that a restore ended at `position`; this head is then the first of its own epoch


class Unsigned(Exception):
    """Bytes that are no head, or that no known key signed."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Head)


def subject(stream: str) -> str:
    """Where heads of a stream lie in IAM_CHECKPOINTS."""
    return f"iam.checkpoint.head.{stream}"


def seal(head: Head, signer: HeadSigner) -> bytes:
    """The signed head as it is stored: msgpack `[body, key id, signature over context + body]`, like an entry."""
    body = _encoder.encode(head)
    return stored.encode_envelope(body, *signer.sign(CONTEXT + body))


def opened(data: bytes, signer: HeadSigner) -> Head:
    """The head in stored bytes. Raises Unsigned."""
    try:
        envelope = stored.open_envelope(data)
        head = _decoder.decode(envelope.body)
    except (Damaged, msgspec.MsgspecError, UnicodeDecodeError):
        raise Unsigned("this is not a signed head") from None
    if not signer.verify(envelope.key, envelope.signature, CONTEXT + envelope.body):
        raise Unsigned(f"the head of {head.stream} at {head.position} carries no valid signature")
    return head
