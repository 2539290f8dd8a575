"""SAML assertions: whom they are for, when they count, and what they say. The signature was verified before (saml_response.py).

Sources: OASIS "Profiles for SAML V2.0", 4.1.4.3 (what a service provider checks); IAM User Guide, "Configure SAML assertions for
the authentication response" (the attributes); SECURITY rule 10 and CVE row 16.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from muniment.domain.account.provider import SAMLProvider
from muniment.domain.account.state import Tags
from muniment.domain.errors import AccessDenied
from muniment.domain.federation import SAMLProof
from muniment.domain.saml_metadata import BadMetadata, read
from muniment.domain.session_errors import IdentityTokenExpired, IDPRejectedClaim
from muniment.ops.federation.saml_response import SAML, refused, verified_assertion

ATTRIBUTES: Final = "https://aws.amazon.com/SAML/Attributes/"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
NAME_FORMATS: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
SKEW_SECONDS: Final = 300
AGE_SECONDS_MAX: Final = 300  # an assertion is used within five minutes, as AWS wants it
SECOND: Final = 1_000_000  # microseconds
_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)

Element = Any
Spend = Callable[[str, str, int], bool]  # provider, assertion's id, seconds to remember it


class SAMLAssertions:
    """Verifies assertions that are made for `audience`, each once."""

    def __init__(self, audience: str, spend: Spend) -> None:
        self._audience = audience
        self._spend = spend

    def verify(self, message: str, provider: SAMLProvider, role_arn: str, now: int) -> SAMLProof:
        """What the provider vouches for, spent by this.

        Raises InvalidIdentityToken, IdentityTokenExpired, IDPRejectedClaim, AccessDenied.
        """
        try:
            metadata = read(provider.metadata)
        except BadMetadata:
            raise refused("its provider's metadata cannot be read") from None
        if provider.valid_until and provider.valid_until <= now:
            raise refused("its provider's metadata is past its end")
        assertion = verified_assertion(message, metadata.certificates)
        if _text(assertion.find(_saml("Issuer"))) != metadata.entity_id:
            raise refused("it is of another issuer")
        expires = _check_times(assertion, now)
        self._check_audience(assertion)
        name = assertion.find(f"{_saml('Subject')}/{_saml('NameID')}")
        recipient = self._check_bearer(assertion, now)
        proof = _proof(assertion, provider, name, self._audience, recipient, expires)
        if role_arn not in proof.roles:
            raise AccessDenied("Not authorized to perform sts:AssumeRoleWithSAML")
        if not self._spend(provider.arn, proof.assertion, (expires - now) // SECOND + SKEW_SECONDS + 1):
            raise refused("it was used before")
        return proof

    def _check_audience(self, assertion: Element) -> None:
        """Every restriction must name us, and there must be one."""
        restrictions = assertion.findall(f"{_saml('Conditions')}/{_saml('AudienceRestriction')}")
        for restriction in restrictions:
            if self._audience not in [_text(each) for each in restriction.findall(_saml("Audience"))]:
                raise refused(f"its audience is not {self._audience}")
        if not restrictions:
            raise refused("it names no audience")

    def _check_bearer(self, assertion: Element, now: int) -> str:
        """One confirmation by the bearer that is for us, still counts, and answers nobody's request: we made none."""
        found = assertion.findall(f"{_saml('Subject')}/{_saml('SubjectConfirmation')}")
        for confirmation in found:
            data = confirmation.find(_saml("SubjectConfirmationData"))
            if confirmation.get("Method") != BEARER or data is None:
                continue
            if data.get("Recipient") != self._audience or data.get("InResponseTo") is not None or data.get("NotBefore"):
                continue
            if (ends := _moment(data.get("NotOnOrAfter"))) is None or ends <= now:
                continue
            return str(data.get("Recipient"))
        raise refused("its bearer, recipient or time is not confirmed, or it answers a request that was not ours")


def _check_times(assertion: Element, now: int) -> int:
    """When the assertion ends, in microseconds. Raises IdentityTokenExpired, InvalidIdentityToken."""
    if assertion.get("Version") != "2.0" or (issued := _moment(assertion.get("IssueInstant"))) is None:
        raise refused("its version or time of issue cannot be read")
    conditions = assertion.findall(_saml("Conditions"))
    if len(conditions) != 1 or (ends := _moment(conditions[0].get("NotOnOrAfter"))) is None:
        raise refused("it has no end")
    begins = _moment(conditions[0].get("NotBefore")) if conditions[0].get("NotBefore") else issued
    if begins is None or begins > now + SKEW_SECONDS * SECOND or issued > now + SKEW_SECONDS * SECOND:
        raise refused("it is of a time that has not come")
    sessions = [each.get("SessionNotOnOrAfter") for each in assertion.findall(_saml("AuthnStatement"))]
    if not sessions:
        raise refused("it does not say that anybody was authenticated")
    if any(each and (_moment(each) or 0) <= now for each in sessions):
        raise IdentityTokenExpired("The session that the SAML response provided speaks of has ended.")
    if ends <= now or issued < now - AGE_SECONDS_MAX * SECOND:
        raise IdentityTokenExpired("Token must be redeemed within 5 minutes of issuance")
    return ends


def _proof(
    assertion: Element, provider: SAMLProvider, name: Element, audience: str, recipient: str, expires: int
) -> SAMLProof:
    attributes = _attributes(assertion)
    session_name = _one(attributes, "RoleSessionName")
    if not _NAME.fullmatch(session_name):
        raise IDPRejectedClaim("RoleSessionName is required in AuthnResponse")
    source_identity = _one(attributes, "SourceIdentity")
    if source_identity and not _NAME.fullmatch(source_identity):
        raise IDPRejectedClaim("SourceIdentity in AuthnResponse cannot be one")
    subject = _text(name)
    if not subject:
        raise IDPRejectedClaim("The SAML response provided names nobody.")
    tags: Tags = {
        key.removeprefix("PrincipalTag:"): values[0]
        for key, values in attributes.items()
        if key.startswith("PrincipalTag:") and values
    }
    session = [each.get("SessionNotOnOrAfter") for each in assertion.findall(_saml("AuthnStatement"))]
    return SAMLProof(
        provider.arn,
        _text(assertion.find(_saml("Issuer"))),
        subject,
        (name.get("Format") or f"{NAME_FORMATS}unspecified").removeprefix(NAME_FORMATS),
        audience,
        recipient,
        _roles(attributes, provider.arn),
        session_name,
        seconds=_seconds(_one(attributes, "SessionDuration")),
        ends=min((_moment(each) or 0 for each in session if each), default=0),
        tags=tags,
        transitive=tuple(attributes.get("TransitiveTagKeys", ())),
        source_identity=source_identity,
        assertion=assertion.get("ID"),
        expires=expires,
    )


def _attributes(assertion: Element) -> dict[str, list[str]]:
    """AWS's attributes by name; one that stands twice is refused."""
    found: dict[str, list[str]] = {}
    for attribute in assertion.findall(f"{_saml('AttributeStatement')}/{_saml('Attribute')}"):
        name = attribute.get("Name") or ""
        if not name.startswith(ATTRIBUTES):
            continue
        name = name.removeprefix(ATTRIBUTES)
        if name in found:
            raise refused(f"its attribute {name[:64]} stands twice")
        found[name] = [_text(each) for each in attribute.findall(_saml("AttributeValue"))]
    return found


def _one(attributes: dict[str, list[str]], name: str) -> str:
    values = attributes.get(name, [])
    if len(values) > 1:
        raise IDPRejectedClaim(f"{name} in AuthnResponse must have one value")
    return values[0] if values else ""


def _roles(attributes: dict[str, list[str]], provider: str) -> tuple[str, ...]:
    """The roles that are offered through this provider: `role,provider`, in either order."""
    pairs = [{part.strip() for part in value.split(",")} for value in attributes.get("Role", [])]
    return tuple(role for pair in pairs if provider in pair and len(pair) == 2 for role in pair - {provider})


def _seconds(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise IDPRejectedClaim("SessionDuration in AuthnResponse must be a number of seconds")
    return int(text)


def _moment(text: str | None) -> int | None:
    """A time in microseconds: UTC, as SAML has it (Assertions and Protocols, 1.3.3)."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return int(moment.timestamp()) * SECOND if moment.tzinfo == UTC else None


def _text(element: Element) -> str:
    """An element's text; none where it has anything but text in it."""
    if element is None or len(element):
        return ""
    return (element.text or "").strip()


def _saml(name: str) -> str:
    return f"{{{SAML}}}{name}"
