"""ID tokens of OpenID Connect issuers, verified: signature, issuer, audience, times; nothing else in a token is believed.

Sources: OpenID Connect Core 1.0, 3.1.3.7 (ID token validation); RFC 7515, RFC 8725 (JWT best current practices); SECURITY rule 10
and CVE rows 12–14: algorithms are listed here, each goes with one kind of key, and a header names no key but by its id.
"""

import base64
import binascii
import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from muniment.domain.account.provider import OIDCProvider
from muniment.domain.account.state import Tags
from muniment.domain.federation import WebProof
from muniment.domain.session_errors import IdentityTokenExpired, IDPRejectedClaim, InvalidIdentityToken
from muniment.ops.federation.issuers import JWK, Issuers

# AWS takes these: "AssumeRoleWithWebIdentity", supported algorithms. Each goes with one kind of key, and of curves with one.
ALGORITHMS: Final = {
    "RS256": ("RSA", ""),
    "RS384": ("RSA", ""),
    "RS512": ("RSA", ""),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
}
HEADERS: Final = frozenset({"alg", "kid", "typ"})  # `jwk`, `jku`, `x5c`, `x5u`, `crit`, `b64`, `zip` … are refused
HARMLESS: Final = frozenset({"x5t", "x5t#S256"})  # thumbprints, which name nothing to us
RSA_BITS_MIN: Final = 2_048
RSA_BITS_MAX: Final = 8_192  # longer ones cost too much to verify with
SKEW_SECONDS: Final = 300
TOKEN_SECONDS_MAX: Final = 86_400 * 365
TAGS: Final = "https://aws.amazon.com/tags"
SOURCE_IDENTITY: Final = "https://aws.amazon.com/source_identity"
_IDENTITY: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


class WebIdentities:
    """Verifies ID tokens."""

    def __init__(self, issuers: Issuers) -> None:
        self._issuers = issuers

    @staticmethod
    def issuer(token: str) -> str:
        """Who the token says that it is from; unverified. Raises InvalidIdentityToken."""
        _, claims = _parts(token)
        issuer = claims.get("iss")
        if not isinstance(issuer, str) or not issuer.startswith("https://"):
            raise InvalidIdentityToken("The ID Token provided is not a valid JWT: it has no issuer.")
        return issuer.removeprefix("https://").rstrip("/")

    def verify(self, token: str, provider: OIDCProvider, now: int) -> WebProof:
        """What the issuer vouches for. Raises InvalidIdentityToken, IdentityTokenExpired, IDPRejectedClaim, IDPUnreachable."""
        header, _ = _parts(token)
        algorithm = _checked_header(header)
        claims = _verified(token, algorithm, self._issuers.key(provider, header["kid"]))
        if self._issuer_of(claims) != provider.url:
            raise InvalidIdentityToken("The ID Token provided is of another issuer.")
        _check_times(claims, now // 1_000_000)
        audience = _audience(claims, provider.clients)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise IDPRejectedClaim("The token's `sub` names nobody.")
        tags, transitive = _tags(claims.get(TAGS))
        methods = claims.get("amr", ())
        return WebProof(
            provider.arn,
            provider.url,
            subject,
            audience,
            tuple(each for each in methods if isinstance(each, str)) if isinstance(methods, list) else (),
            tags,
            transitive,
            _source_identity(claims.get(SOURCE_IDENTITY, "")),
        )

    @staticmethod
    def _issuer_of(claims: dict[str, Any]) -> str:
        issuer = claims.get("iss")
        return issuer.removeprefix("https://").rstrip("/") if isinstance(issuer, str) else ""


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as the token has them. Raises InvalidIdentityToken."""
    segments = token.split(".")
    if len(segments) != 3:
        raise InvalidIdentityToken("The ID Token provided is not a valid JWT. (It has not three parts.)")
    return _json(segments[0]), _json(segments[1])


def _json(segment: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(_decoded(segment), type=dict[str, Any])
    except (ValueError, binascii.Error, msgspec.MsgspecError, RecursionError):
        raise InvalidIdentityToken("The ID Token provided is not a valid JWT. (It cannot be read.)") from None


def _checked_header(header: dict[str, Any]) -> str:
    """The algorithm. Raises InvalidIdentityToken for one that is not listed and for every header that names a key."""
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise InvalidIdentityToken("The ID Token provided is signed with an algorithm that is not accepted.")
    if not isinstance(key_id, str) or not key_id:
        raise InvalidIdentityToken("The ID Token provided does not name its key.")
    if unknown := header.keys() - HEADERS - HARMLESS:
        raise InvalidIdentityToken(f"The ID Token provided has a header that is not accepted: {min(unknown)[:64]}")
    return algorithm


def _verified(token: str, algorithm: str, key: JWK) -> dict[str, Any]:
    """The claims, of a token that this key signed with this algorithm. Raises InvalidIdentityToken."""
    try:
        registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        signed = jws.deserialize_compact(token, _public_key(key, algorithm), [algorithm], registry)
        return msgspec.json.decode(signed.payload, type=dict[str, Any])
    except (JoseError, ValueError, TypeError, KeyError, msgspec.MsgspecError, RecursionError):
        raise InvalidIdentityToken("The ID Token provided could not be verified with its issuer's key.") from None


def _public_key(key: JWK, algorithm: str) -> RSAKey | ECKey:
    """The key, where it is of the algorithm's own kind. Raises InvalidIdentityToken."""
    kind, curve = ALGORITHMS[algorithm]
    fits = key.get("kty") == kind and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
    operations = key.get("key_ops", ["verify"])
    if not fits or not isinstance(operations, list) or "verify" not in operations or "d" in key or "k" in key:
        raise InvalidIdentityToken("The ID Token provided names a key that is not for its algorithm.")
    if kind == "EC":
        if key.get("crv") != curve:
            raise InvalidIdentityToken("The ID Token provided names a key that is not for its algorithm.")
        return ECKey.import_key({name: key[name] for name in ("kty", "crv", "x", "y")})
    modulus = int.from_bytes(_decoded(key["n"]))
    if not RSA_BITS_MIN <= modulus.bit_length() <= RSA_BITS_MAX:
        raise InvalidIdentityToken("The ID Token provided names a key that is too short or too long.")
    return RSAKey.import_key({name: key[name] for name in ("kty", "n", "e")})


def _decoded(segment: str) -> bytes:
    return base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)


def _check_times(claims: dict[str, Any], now: int) -> None:
    expires, issued, begins = (_number(claims.get(name)) for name in ("exp", "iat", "nbf"))
    if expires is None or issued is None:
        raise InvalidIdentityToken("Missing a required claim: exp and iat.")
    if expires <= now:
        raise IdentityTokenExpired(
            f"Token expired: current date/time {_shown(now)} must be before the expiration date/time {_shown(expires)}"
        )
    if issued > now + SKEW_SECONDS or (begins is not None and begins > now + SKEW_SECONDS):
        raise InvalidIdentityToken("The ID Token provided is of a time that has not come.")
    if expires - issued > TOKEN_SECONDS_MAX:
        raise InvalidIdentityToken("The ID Token provided lasts longer than a year.")


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**40 else None


def _audience(claims: dict[str, Any], clients: Collection[str]) -> str:
    """Whom the token is for. A provider without audiences takes no token at all (SECURITY CVE row 17)."""
    named, party = claims.get("aud"), claims.get("azp")
    audiences = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    if party is not None:
        if not isinstance(party, str) or party not in clients:
            raise InvalidIdentityToken("Incorrect token audience")
        return party
    fitting = [each for each in audiences if isinstance(each, str) and each in clients]
    if not fitting or len(audiences) > 1:  # several need `azp`: OpenID Connect Core 3.1.3.7, step 4
        raise InvalidIdentityToken("Incorrect token audience")
    return fitting[0]


def _tags(value: object) -> tuple[Tags, tuple[str, ...]]:
    """Session tags in a token: IAM User Guide, "Passing session tags using AssumeRoleWithWebIdentity"."""
    if value is None:
        return {}, ()
    try:
        found = msgspec.convert(value, _TokenTags)
    except msgspec.ValidationError:
        raise InvalidIdentityToken("The ID Token provided has session tags that cannot be read.") from None
    return {key: values[0] for key, values in found.principal_tags.items() if values}, found.transitive_tag_keys


class _TokenTags(msgspec.Struct):
    principal_tags: dict[str, tuple[str, ...]] = {}
    transitive_tag_keys: tuple[str, ...] = ()


def _source_identity(value: object) -> str:
    if value == "":
        return ""
    if not isinstance(value, str) or not _IDENTITY.fullmatch(value):
        raise InvalidIdentityToken("The ID Token provided has a source identity that cannot be one.")
    return value


def _shown(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
