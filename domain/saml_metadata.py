"""A SAML identity provider's metadata document: who it is, and the certificates it signs with.

Source: OASIS, "Metadata for SAML V2.0", 2.4.3 (IDPSSODescriptor); SECURITY rule 10: the certificates in here are the only ones
that count. Read with expat, without a DTD, entities or anything fetched.
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, Final
from xml.parsers import expat

import msgspec

MD: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
CERTIFICATES_MAX: Final = 10
DEPTH_MAX: Final = 64
ELEMENTS_MAX: Final = 10_000


class BadMetadata(ValueError):
    """The document describes no identity provider; the message says why."""


class Metadata(msgspec.Struct, frozen=True):
    """What of a document counts."""

    entity_id: str
    certificates: tuple[str, ...]  # base64 of DER, as it stands in the document, without white space
    valid_until: int = 0  # microseconds; 0: it does not say


def read(document: str) -> Metadata:
    """The metadata that a document says. Raises BadMetadata."""
    reader = _Reader()
    try:
        reader.parser.Parse(document, True)
    except expat.ExpatError as error:
        raise BadMetadata(f"it is not XML: {expat.errors.messages[error.code]}") from None
    if not reader.entity_id:
        raise BadMetadata("it has no EntityDescriptor with an entityID")
    if not reader.certificates:
        raise BadMetadata("its IDPSSODescriptor has no certificate for signing")
    return Metadata(reader.entity_id, tuple(dict.fromkeys(reader.certificates)), reader.valid_until)


class _Reader:
    """One pass over a document."""

    def __init__(self) -> None:
        self.entity_id = ""
        self.certificates: list[str] = []
        self.valid_until = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._path: list[str] = []
        self._elements = 0
        self._use = ""
        self._certificate: list[str] | None = None

    def _doctype(self, *_: Any) -> None:
        raise BadMetadata("it has a document type declaration")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        self._elements += 1
        if len(self._path) > DEPTH_MAX or self._elements > ELEMENTS_MAX:
            raise BadMetadata("it is nested too deeply or has too many elements")
        if name == f"{MD} EntityDescriptor":
            if self.entity_id:
                raise BadMetadata("it describes more than one entity")
            self.entity_id = attributes.get("entityID", "")
            self.valid_until = _moment(attributes.get("validUntil", ""))
        elif name == f"{MD} KeyDescriptor":
            self._use = attributes.get("use", "signing")
        elif name == f"{DS} X509Certificate" and self._signs():
            self._certificate = []

    def _signs(self) -> bool:
        return self._use == "signing" and f"{MD} IDPSSODescriptor" in self._path and f"{MD} KeyDescriptor" in self._path

    def _text(self, data: str) -> None:
        if self._certificate is not None:
            self._certificate.append(data)

    def _end(self, name: str) -> None:
        self._path.pop()
        if name == f"{MD} KeyDescriptor":
            self._use = ""
        if self._certificate is None or name != f"{DS} X509Certificate":
            return
        text, self._certificate = "".join("".join(self._certificate).split()), None
        try:
            base64.b64decode(text, validate=True)
        except binascii.Error:
            raise BadMetadata("a certificate in it is not base64") from None
        self.certificates.append(text)
        if len(self.certificates) > CERTIFICATES_MAX:
            raise BadMetadata(f"it has more than {CERTIFICATES_MAX} certificates")


def _moment(text: str) -> int:
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadMetadata("its validUntil is not a time") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000_000)
