"""What the token service refuses beside what every service does.

Names, codes and statuses: the errors of the STS API reference; INTERFACES.md.
"""

from muniment.domain.errors import Refused


class PackedPolicyTooLarge(Refused):
    """Session policies and session tags do not fit into a session token."""


class InvalidParameterValue(Refused):
    """A parameter contradicts the calling session."""


class InvalidIdentityToken(Refused):
    """The web identity token or SAML assertion proves nothing."""


class IdentityTokenExpired(Refused):
    """The web identity token or SAML assertion is past its end."""

    code = "ExpiredTokenException"


class IDPRejectedClaim(Refused):
    """The provider vouches for somebody else, or for nobody."""

    status = 403


class IDPUnreachable(Refused):
    """The provider's keys cannot be fetched; the same request may be sent again."""

    code = "IDPCommunicationError"
