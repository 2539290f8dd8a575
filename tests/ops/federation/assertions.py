"""A SAML identity provider for tests: honest responses, signed, and the parts to forge others from."""

import base64
import datetime
import secrets

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree
from signxml import CanonicalizationMethod, XMLSigner

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
ISSUER = "https://idp.example.com/metadata"
AUDIENCE = "https://muniment.example.com/saml"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/run"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/corporate"


class IdentityProvider:
    """A key, its certificate, and what it signs."""

    def __init__(self, issuer=ISSUER):
        self.issuer = issuer
        self.key = rsa.generate_private_key(65_537, 2_048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp")])
        start = datetime.datetime(2020, 1, 1)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        made = made.serial_number(7).not_valid_before(start).not_valid_after(datetime.datetime(2040, 1, 1))
        self.certificate = made.sign(self.key, hashes.SHA256())

    @property
    def der(self):
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()

    def metadata(self, extra=""):
        held = f"<ds:X509Data><ds:X509Certificate>{self.der}</ds:X509Certificate></ds:X509Data>"
        key = f'<ds:KeyInfo xmlns:ds="{DS}">{held}</ds:KeyInfo>'
        md = "urn:oasis:names:tc:SAML:2.0:metadata"
        return (
            f'<EntityDescriptor xmlns="{md}" entityID="{self.issuer}"{extra}>'
            f'<IDPSSODescriptor protocolSupportEnumeration="{SAMLP}"><KeyDescriptor use="signing">{key}</KeyDescriptor>'
            "</IDPSSODescriptor></EntityDescriptor>"
        )

    def sign(self, element, **how):
        """The element with an enveloped signature as its own child."""
        signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0, **how)
        return signer.sign(element, key=self.key, cert=[self.certificate], reference_uri=f"#{element.get('ID')}")

    def response(self, now, sign="assertion", **changes):
        """A signed response as an element; `sign` is `assertion`, `response`, `both` or nothing."""
        root = etree.fromstring(text_of(now, self.issuer, **changes))
        if sign in ("assertion", "both"):
            assertion = root.find(f"{{{SAML}}}Assertion")
            signed = self.sign(etree.fromstring(etree.tostring(assertion)))
            root.replace(assertion, signed)
        if sign in ("response", "both"):
            root = self.sign(etree.fromstring(etree.tostring(root)))
        return root


def message(root):
    """As it is sent."""
    return base64.b64encode(etree.tostring(root)).decode()


def moment(now, seconds=0):
    return datetime.datetime.fromtimestamp(now + seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def attribute(name, *values):
    shown = "".join(f"<AttributeValue>{value}</AttributeValue>" for value in values)
    return f'<Attribute Name="https://aws.amazon.com/SAML/Attributes/{name}">{shown}</Attribute>'


def text_of(now, issuer=ISSUER, **changes):
    """A response with one assertion, as text. What is changed: each part by its name, None to leave it out."""
    parts = {
        "subject": "ana@example.com",
        "recipient": f'Recipient="{AUDIENCE}"',
        "confirmed_until": f'NotOnOrAfter="{moment(now, 300)}"',
        "in_response_to": "",
        "issued": moment(now, -5),
        "begins": moment(now, -60),
        "ends": moment(now, 300),
        "audience": f"<AudienceRestriction><Audience>{AUDIENCE}</Audience></AudienceRestriction>",
        "session": "",
        "authn": True,
        "status": "urn:oasis:names:tc:SAML:2.0:status:Success",
        "attributes": attribute("Role", f"{ROLE},{PROVIDER}") + attribute("RoleSessionName", "ana"),
        "more": "",
        "method": "urn:oasis:names:tc:SAML:2.0:cm:bearer",
        "version": "2.0",
        "id": f"_{secrets.token_hex(16)}",
        **changes,
    }
    authn = (
        f'<AuthnStatement AuthnInstant="{parts["issued"]}" {parts["session"]}><AuthnContext><AuthnContextClassRef>'
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement>"
        if parts["authn"]
        else ""
    )
    assertion = (
        f'<Assertion xmlns="{SAML}" ID="{parts["id"]}" Version="{parts["version"]}" IssueInstant="{parts["issued"]}">'
        f"<Issuer>{issuer}</Issuer><Subject>"
        f'<NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{parts["subject"]}</NameID>'
        f'<SubjectConfirmation Method="{parts["method"]}"><SubjectConfirmationData {parts["recipient"]} '
        f"{parts['confirmed_until']} {parts['in_response_to']}/></SubjectConfirmation></Subject>"
        f'<Conditions NotBefore="{parts["begins"]}" NotOnOrAfter="{parts["ends"]}">{parts["audience"]}</Conditions>'
        f"{authn}<AttributeStatement>{parts['attributes']}{parts['more']}</AttributeStatement></Assertion>"
    )
    return (
        f'<samlp:Response xmlns:samlp="{SAMLP}" ID="_{secrets.token_hex(16)}" Version="2.0" IssueInstant="{parts["issued"]}">'
        f'<Issuer xmlns="{SAML}">{issuer}</Issuer>'
        f'<samlp:Status><samlp:StatusCode Value="{parts["status"]}"/></samlp:Status>{assertion}</samlp:Response>'
    )
