"""Refusals of Secrets Manager, as its API reference names them; its protocol answers every one with status 400."""

from muniment.domain.errors import Refused


class SecretNotFound(Refused):
    """There is no such secret, or no such version of it."""

    code = "ResourceNotFoundException"


class SecretExists(Refused):
    """The name is taken, or the token is that of a version with another value."""

    code = "ResourceExistsException"


class InvalidSecretRequest(Refused):
    """The secret is in a state in which this cannot be done: marked for deletion, without a value, being rotated."""

    code = "InvalidRequestException"


class InvalidSecretParameter(Refused):
    """A parameter's value is not acceptable."""

    code = "InvalidParameterException"


class SecretLimitExceeded(Refused):
    """A quota is reached (domain/quotas.py)."""

    code = "LimitExceededException"


class SecretPolicyMalformed(Refused):
    """The resource policy breaks the grammar."""

    code = "MalformedPolicyDocumentException"


class PublicPolicy(Refused):
    """The resource policy lets strangers in, and BlockPublicPolicy forbids that."""

    code = "PublicPolicyException"


class DecryptionFailed(Refused):
    """The value cannot be opened: its data key is damaged or missing."""

    code = "DecryptionFailure"


class InvalidSecretsToken(Refused):
    """The NextToken is not one that was given out for this question, or it is stale."""

    code = "InvalidNextTokenException"
