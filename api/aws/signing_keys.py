"""Derived signing keys kept for a while: deriving one costs four HMACs and, worse, opening the sealed secret."""

from collections.abc import Callable
from threading import Lock

from muniment.api.aws.canonical import signing_key
from muniment.api.aws.http import HTTPRequest
from muniment.api.aws.signature import Claimed, verify

SIGNING_KEYS_MAX = 4096

_Name = tuple[str, int, str, str, str]


class SigningKeys:
    """A bounded cache of signing keys by (access key id, generation of its secret, date, region, service).

    Nothing of the secret is in that name; a secret that changes must come with another generation. A cached key grants
    nothing to an access key that was deactivated, because callers look the access key up first. Thread safe.
    """

    def __init__(self, keys_max: int = SIGNING_KEYS_MAX) -> None:
        self._keys_max = keys_max
        self._keys: dict[_Name, bytes] = {}
        self._lock = Lock()

    def verify(self, claimed: Claimed, http: HTTPRequest, generation: int, secret: Callable[[], str], now: int) -> None:
        """`signature.verify`, with the signing key from the cache, or derived from `secret()` where it is not there.

        A key is kept only once it has verified a request, so that strangers cannot push the others out.
        """
        name = (claimed.access_key_id, generation, claimed.date, claimed.region, claimed.service)
        known = self._keys.get(name)
        key = known or signing_key(secret(), claimed.date, claimed.region, claimed.service)
        verify(claimed, http, key, now)
        if known is None:
            self._keep(name, key)

    def _keep(self, name: _Name, key: bytes) -> None:
        with self._lock:
            if len(self._keys) >= self._keys_max:  # the older half goes: dicts keep their order of insertion
                for stale in list(self._keys)[: max(1, self._keys_max // 2)]:
                    del self._keys[stale]
            self._keys[name] = key

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"<SigningKeys {len(self._keys)} of {self._keys_max}>"
