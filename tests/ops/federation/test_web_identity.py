"""ID tokens: the algorithm matrix (SECURITY CVE rows 12–14), and every claim that must be right (row 17)."""

import base64
import hmac
import json

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from muniment.domain.account.provider import OIDCProvider
from muniment.domain.session_errors import IdentityTokenExpired, IDPRejectedClaim, InvalidIdentityToken
from muniment.ops.federation.web_identity import SOURCE_IDENTITY, TAGS, WebIdentities
from tests.ops.federation.conftest import ARN, NOW, Published, claims, token


def b64(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def by_hand(header, payload, sign=lambda text: b""):
    """A token put together without any library, as an attacker would."""
    signed = f"{b64(header)}.{b64(payload)}"
    return f"{signed}.{b64(sign(signed.encode()))}"


def refused(verify, text, kind=InvalidIdentityToken):
    with pytest.raises(kind):
        verify(text)


@pytest.mark.parametrize("which", ["rsa", "ec"])
def test_an_honest_token_is_taken(verify, rsa, ec, which):
    proof = verify(token(rsa) if which == "rsa" else token(ec, "ES256"))
    assert (proof.provider, proof.issuer, proof.subject, proof.audience) == (ARN, "id.example.com", "ana", "app")


def test_a_token_of_another_implementation_is_taken(verify, rsa):
    made = pyjwt.encode(claims(), rsa.as_pem(private=True), "RS256", {"kid": "rsa"})
    assert verify(made).subject == "ana"


def algorithm_confusions(rsa, ec):
    """SECURITY CVE row 12: what a token's header may try, with the issuer's public key at hand."""
    pem = rsa.as_pem(private=False)
    public = rsa.as_dict(private=False)
    mac = lambda key, name: lambda text: hmac.digest(key, text, name)  # noqa: E731
    for spelling in ("none", "None", "NONE", "nOnE", "", None, 0, ["RS256"], {"alg": "RS256"}):
        yield f"alg {spelling!r}", by_hand({"alg": spelling, "kid": "rsa"}, claims())
    yield "no alg", by_hand({"kid": "rsa"}, claims())
    for name, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
        yield f"{name} with the PEM", by_hand({"alg": name, "kid": "rsa"}, claims(), mac(pem, digest))
        yield f"{name} with n", by_hand({"alg": name, "kid": "rsa"}, claims(), mac(public["n"].encode(), digest))
        yield (
            f"{name} with the JWK",
            by_hand({"alg": name, "kid": "rsa"}, claims(), mac(json.dumps(public).encode(), digest)),
        )
    for name in ("PS256", "PS384", "PS512"):
        yield f"{name}, not listed", token(rsa, name)
    edwards = OKPKey.generate_key("Ed25519").private_key
    for name in ("EdDSA", "Ed25519"):
        yield name, by_hand({"alg": name, "kid": "rsa"}, claims(), edwards.sign)
    yield "ES256 for the RSA key", token(ECKey.generate_key("P-256", {"kid": "rsa"}), "ES256")
    yield "RS256 for the EC key", token(RSAKey.generate_key(2_048, {"kid": "ec"}), "RS256")
    yield "ES384 with P-256's key", by_hand({"alg": "ES384", "kid": "ec"}, claims(), lambda text: b"\1" * 96)
    yield "RS256 renamed RS512", _renamed(token(rsa), "RS512")


def _renamed(text, algorithm):
    _, payload, signature = text.split(".")
    return f"{b64({'alg': algorithm, 'kid': 'rsa'})}.{payload}.{signature}"


def test_every_confusion_of_algorithms_is_refused(verify, rsa, ec):
    tried = 0
    for what, text in algorithm_confusions(rsa, ec):
        tried += 1
        with pytest.raises(InvalidIdentityToken):  # with `what` in the locals, where one is taken
            verify(text)
        assert what
    assert tried > 25


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"], "exp": NOW + 600},
        {"crit": ["unknown"], "unknown": True},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
        {"jku": "https://attacker.example/jwks"},
        {"x5u": "https://attacker.example/cert"},
        {"x5c": ["MIIB"]},
        {"zip": "DEF"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"cty": "JWT"},
    ],
    ids=lambda header: min(header),
)
def test_every_header_that_names_a_key_or_wants_more_is_refused(verify, rsa, header):
    """SECURITY CVE rows 13, 14. The signature itself is right: the header alone is why."""
    text = f"{b64({'alg': 'RS256', 'kid': 'rsa', **header})}.{b64(claims())}"
    proof = rsa.private_key.sign(text.encode(), PKCS1v15(), hashes.SHA256())
    honest = f"{b64({'alg': 'RS256', 'kid': 'rsa'})}.{b64(claims())}"
    assert verify(f"{honest}.{b64(rsa.private_key.sign(honest.encode(), PKCS1v15(), hashes.SHA256()))}")
    refused(verify, f"{text}.{b64(proof)}")


def test_an_embedded_key_of_the_attacker_is_refused(verify):
    own = RSAKey.generate_key(2_048, {"kid": "rsa"})
    refused(verify, token(own, header={"jwk": own.as_dict(private=False)}))


@pytest.mark.parametrize(
    "kid", ["../../../dev/null", "/etc/passwd", "rsa\0", "' OR 1=1 --", "RSA", "", 7, None, ["rsa"]]
)
def test_a_key_id_is_a_name_and_nothing_else(verify, rsa, kid):
    refused(verify, by_hand({"alg": "RS256", "kid": kid}, claims(), lambda text: b"x" * 256))


@pytest.mark.parametrize(
    "changes",
    [{"use": "enc"}, {"alg": "RS384"}, {"key_ops": ["sign"]}, {"kty": "oct", "k": "AAAA"}, {"n": "AQAB"}, {"e": "!"}],
)
def test_a_key_that_is_for_something_else_verifies_nothing(rsa, provider, changes):
    issuer = Published({**rsa.as_dict(private=False), **changes})
    refused(lambda text: WebIdentities(issuer).verify(text, provider, NOW * 1_000_000), token(rsa))


def test_a_short_key_verifies_nothing(provider):
    from cryptography.hazmat.primitives.asymmetric import rsa as made

    short = made.generate_private_key(65_537, 1_024)
    sign = lambda text: short.sign(text, PKCS1v15(), hashes.SHA256())  # noqa: E731
    text = by_hand({"alg": "RS256", "kid": "rsa"}, claims(), sign)
    key = json.loads(pyjwt.algorithms.RSAAlgorithm.to_jwk(short.public_key()))
    issuer = Published({**key, "kid": "rsa"})
    refused(lambda text: WebIdentities(issuer).verify(text, provider, NOW * 1_000_000), text)


def test_a_published_private_or_symmetric_key_verifies_nothing(rsa, provider):
    secret = OctKey.generate_key(256, {"kid": "oct"})
    issuer = Published(rsa.as_dict(private=True), secret.as_dict(private=True))
    verify = lambda text: WebIdentities(issuer).verify(text, provider, NOW * 1_000_000)  # noqa: E731
    refused(verify, token(rsa))
    refused(verify, token(secret, "HS256"))


def test_every_byte_of_a_token_counts(verify, rsa):
    text = token(rsa)
    for place in range(0, len(text), 7):
        letter = "A" if text[place] != "A" else "B"
        altered = text[:place] + letter + text[place + 1 :]
        with pytest.raises((InvalidIdentityToken, IdentityTokenExpired, IDPRejectedClaim)):
            verify(altered)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "...", "a.b.c", "a.b", "e30.e30.", "\0.\0.\0", "é.é.é", "[]", "e30.W10.e30"]
)
def test_what_is_no_token_is_refused(verify, text):
    refused(verify, text)


def test_deep_json_is_refused_and_no_crash(verify):
    deep = b"[" * 50_000
    refused(verify, f"{b64(deep)}.{b64(deep)}.x")


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"iss": "https://other.example.com"}, InvalidIdentityToken),
        ({"iss": "http://id.example.com"}, InvalidIdentityToken),
        ({"iss": None}, InvalidIdentityToken),
        ({"iss": ["https://id.example.com"]}, InvalidIdentityToken),
        ({"aud": "other"}, InvalidIdentityToken),
        ({"aud": None}, InvalidIdentityToken),
        ({"aud": []}, InvalidIdentityToken),
        ({"aud": ["app", "other"]}, InvalidIdentityToken),  # several audiences need azp
        ({"aud": {"app": 1}}, InvalidIdentityToken),
        ({"azp": "other"}, InvalidIdentityToken),
        ({"azp": ["app"]}, InvalidIdentityToken),
        ({"sub": None}, IDPRejectedClaim),
        ({"sub": ""}, IDPRejectedClaim),
        ({"sub": 7}, IDPRejectedClaim),
        ({"exp": NOW}, IdentityTokenExpired),
        ({"exp": NOW - 1}, IdentityTokenExpired),
        ({"exp": None}, InvalidIdentityToken),
        ({"exp": "never"}, InvalidIdentityToken),
        ({"exp": True}, InvalidIdentityToken),
        ({"exp": 10**300}, InvalidIdentityToken),
        ({"iat": None}, InvalidIdentityToken),
        ({"iat": NOW + 301}, InvalidIdentityToken),
        ({"nbf": NOW + 301}, InvalidIdentityToken),
        ({"exp": NOW + 400 * 86_400}, InvalidIdentityToken),
        ({TAGS: {"principal_tags": {"team": "blue"}}}, InvalidIdentityToken),
        ({SOURCE_IDENTITY: "a b"}, InvalidIdentityToken),
    ],
)
def test_every_claim_must_be_right(verify, rsa, changes, kind):
    refused(verify, token(rsa, **changes), kind)


def test_a_provider_without_audiences_takes_no_token(published, rsa):
    nobody = OIDCProvider(ARN, "id.example.com", 0, ())
    refused(lambda text: WebIdentities(published).verify(text, nobody, NOW * 1_000_000), token(rsa))


def test_the_authorized_party_is_the_audience_where_there_is_one(verify, rsa):
    assert verify(token(rsa, aud=["other", "app"], azp="app")).audience == "app"


def test_tags_methods_and_source_identity_are_read(verify, rsa):
    tags = {"principal_tags": {"team": ["blue"], "none": []}, "transitive_tag_keys": ["team"]}
    proof = verify(token(rsa, **{TAGS: tags, SOURCE_IDENTITY: "ana.smith", "amr": ["otp", 7]}))
    assert (proof.tags, proof.transitive) == ({"team": "blue"}, ("team",))
    assert (proof.source_identity, proof.methods) == ("ana.smith", ("otp",))


def test_the_issuer_is_read_before_anything_is_verified_and_believed_for_nothing(verify, rsa):
    text = token(rsa, iss="https://id.example.com/")
    assert WebIdentities.issuer(text) == "id.example.com"
    for text in (token(rsa, iss="file:///etc/passwd"), token(rsa, iss=7), "x"):
        with pytest.raises(InvalidIdentityToken):
            WebIdentities.issuer(text)


def test_our_answer_and_another_implementations_are_the_same(verify, rsa):
    """PyJWT as the second opinion: whatever we take, it takes."""
    pem = rsa.as_pem(private=False)
    for changes in ({}, {"aud": ["app"]}, {"exp": NOW + 400}, {"nbf": NOW - 5}, {"aud": "other"}, {"exp": NOW - 400}):
        text = token(rsa, **changes)
        try:
            ours = verify(text).subject
        except (InvalidIdentityToken, IdentityTokenExpired):
            ours = None
        try:
            theirs = pyjwt.decode(text, pem, ["RS256"], audience="app", issuer="https://id.example.com")["sub"]
        except pyjwt.PyJWTError:
            theirs = None
        assert ours == theirs, changes
