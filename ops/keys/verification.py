"""Verification without secrets: the public keys as a JWK set (RFC 7517, RFC 8037), and a verifier built from one."""

import base64
import binascii
from collections.abc import Iterable
from typing import Literal

import msgspec

from muniment.ops.keys.signing import VerificationKey, is_signed, key_id_of, verifiers


class BadKeySet(Exception):
    """The file is not a set of Ed25519 verification keys."""


class _JWK(msgspec.Struct, frozen=True):
    kid: str
    x: str
    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    use: Literal["sig"] = "sig"
    alg: Literal["EdDSA"] = "EdDSA"


class _JWKSet(msgspec.Struct, frozen=True):
    keys: tuple[_JWK, ...]


def export(keys: Iterable[VerificationKey]) -> bytes:
    """A JWK set as JSON; it holds no secret."""
    jwks = tuple(_JWK(key.id, base64.urlsafe_b64encode(key.public).rstrip(b"=").decode()) for key in keys)
    return msgspec.json.format(msgspec.json.encode(_JWKSet(jwks)), indent=2)


class Verifier:
    """Verifies with exported keys alone, far from any server."""

    def __init__(self, exported: bytes) -> None:
        """Raises BadKeySet where `exported` is no key set, or a key does not carry its own id."""
        try:
            found = msgspec.json.decode(exported, type=_JWKSet)
            self.keys = tuple(VerificationKey(key.kid, _raw(key.x)) for key in found.keys)
            if any(key_id_of(key.public) != key.id for key in self.keys):
                raise BadKeySet("a verification key does not carry its own id: export the keys again")
            self._verifiers = verifiers(self.keys)
        except (msgspec.MsgspecError, ValueError) as error:
            raise BadKeySet(f"not a set of verification keys: {error}") from None

    def verify(self, key_id: str, signature: bytes, payload: bytes) -> bool:
        """Whether one of the keys made this signature."""
        verifier = self._verifiers.get(key_id)
        return verifier is not None and is_signed(verifier, signature, payload)


def _raw(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise ValueError("a key is not base64url") from None
