"""A reader's credential: one file with everything that `muniment.client.Access` needs, for its owner's eyes alone.

It holds an nkey seed that may only pull from the consumers made for it, and the public keys that entries are verified with.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import nkeys

from muniment.ops.jetstream.settings import (
    ConnectionSettings,
    Credentials,
    api_prefix,
    inbox_prefix,
    public_key,
    tls_context,
    write_private,
)
from muniment.ops.keys.verification import BadKeySet, Verifier

FORMAT = 1


class BadCredential(ValueError):
    """The file is not a reader's credential, or others may read it; the message says what to do."""


class ReaderCredential(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who may follow which boundaries, and how what comes is verified. `account` is empty where all accounts may be read."""

    format: int
    name: str
    url: str
    seed: str
    epoch: str
    consumers: tuple[str, ...]
    keys: msgspec.Raw  # a JWK set (RFC 7517): the public keys that sign entries
    account: str = ""
    boundaries: tuple[str, ...] = ()  # empty: everything
    ca: str = ""  # PEM file of the authority that signed the server's certificate

    def __repr__(self) -> str:
        return f"ReaderCredential(name={self.name!r}, account={self.account!r}, seed=***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("hidden", "***")]

    def settings(self, url: str = "") -> ConnectionSettings:
        """How to connect; `url` replaces the one in the file. Raises BadSettings."""
        urls = tuple(part.strip() for part in (url or self.url).split(",") if part.strip())
        wants_tls = bool(self.ca) or any(each.startswith("tls://") for each in urls)
        return ConnectionSettings(
            urls=urls,
            credentials=Credentials(seed=self.seed),
            tls=tls_context(Path(self.ca) if self.ca else None, None, None) if wants_tls else None,
            inbox_prefix=inbox_prefix(self.name),
            api_prefix=api_prefix(self.name),
            name=f"muniment-reader-{self.name}",
        )

    def save(self, path: Path) -> None:
        """Write the file, mode 0600, in one step."""
        write_private(path, msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n")


def load(path: Path) -> ReaderCredential:
    """The credential in a file. Raises BadCredential."""
    try:
        if path.stat().st_mode & 0o077:
            raise BadCredential(f"credential `{path}` is readable by others: run `chmod 600 {path}`")
        found = msgspec.json.decode(path.read_bytes(), type=ReaderCredential)
        if found.format != FORMAT or not found.consumers:
            raise BadCredential(f"`{path}` is of another release: issue it anew with `muniment readers add`")
        public_key(found.seed)
        Verifier(bytes(found.keys))
    except BadCredential:
        raise
    except (OSError, msgspec.MsgspecError, BadKeySet, nkeys.NkeysError, ValueError) as error:
        says = type(error).__name__ if isinstance(error, nkeys.NkeysError) else str(error)
        raise BadCredential(f"`{path}` is not a reader's credential: {says}") from None
    return found


class ReaderKeys:
    """Verifies entries with the credential's public keys.

    A key that is not known makes it read the file again: after a rotation the renewed file brings the new key. What is still
    unknown then is remembered in `unknown`: no forgery yet, only nothing that can be believed.
    """

    def __init__(self, path: Path, credential: ReaderCredential) -> None:
        self._path, self._seed = path, credential.seed
        self.unknown = ""
        self._take(credential)

    def verify(self, key_id: str, signature: bytes, payload: bytes) -> bool:
        """Whether a known key made this signature."""
        if key_id not in self._known:
            self._renew()
            if key_id not in self._known:
                self.unknown = key_id
                return False
        return self._verifier.verify(key_id, signature, payload)

    def _renew(self) -> None:
        try:
            found = load(self._path)
        except BadCredential:
            return  # being replaced, or gone: the next look may find it
        if found.seed == self._seed:
            self._take(found)

    def _take(self, credential: ReaderCredential) -> None:
        self._verifier = Verifier(bytes(credential.keys))
        self._known = frozenset(key.id for key in self._verifier.keys)


class OwnSignature:
    """Signs this reader's own snapshots with its seed, and believes no others."""

    def __init__(self, seed: str) -> None:
        self._pair = nkeys.from_seed(bytearray(seed.encode()))
        self._key = public_key(seed)

    def sign(self, payload: bytes) -> tuple[str, bytes]:
        """The public key and the signature over `payload`."""
        return self._key, bytes(self._pair.sign(payload))

    def verify(self, key_id: str, signature: bytes, payload: bytes) -> bool:
        """Whether this reader made the signature."""
        try:
            return key_id == self._key and bool(self._pair.verify(payload, signature))
        except nkeys.ErrInvalidSignature:
            return False
