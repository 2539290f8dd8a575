"""Metadata documents of SAML identity providers: what is read, and what is refused (SECURITY rule 10)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.saml_metadata import BadMetadata, read

MD, DS = "urn:oasis:names:tc:SAML:2.0:metadata", "http://www.w3.org/2000/09/xmldsig#"
ENTITY = "https://idp.example.com"


def key(certificate="TUlJQg==", use=' use="signing"'):
    held = f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    return f"<KeyDescriptor{use}>{held}</KeyDescriptor>"


def document(keys=None, entity=f' entityID="{ENTITY}"', extra="", role="IDPSSODescriptor"):
    inner = key() if keys is None else keys
    return f'<EntityDescriptor xmlns="{MD}" xmlns:ds="{DS}"{entity}{extra}><{role}>{inner}</{role}></EntityDescriptor>'


def test_the_entity_and_its_signing_certificates_are_read():
    found = read(document(key(" TUlJ\n  QQ== ") + key(use="") + key("eA==", ' use="encryption"')))
    assert (found.entity_id, found.certificates, found.valid_until) == (ENTITY, ("TUlJQQ==", "TUlJQg=="), 0)


def test_its_end_is_read():
    assert read(document(extra=' validUntil="2030-01-01T00:00:00Z"')).valid_until == 1_893_456_000_000_000
    assert read(document(extra=' validUntil="2030-01-01T00:00:00"')).valid_until == 1_893_456_000_000_000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not XML"),
        ("<x/>", "no EntityDescriptor"),
        ("<x", "not XML"),
        (document(entity=""), "no EntityDescriptor"),
        (document(keys=""), "no certificate"),
        (document(keys=key(use=' use="encryption"')), "no certificate"),
        (document(role="SPSSODescriptor"), "no certificate"),
        (document(keys=key("%%%")), "not base64"),
        (document(keys="".join(key(f"{'A' * n}==="[: n + (-n % 4)]) for n in (4,) * 11)), "more than"),
        ("<!DOCTYPE x>" + document(), "document type"),
        ('<!DOCTYPE x [<!ENTITY e "v">]>' + document(), "document type"),
        (f"<EntitiesDescriptor>{document()}{document()}</EntitiesDescriptor>", "more than one"),
        (document(keys="<a>" * 70 + "</a>" * 70), "deeply"),
        (document(keys="<a/>" * 10_001), "too many"),
        (document(extra=' validUntil="soon"'), "validUntil"),
    ],
)
def test_what_describes_no_identity_provider_is_refused(text, why):
    with pytest.raises(BadMetadata, match=why):
        read(text)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    with pytest.raises(BadMetadata):
        read(text)
