"""SAML assertions: what is taken, and every condition that must hold (SECURITY rule 10, CVE row 16)."""

import base64
import time

import pytest
from lxml import etree

from muniment.domain.account.provider import SAMLProvider
from muniment.domain.errors import AccessDenied
from muniment.domain.session_errors import IdentityTokenExpired, IDPRejectedClaim, InvalidIdentityToken
from muniment.ops.federation.saml import SAMLAssertions
from tests.ops.federation.assertions import (
    AUDIENCE,
    PROVIDER,
    ROLE,
    IdentityProvider,
    attribute,
    message,
    moment,
)

NOW = int(time.time())
SECOND = 1_000_000


@pytest.fixture(scope="module")
def idp():
    return IdentityProvider()


@pytest.fixture
def verify(idp):
    """Verifies a message once."""
    seen = set()

    def spend(provider, assertion, ttl):
        assert ttl > 0
        known = (provider, assertion) in seen
        seen.add((provider, assertion))
        return not known

    provider = SAMLProvider(PROVIDER, "corporate", "ASPA", 0, idp.metadata())
    assertions = SAMLAssertions(AUDIENCE, spend)
    return lambda text, role=ROLE, now=NOW, who=provider: assertions.verify(text, who, role, now * SECOND)


@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
def test_an_honest_response_is_taken(verify, idp, sign):
    proof = verify(message(idp.response(NOW, sign)))
    assert (proof.subject, proof.subject_type, proof.session_name) == ("ana@example.com", "persistent", "ana")
    assert (proof.roles, proof.recipient, proof.provider) == ((ROLE,), AUDIENCE, PROVIDER)


def test_an_assertion_is_taken_once(verify, idp):
    text = message(idp.response(NOW))
    assert verify(text)
    with pytest.raises(InvalidIdentityToken, match="used before"):
        verify(text)


def test_what_an_assertion_says_of_tags_durations_and_identity_is_read(verify, idp):
    more = "".join(
        (
            attribute("PrincipalTag:team", "blue"),
            attribute("TransitiveTagKeys", "team"),
            attribute("SessionDuration", "1800"),
            attribute("SourceIdentity", "ana.smith"),
        )
    )
    session = f'SessionNotOnOrAfter="{moment(NOW, 7_200)}"'
    proof = verify(message(idp.response(NOW, more=more, session=session)))
    assert (proof.tags, proof.transitive, proof.seconds) == ({"team": "blue"}, ("team",), 1_800)
    assert (proof.source_identity, proof.ends) == ("ana.smith", (NOW + 7_200) * SECOND)


CONDITIONS = {
    "expired": ({"ends": moment(NOW)}, IdentityTokenExpired),
    "issued too long ago": ({"issued": moment(NOW, -301), "begins": moment(NOW, -301)}, IdentityTokenExpired),
    "not yet": ({"begins": moment(NOW, 301)}, InvalidIdentityToken),
    "issued in the future": ({"issued": moment(NOW, 301)}, InvalidIdentityToken),
    "without an end": ({"ends": ""}, InvalidIdentityToken),
    "end in no time zone": ({"ends": "2099-01-01T00:00:00"}, InvalidIdentityToken),
    "no audience": ({"audience": ""}, InvalidIdentityToken),
    "another audience": (
        {"audience": "<AudienceRestriction><Audience>https://other.example.com</Audience></AudienceRestriction>"},
        InvalidIdentityToken,
    ),
    "AWS's own audience": (
        {"audience": "<AudienceRestriction><Audience>urn:amazon:webservices</Audience></AudienceRestriction>"},
        InvalidIdentityToken,
    ),
    "one restriction that fits and one that does not": (
        {
            "audience": f"<AudienceRestriction><Audience>{AUDIENCE}</Audience></AudienceRestriction>"
            "<AudienceRestriction><Audience>x</Audience></AudienceRestriction>"
        },
        InvalidIdentityToken,
    ),
    "another recipient": ({"recipient": 'Recipient="https://other.example.com"'}, InvalidIdentityToken),
    "no recipient": ({"recipient": ""}, InvalidIdentityToken),
    "an answer to a request that was not ours": ({"in_response_to": 'InResponseTo="_x"'}, InvalidIdentityToken),
    "confirmation expired": ({"confirmed_until": f'NotOnOrAfter="{moment(NOW)}"'}, InvalidIdentityToken),
    "confirmation without end": ({"confirmed_until": ""}, InvalidIdentityToken),
    "holder of key": ({"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"}, InvalidIdentityToken),
    "a failure": ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, InvalidIdentityToken),
    "another version": ({"version": "1.1"}, InvalidIdentityToken),
    "nobody authenticated": ({"authn": False}, InvalidIdentityToken),
    "its session over": ({"session": f'SessionNotOnOrAfter="{moment(NOW)}"'}, IdentityTokenExpired),
    "nobody": ({"subject": ""}, IDPRejectedClaim),
    "no session name": ({"attributes": attribute("Role", f"{ROLE},{PROVIDER}")}, IDPRejectedClaim),
    "a session name that is none": (
        {"attributes": attribute("Role", f"{ROLE},{PROVIDER}") + attribute("RoleSessionName", "a b")},
        IDPRejectedClaim,
    ),
    "another role": (
        {"attributes": attribute("Role", f"{ROLE}2,{PROVIDER}") + attribute("RoleSessionName", "ana")},
        AccessDenied,
    ),
    "the role through another provider": (
        {"attributes": attribute("Role", f"{ROLE},{PROVIDER}2") + attribute("RoleSessionName", "ana")},
        AccessDenied,
    ),
    "an attribute twice": ({"more": attribute("RoleSessionName", "eva")}, InvalidIdentityToken),
    "a bad duration": ({"more": attribute("SessionDuration", "forever")}, IDPRejectedClaim),
}


@pytest.mark.parametrize("what", CONDITIONS)
def test_every_condition_must_hold(verify, idp, what):
    changes, kind = CONDITIONS[what]
    with pytest.raises(kind):
        verify(message(idp.response(NOW, **changes)))


def test_the_role_and_the_provider_stand_in_either_order(verify, idp):
    turned = attribute("Role", f"{PROVIDER},{ROLE}") + attribute("RoleSessionName", "ana")
    assert verify(message(idp.response(NOW, attributes=turned))).roles == (ROLE,)


def test_an_assertion_of_another_issuer_is_refused(verify, idp):
    other = IdentityProvider("https://other.example.com")
    other.key, other.certificate = idp.key, idp.certificate
    with pytest.raises(InvalidIdentityToken, match="another issuer"):
        verify(message(other.response(NOW)))


def test_only_the_certificates_of_the_metadata_count(verify):
    """KeyInfo is ignored: a signature that brings its own certificate proves nothing."""
    with pytest.raises(InvalidIdentityToken, match="certificates"):
        verify(message(IdentityProvider().response(NOW)))


def test_a_provider_whose_metadata_is_past_its_end_vouches_for_nobody(verify, idp):
    old = SAMLProvider(PROVIDER, "corporate", "ASPA", 0, idp.metadata(), valid_until=(NOW - 1) * SECOND)
    with pytest.raises(InvalidIdentityToken, match="past its end"):
        verify(message(idp.response(NOW)), who=old)


@pytest.mark.parametrize("text", ["", "%%%", "AAAA", base64.b64encode(b"<x/>").decode(), "A" * 400_000])
def test_what_is_no_response_is_refused(verify, text):
    with pytest.raises(InvalidIdentityToken):
        verify(text)


def test_an_unsigned_response_is_refused(verify, idp):
    with pytest.raises(InvalidIdentityToken, match="signature"):
        verify(message(idp.response(NOW, sign="")))


def test_every_tenth_byte_of_the_signed_part_counts(verify, idp):
    data = bytearray(etree.tostring(idp.response(NOW)))
    start = data.index(b"<Subject>")
    for place in range(start, data.index(b"<ds:Signature") if data.index(b"<ds:Signature") > start else len(data), 10):
        altered = bytearray(data)
        altered[place] = altered[place] + 1 if altered[place] not in b"&<" else ord("x")
        with pytest.raises((InvalidIdentityToken, IdentityTokenExpired, IDPRejectedClaim, AccessDenied)):
            verify(base64.b64encode(bytes(altered)).decode())
