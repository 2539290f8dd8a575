"""The keys of OpenID Connect issuers: found by discovery, kept for an hour, fetched at most once in a while (SECURITY rule 10).

Source: OpenID Connect Discovery 1.0, 4 (the document), 4.3 (its issuer must be the one that was asked); RFC 7517 (JWK sets).
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import msgspec

from muniment.domain.account.provider import OIDCProvider
from muniment.domain.session_errors import IDPUnreachable, InvalidIdentityToken
from muniment.ops.federation.fetch import Fetcher, NotFetched

FRESH_SECONDS: Final = 3_600.0
AGAIN_SECONDS: Final = 30.0  # the soonest that keys are fetched again, whoever asks, however often
STALE_SECONDS_MAX: Final = 86_400.0  # how long keys count whose issuer cannot be asked any more
ISSUERS_MAX: Final = 1_000
KEYS_MAX: Final = 100
DISCOVERY: Final = "/.well-known/openid-configuration"

JWK = dict[str, Any]


class _Known(msgspec.Struct, frozen=True):
    """An issuer's keys, or why there are none; and when they were fetched."""

    keys: tuple[JWK, ...]
    at: float
    failure: str = ""
    had: float = 0.0  # when the keys were last had from the issuer


class Issuers:
    """Keys by provider. Safe for many threads; one of them fetches."""

    def __init__(self, fetcher: Fetcher, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._monotonic = monotonic
        self._known: OrderedDict[tuple[str, tuple[str, ...]], _Known] = OrderedDict()
        self._guard = threading.Lock()
        self._fetching: dict[tuple[str, tuple[str, ...]], threading.Lock] = {}

    def key(self, provider: OIDCProvider, key_id: str) -> JWK:
        """The key with this id. Raises InvalidIdentityToken where the issuer has none, IDPUnreachable."""
        name = (provider.url, provider.thumbprints)
        known = self._known.get(name)
        if known is None or self._age(known) >= FRESH_SECONDS:
            known = self._fetch(name, provider, FRESH_SECONDS)
        found = _with_id(known, key_id)
        if not found and not known.failure and self._age(known) >= AGAIN_SECONDS:  # the issuer may have new keys
            known = self._fetch(name, provider, AGAIN_SECONDS)
            found = _with_id(known, key_id)
        if known.failure and not found:
            raise IDPUnreachable(f"Couldn't retrieve verification key from your identity provider: {known.failure}")
        if len(found) != 1:
            raise InvalidIdentityToken("The web identity token is signed with a key that its issuer does not publish")
        return found[0]

    def _age(self, known: _Known) -> float:
        age = self._monotonic() - known.at
        return max(age, FRESH_SECONDS) if known.failure and age >= AGAIN_SECONDS else age

    def _fetch(self, name: tuple[str, tuple[str, ...]], provider: OIDCProvider, older: float) -> _Known:
        """Fetch, unless another thread just did."""
        with self._guard:
            lock = self._fetching.setdefault(name, threading.Lock())
        with lock:
            known = self._known.get(name)
            if known is not None and self._age(known) < older:
                return known
            fetched = self._fetched(provider)
            if fetched.failure and known is not None and fetched.at - known.had < STALE_SECONDS_MAX:
                fetched = msgspec.structs.replace(fetched, keys=known.keys, had=known.had)  # a server that is away
            with self._guard:
                self._known[name] = fetched
                self._known.move_to_end(name)
                while len(self._known) > ISSUERS_MAX:
                    self._fetching.pop(self._known.popitem(last=False)[0], None)
            return fetched

    def _fetched(self, provider: OIDCProvider) -> _Known:
        issuer = f"https://{provider.url}"
        try:
            discovered = _object(self._fetcher.get(issuer + DISCOVERY, provider.thumbprints))
            if str(discovered.get("issuer", "")).rstrip("/") != issuer:
                raise NotFetched("its discovery document names another issuer")
            where = discovered.get("jwks_uri")
            if not isinstance(where, str):
                raise NotFetched("its discovery document names no jwks_uri")
            keys = _object(self._fetcher.get(where, provider.thumbprints)).get("keys")
            if not isinstance(keys, list) or len(keys) > KEYS_MAX:
                raise NotFetched("its key set cannot be read")
            now = self._monotonic()
            return _Known(tuple(key for key in keys if isinstance(key, dict)), now, had=now)
        except NotFetched as error:
            return _Known((), self._monotonic(), str(error))


def _with_id(known: _Known, key_id: str) -> list[JWK]:
    return [key for key in known.keys if key.get("kid") == key_id]


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        raise NotFetched("what it answers is not a JSON object") from None
