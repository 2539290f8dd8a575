"""Session tokens: sessions sealed under a key that all nodes have, so that each can read them and nobody else.

A token's first part says nothing but its format. Its key is derived for it alone, from random salt, so that no number of
tokens wears the key out (NIST SP 800-38D's limit is on random nonces under one key). Every change of a token, its encoding
included, makes it unreadable (SECURITY CVE row 19).
"""

import base64
import binascii
import hmac
import os
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muniment.domain.quotas import SESSION_TOKEN_CHARACTERS_MAX
from muniment.domain.session import Session, decoded, encoded
from muniment.domain.session_token import UnreadableToken
from muniment.ops.keys.binding import bind

FORMAT: Final = b"\1"
SALT_BYTES: Final = 32
NONCE: Final = bytes(12)  # the key seals this one message
CACHED_MAX: Final = 4_096

_SEALING: Final = bind("muniment-session", FORMAT)


class Tokens:
    """Seals and opens sessions. Safe for many threads."""

    def __init__(self, key: bytes, epoch: Callable[[], str] = lambda: "") -> None:
        """`epoch` names the ledger: a restore begins another one, which may not know what was revoked, so sessions end with it."""
        self._key, self._epoch = key, epoch
        self._opened: dict[str, Session] = {}

    def seal(self, session: Session) -> str:
        """The session token: URL-safe base64, for it travels in headers and in query strings."""
        salt = os.urandom(SALT_BYTES)
        box = self._cipher(salt).encrypt(NONCE, encoded(session), _SEALING)
        return base64.urlsafe_b64encode(FORMAT + salt + box).rstrip(b"=").decode()

    def open(self, token: str) -> Session:
        """The session in a token. Raises UnreadableToken. One that was opened lately is remembered by its whole text."""
        known = self._opened.get(token)
        if known is not None:
            return known
        session = self._open(token)
        if len(self._opened) >= CACHED_MAX:
            self._opened = dict(list(self._opened.items())[CACHED_MAX // 2 :])  # the older half goes
        self._opened[token] = session
        return session

    def _open(self, token: str) -> Session:
        try:
            if len(token) > SESSION_TOKEN_CHARACTERS_MAX:
                raise UnreadableToken
            data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            if data[:1] != FORMAT or base64.urlsafe_b64encode(data).rstrip(b"=").decode() != token:
                raise UnreadableToken  # base64 lets several texts say the same bytes; only ours counts
            salt, box = data[1 : 1 + SALT_BYTES], data[1 + SALT_BYTES :]
            return decoded(self._cipher(salt).decrypt(NONCE, box, _SEALING))
        except (InvalidTag, binascii.Error, ValueError):
            raise UnreadableToken from None

    def _cipher(self, salt: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._key, bind(_SEALING, self._epoch(), salt), "sha256"))

    def __repr__(self) -> str:
        return "<Tokens>"
