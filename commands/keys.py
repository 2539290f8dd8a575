"""What the write side asks of the key ring; `ops/keys` implements it and the composition hands it in."""

from typing import Protocol

from muniment.domain.ledger import Sealed


class Signer(Protocol):
    """Signs what this process writes, and checks what it builds on."""

    def sign(self, payload: bytes) -> tuple[str, bytes]:
        """The signing key's id and the Ed25519 signature over `payload`."""

    def verify(self, key_id: str, signature: bytes, payload: bytes) -> bool:
        """Whether a known key made this signature."""


class Sealer(Protocol):
    """Seals values under an owner's data key (DESIGN §7). `owner` is `<boundary>/<unique id>`."""

    def seal(self, owner: str, field: str, plain: bytes) -> Sealed:
        """`plain` as ciphertext; the owner's data key is made and stored first where there is none."""

    def unseal(self, owner: str, field: str, sealed: Sealed) -> bytes:
        """The plain bytes again."""
