"""Refusals: every way Muniment says no, each named and numbered as AWS does.

Refused
├── ValidationError          400  a parameter is missing or has a wrong shape
│   ├── MalformedQueryString 400  ├── InvalidAction       400
│   ├── MalformedInput       400  ├── MissingAction       400
│   ├── SerializationError   400  ├── UnsupportedMediaType 415
│   └── UnknownOperation     400
├── InvalidInput             400  ├── MalformedPolicyDocument 400
├── UnmodifiableEntity       400  ├── PolicyNotAttachable     400
├── PasswordPolicyViolation  400  ├── InvalidUserType         400
├── Throttling               400  ├── RequestEntityTooLarge   413
├── TooManyRequests          429  (Retry-After)
├── AuthenticationFailed     403
│   ├── MissingAuthenticationToken, IncompleteSignature (400), InvalidClientTokenId,
│   ├── SignatureDoesNotMatch, ExpiredToken, RequestExpired (400), InvalidSignature (400)
│   └── SignInFailed, SignInExpired, SignInRequired (401), ReauthenticationRequired
├── AccessDenied             403  ├── InvalidAuthenticationCode 403
├── ReportNotPresent         410  ├── ReportExpired           410
├── NoSuchEntity             404
├── EntityAlreadyExists      409  ├── DeleteConflict 409  ├── LimitExceeded 409
├── ConcurrentModification   409  ├── EntityTemporarilyUnmodifiable 409
├── IdempotencyMismatch      422
├── ServiceUnavailable       503  (Retry-After)
│   └── ReadModelBehind      503  the answer would be older than the caller's position
└── ServiceFailure           500

Names, codes and statuses: the "Common errors" and operation pages of the IAM API reference; INTERFACES.md.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class Refused(Exception):
    """A request that is not done. `message` is what the caller reads; it never carries a secret."""

    code: ClassVar[str] = "Refused"
    status: ClassVar[int] = 400
    sender: ClassVar[bool] = True  # AWS's <Type>: Sender when the caller can mend it, else Receiver

    def __init_subclass__(cls) -> None:
        if "code" not in cls.__dict__:
            cls.code = cls.__name__

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def members(self) -> Mapping[str, str]:
        """What the error's shape holds beside its message."""
        return {}


class ValidationError(Refused):
    """A parameter is missing, unknown or of a wrong shape."""


class MalformedQueryString(ValidationError):
    """The form or query string cannot be read, or names a parameter twice."""


class MalformedInput(ValidationError):
    """A parameter has not the type that the model gives it (query protocol)."""


class MissingAction(ValidationError):
    """The request names no action (query protocol)."""


class InvalidAction(ValidationError):
    """The service has no such action."""


class UnknownOperation(ValidationError):
    """The service has no such operation (JSON protocols)."""

    code = "UnknownOperationException"


class SerializationError(ValidationError):
    """The JSON body cannot be read (JSON protocols)."""

    code = "SerializationException"


class UnsupportedMediaType(ValidationError):
    """The body is of another content type than the protocol's (JSON protocols)."""

    code = "UnsupportedMediaTypeException"
    status = 415


class InvalidInput(Refused):
    """A value is well formed but not acceptable."""


class MalformedPolicyDocument(Refused):
    """A policy document breaks the grammar (POLICY_EVALUATION 2.6)."""


class UnmodifiableEntity(Refused):
    """The entity belongs to the service and cannot be changed."""


class PolicyNotAttachable(Refused):
    """The policy may only be attached by a service."""


class Throttling(Refused):
    """The caller sends more than its share."""


class TooManyRequests(Refused):
    """Too many passwords or codes were tried, or too many are being checked (SECURITY 7, 8)."""

    code = "TooManyRequestsException"
    status = 429

    def __init__(self, message: str, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PasswordPolicyViolation(Refused):
    """The password is not one that the account takes."""


class InvalidUserType(Refused):
    """Only an IAM user may do this, and the caller is none."""


class InvalidAuthenticationCode(Refused):
    """The one-time codes are not those of the device, or were used before."""

    status = 403


class ReportNotPresent(Refused):
    """There is no credential report: none was generated."""

    status = 410


class ReportExpired(Refused):
    """The credential report is older than four hours."""

    status = 410


class RequestEntityTooLarge(Refused):
    """The body, or the entry it would record, is over its limit (SECURITY 17)."""

    status = 413


class AuthenticationFailed(Refused):
    """Who is calling could not be established."""

    status = 403


class MissingAuthenticationToken(AuthenticationFailed):
    """The request carries no credentials."""


class IncompleteSignature(AuthenticationFailed):
    """The signature lacks a part."""

    status = 400


class InvalidSignature(AuthenticationFailed):
    """The request is signed in two places, or twice in one."""

    code = "InvalidSignatureException"
    status = 400


class InvalidClientTokenId(AuthenticationFailed):
    """The access key does not exist, or is inactive."""


class SignatureDoesNotMatch(AuthenticationFailed):
    """The signature is not the one this request and key give."""


class ExpiredToken(AuthenticationFailed):
    """The session credentials are past their end."""


class RequestExpired(AuthenticationFailed):
    """The request's date is too far from now."""

    status = 400


class SignInFailed(AuthenticationFailed):
    """A password or factor was not right; the answer is the same for every reason."""

    status = 401


class SignInExpired(AuthenticationFailed):
    """A sign-in took too long, was finished elsewhere, or its credentials were changed meanwhile."""

    status = 401


class SignInRequired(AuthenticationFailed):
    """There is no session, or it is over."""

    status = 401


class ReauthenticationRequired(AuthenticationFailed):
    """The action needs a proof of identity that is at most five minutes old (SECURITY 9)."""


class AccessDenied(Refused):
    """The policies do not allow this (POLICY_EVALUATION 2.8 has the text)."""

    status = 403
    denied: Any = None  # what was decided (domain/denied.py), where the gate refused
    encoded: str = ""  # the message that `sts:DecodeAuthorizationMessage` reads


class InvalidAuthorizationMessage(Refused):
    """The encoded message is none of ours, of another account, or too old."""

    code = "InvalidAuthorizationMessageException"


class NoSuchEntity(Refused):
    """The named entity does not exist."""

    status = 404


class EntityAlreadyExists(Refused):
    """The name is taken."""

    status = 409


class DeleteConflict(Refused):
    """Something still hangs on the entity."""

    status = 409


class LimitExceeded(Refused):
    """A quota is reached (domain/quotas.py)."""

    status = 409


class ConcurrentModification(Refused):
    """Others kept changing the same account until the deadline; try again."""

    status = 409


class EntityTemporarilyUnmodifiable(Refused):
    """The entity is being changed; try again."""

    status = 409


class IdempotencyMismatch(Refused):
    """The idempotency key was used before with another body."""

    code = "IdempotentParameterMismatch"
    status = 422


class ServiceUnavailable(Refused):
    """The log cannot be written or read now; the same request may be sent again."""

    status = 503
    sender = False

    def __init__(self, message: str, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ReadModelBehind(ServiceUnavailable):
    """A read model has not reached the position the caller asked for within the wait. Clients know it as ServiceUnavailable."""

    code = "ServiceUnavailable"


class ServiceFailure(Refused):
    """A fault of ours; nothing was changed, or its outcome is in the log."""

    status = 500
    sender = False
