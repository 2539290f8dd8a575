"""A SAML response whose signature holds: which element was signed, and that nothing else in the message can be taken for it.

Sources: OASIS "Assertions and Protocols for SAML V2.0", 5.4 (signatures); SECURITY rule 10 and CVE row 15: certificates are those
of the provider's metadata, KeyInfo is ignored, and everything is read from the element that the signature covers, as signxml
returns it. Whatever is not needed for an honest message is refused, so that there is nothing to wrap a forgery in.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Final

from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from muniment.domain.session_errors import InvalidIdentityToken

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
ASSERTION: Final = f"{{{SAML}}}Assertion"
RESPONSE: Final = f"{{{SAMLP}}}Response"
SIGNATURE: Final = f"{{{DS}}}Signature"
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
MESSAGE_BYTES_MAX: Final = 262_144
TRANSFORMS: Final = (
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
)
METHODS: Final = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})

Element = Any  # lxml has no types of its own


def verified_assertion(message: str, certificates: Sequence[str]) -> Element:
    """The assertion that one of the certificates (base64 of DER) has signed. Raises InvalidIdentityToken."""
    root = _parsed(message)
    _check_shape(root)
    assertion = root.find(ASSERTION)
    signed = assertion if assertion.find(SIGNATURE) is not None else root
    _check_signature(signed)
    where = f"./{{{SAML}}}Assertion/" if signed is assertion else "./"
    covered = _verified(root, where, certificates)
    if covered.tag != signed.tag or covered.get("ID") != signed.get("ID"):
        raise refused("its signature covers something else")
    found = covered if covered.tag == ASSERTION else covered.find(ASSERTION)
    if found is None or found.get("ID") != assertion.get("ID"):
        raise refused("its signature covers something else")
    return found


def refused(why: str) -> InvalidIdentityToken:
    """The refusal of an assertion."""
    return InvalidIdentityToken(f"The SAML response provided is not valid: {why}.")


def _parsed(message: str) -> Element:
    try:
        data = base64.b64decode("".join(message.split()), validate=True)
    except binascii.Error:
        raise refused("it is not base64") from None
    if len(data) > MESSAGE_BYTES_MAX:
        raise refused("it is too large")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        raise refused("it is not XML") from None
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise refused("it has a document type declaration")
    return root


def _check_shape(root: Element) -> None:
    """One response with one assertion in its place, every id once, and nothing that is no element."""
    if root.tag != RESPONSE:
        raise refused("it is not a Response")
    ids: set[str] = set()
    for node in root.getroottree().iter():
        if not isinstance(node.tag, str):
            raise refused(
                "it has comments, processing instructions or entities"
            )  # what is text to one is none to another
        for name, value in node.attrib.items():
            if etree.QName(name).localname.lower() != "id":
                continue
            if value in ids:
                raise refused("an id stands twice in it")
            ids.add(value)
    outside = root.getroottree().xpath("preceding-sibling::node() | following-sibling::node()")
    if outside:
        raise refused("it has comments or processing instructions")
    assertions = list(root.iter(ASSERTION))
    if len(assertions) != 1 or assertions[0].getparent() is not root or not assertions[0].get("ID"):
        raise refused("it must have exactly one assertion, in clear")
    if any(etree.QName(node).localname in ("EncryptedAssertion", "EncryptedID") for node in root.iter()):
        raise refused("it must have exactly one assertion, in clear")
    codes = root.findall(f"{{{SAMLP}}}Status/{{{SAMLP}}}StatusCode")
    if len(codes) != 1 or codes[0].get("Value") != SUCCESS:
        raise refused("its status is not success")
    _check_signatures(root, assertions[0])


def _check_signatures(root: Element, assertion: Element) -> None:
    """At most one signature each of the response and of the assertion, as their own children and nowhere else."""
    signatures = list(root.iter(SIGNATURE))
    parents = [each.getparent() for each in signatures]
    if not signatures or len({id(each) for each in parents}) < len(parents):
        raise refused("it must have one signature")
    if any(each is not root and each is not assertion for each in parents):
        raise refused("a signature in it stands where none belongs")
    if any(etree.QName(node).localname == "Object" for each in signatures for node in each.iter()):
        raise refused("a signature in it carries an object")


def _check_signature(signed: Element) -> None:
    """The signature's one reference is to its own parent, by id, and transforms nothing away."""
    references = signed.findall(f"{SIGNATURE}/{{{DS}}}SignedInfo/{{{DS}}}Reference")
    if signed.find(SIGNATURE) is None or len(references) != 1:
        raise refused("its signature must have one reference")
    if not signed.get("ID") or references[0].get("URI") != f"#{signed.get('ID')}":
        raise refused("its signature refers to something else")
    transforms = [each.get("Algorithm") for each in references[0].iter(f"{{{DS}}}Transform")]
    if sorted(transforms) != sorted(TRANSFORMS):
        raise refused("its signature transforms what it covers")


def _verified(root: Element, where: str, certificates: Sequence[str]) -> Element:
    """What the signature covers, as it was signed."""
    config = SignatureConfiguration(
        location=where,
        expect_references=1,
        signature_methods=METHODS,
        digest_algorithms=DIGESTS,
        ignore_ambiguous_key_info=True,
    )
    data = etree.tostring(root)
    for certificate in certificates:
        try:
            result = XMLVerifier().verify(data, x509_cert=_pem(certificate), expect_config=config, id_attribute="ID")
        except (SignXMLException, ValueError, TypeError):
            continue
        if not isinstance(result, list) and result.signed_xml is not None:
            return result.signed_xml
    raise refused("none of the provider's certificates has signed it")


def _pem(certificate: str) -> str:
    lines = [certificate[place : place + 64] for place in range(0, len(certificate), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])
