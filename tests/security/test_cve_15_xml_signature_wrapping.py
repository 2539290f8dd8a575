"""XML signature wrapping (SECURITY CVE row 15): the eight shapes of "On Breaking SAML: Be Whoever You Want to Be" (USENIX Security
2012), and what parsers have been made to disagree about since: duplicate ids, comments, a DTD, empty references.
"""

import base64
import copy
import time

import pytest
from lxml import etree

from muniment.domain.account.provider import SAMLProvider
from muniment.domain.session_errors import IdentityTokenExpired, IDPRejectedClaim, InvalidIdentityToken
from muniment.ops.federation.saml import SAMLAssertions
from tests.ops.federation.assertions import (
    AUDIENCE,
    DS,
    PROVIDER,
    ROLE,
    SAML,
    SAMLP,
    IdentityProvider,
    message,
    text_of,
)

NOW = int(time.time())
ASSERTION, SIGNATURE, RESPONSE = f"{{{SAML}}}Assertion", f"{{{DS}}}Signature", f"{{{SAMLP}}}Response"
EVIL = "admin@example.com"


@pytest.fixture(scope="module")
def idp():
    return IdentityProvider()


@pytest.fixture
def verify(idp):
    provider = SAMLProvider(PROVIDER, "corporate", "ASPA", 0, idp.metadata())
    return lambda text: SAMLAssertions(AUDIENCE, lambda *_: True).verify(text, provider, ROLE, NOW * 1_000_000)


def evil(identity="_evil"):
    """The attacker's own assertion, unsigned."""
    return etree.fromstring(text_of(NOW, subject=EVIL, id=identity)).find(ASSERTION)


def evil_response():
    return etree.fromstring(text_of(NOW, subject=EVIL, id="_evil"))


def xsw1(idp):
    """The signed response moved into its own signature; the evil response is the root."""
    signed = idp.response(NOW, "response")
    root = evil_response()
    signature = signed.find(SIGNATURE)
    signed.remove(signature)
    signature.append(signed)
    root.insert(1, signature)
    return root


def xsw2(idp):
    """The signed response beside its detached signature, within the evil response."""
    signed = idp.response(NOW, "response")
    root = evil_response()
    signature = signed.find(SIGNATURE)
    signed.remove(signature)
    root.insert(1, signature)
    root.insert(1, signed)
    return root


def xsw3(idp):
    """The evil assertion before the signed one."""
    root = idp.response(NOW)
    root.insert(list(root).index(root.find(ASSERTION)), evil())
    return root


def xsw4(idp):
    """The signed assertion within the evil one."""
    root = idp.response(NOW)
    signed = root.find(ASSERTION)
    forged = evil()
    root.replace(signed, forged)
    forged.append(signed)
    return root


def xsw5(idp):
    """The evil assertion carries the signature; the signed one is elsewhere."""
    root = idp.response(NOW)
    signed = root.find(ASSERTION)
    signature = signed.find(SIGNATURE)
    signed.remove(signature)
    forged = evil()
    forged.append(signature)
    root.insert(list(root).index(signed), forged)
    return root


def xsw6(idp):
    """As the fifth, with the signed assertion within the signature."""
    root = idp.response(NOW)
    signed = root.find(ASSERTION)
    signature = signed.find(SIGNATURE)
    signed.remove(signature)
    forged = evil()
    forged.append(signature)
    signature.append(signed)
    root.remove(signed) if signed.getparent() is root else None
    root.append(forged)
    return root


def xsw7(idp):
    """The evil assertion within Extensions, before the signed one."""
    root = idp.response(NOW)
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(evil(root.find(ASSERTION).get("ID")))
    root.insert(1, extensions)
    return root


def xsw8(idp):
    """The signed assertion within an Object of the signature that the evil one carries."""
    root = idp.response(NOW)
    signed = root.find(ASSERTION)
    signature = signed.find(SIGNATURE)
    signed.remove(signature)
    forged = evil()
    root.replace(signed, forged)
    forged.append(signature)
    box = etree.SubElement(signature, f"{{{DS}}}Object")
    box.append(signed)
    return root


def same_id(idp):
    """Both assertions have the id that the signature refers to."""
    root = idp.response(NOW)
    root.append(evil(root.find(ASSERTION).get("ID")))
    return root


def second_assertion(idp):
    """A second assertion after the signed one, that signatures of the first say nothing about."""
    root = idp.response(NOW)
    root.append(evil())
    return root


def id_in_other_case(idp):
    """An `Id` beside the `ID` that is meant."""
    root = idp.response(NOW)
    root.find(f"{{{SAML}}}Issuer").set("Id", root.find(ASSERTION).get("ID"))
    return root


def empty_reference(idp):
    """The signature refers to the whole document by an empty URI."""
    root = idp.response(NOW)
    root.find(f"{ASSERTION}/{SIGNATURE}/{{{DS}}}SignedInfo/{{{DS}}}Reference").set("URI", "")
    return root


def no_reference_uri(idp):
    root = idp.response(NOW)
    del root.find(f"{ASSERTION}/{SIGNATURE}/{{{DS}}}SignedInfo/{{{DS}}}Reference").attrib["URI"]
    return root


def two_references(idp):
    root = idp.response(NOW)
    reference = root.find(f"{ASSERTION}/{SIGNATURE}/{{{DS}}}SignedInfo/{{{DS}}}Reference")
    reference.getparent().append(copy.deepcopy(reference))
    return root


def two_signatures(idp):
    root = idp.response(NOW)
    assertion = root.find(ASSERTION)
    assertion.append(copy.deepcopy(assertion.find(SIGNATURE)))
    return root


def xpath_transform(idp):
    """A transform that takes away what must not be looked at."""
    root = idp.response(NOW)
    transforms = root.find(f"{ASSERTION}/{SIGNATURE}/{{{DS}}}SignedInfo/{{{DS}}}Reference/{{{DS}}}Transforms")
    added = etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116")
    etree.SubElement(added, f"{{{DS}}}XPath").text = "not(ancestor-or-self::*)"
    return root


def comment_in_the_name(idp):
    """`admin@example.com<!-- -->.evil`: text to one parser, two texts to another (CVE-2017-11427 and its kin)."""
    root = idp.response(NOW, subject="admin@example.com.evil")
    name = root.find(f"{ASSERTION}/{{{SAML}}}Subject/{{{SAML}}}NameID")
    name.text = "admin@example.com"
    comment = etree.Comment(" ")
    comment.tail = ".evil"
    name.append(comment)
    return root


def processing_instruction(idp):
    root = idp.response(NOW)
    root.append(etree.ProcessingInstruction("x", "y"))
    return root


SHAPES = [
    xsw1,
    xsw2,
    xsw3,
    xsw4,
    xsw5,
    xsw6,
    xsw7,
    xsw8,
    same_id,
    second_assertion,
    id_in_other_case,
    empty_reference,
    no_reference_uri,
    two_references,
    two_signatures,
    xpath_transform,
    comment_in_the_name,
    processing_instruction,
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_no_wrapping_makes_us_see_what_was_not_signed(verify, idp, shape):
    with pytest.raises((InvalidIdentityToken, IdentityTokenExpired, IDPRejectedClaim)):
        verify(message(shape(idp)))


def test_the_honest_message_that_the_shapes_are_made_from_is_taken(verify, idp):
    assert verify(message(idp.response(NOW))).subject == "ana@example.com"


def test_a_document_type_declaration_is_refused(verify, idp):
    text = etree.tostring(idp.response(NOW))
    for declared in (b"<!DOCTYPE x>", b'<!DOCTYPE x [<!ENTITY e "v">]>', b'<!DOCTYPE x SYSTEM "file:///etc/passwd">'):
        with pytest.raises(InvalidIdentityToken):
            verify(base64.b64encode(declared + text).decode())


def test_a_billion_laughs_are_refused_at_once(verify):
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l9;</x>'.encode()
    began = time.monotonic()
    with pytest.raises(InvalidIdentityToken):
        verify(base64.b64encode(bomb).decode())
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("weak", ["rsa-sha1", "hmac"])
def test_weak_and_symmetric_signatures_are_refused(verify, idp, weak):
    from signxml import SignatureMethod, XMLSigner

    root = etree.fromstring(text_of(NOW))
    assertion = etree.fromstring(etree.tostring(root.find(ASSERTION)))
    c14n = "http://www.w3.org/2001/10/xml-exc-c14n#"
    uri = f"#{assertion.get('ID')}"
    if weak == "hmac":
        signer = XMLSigner(signature_algorithm=SignatureMethod.HMAC_SHA256, c14n_algorithm=c14n)
        signed = signer.sign(assertion, key=idp.der.encode(), reference_uri=uri)
    else:

        class Weak(XMLSigner):
            def check_deprecated_methods(self):
                """Let it be signed."""

        signer = Weak(signature_algorithm=SignatureMethod.RSA_SHA1, digest_algorithm="sha1", c14n_algorithm=c14n)
        signed = signer.sign(assertion, key=idp.key, cert=[idp.certificate], reference_uri=uri)
    root.replace(root.find(ASSERTION), signed)
    with pytest.raises(InvalidIdentityToken):
        verify(message(root))
