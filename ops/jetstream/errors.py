"""What can go wrong between us and a NATS server, by what the caller may conclude from it.

NatsError
├── NotSent             nothing left this process: safe to try again
│   └── PermissionDenied    the server refused the subject: trying again does not help
├── NoResponders        nobody listened (no leader yet, no such stream): nothing was stored
├── Lost                the connection broke after sending: the outcome is unknown
│   └── TimedOut        no answer in time: the outcome is unknown
├── ApiError            JetStream answered with an error code: nothing was stored
├── Refused             the server does not let us in, or asks for what we do not give
└── LogDamaged          what was read cannot be the log we were reading
    ├── Gap             a sequence is missing
    └── EpochChanged    the stream was made anew (a restore, a reset)
"""

from __future__ import annotations


class NatsError(Exception):
    """Base of everything this package raises about NATS itself."""


class NotSent(NatsError):
    """There is no connection, or it closed before anything was written."""


class PermissionDenied(NotSent):
    """The server refused to let this role publish to a subject."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"this role may not publish to `{subject}`: check the permissions of its NATS user")
        self.subject = subject


class NoResponders(NatsError):
    """Nobody listens on the subject: the stream has no leader now, or does not exist."""


class Lost(NatsError):
    """The connection broke after the request was written; whether it took effect is not known."""


class TimedOut(Lost):
    """No answer came in time; whether the request took effect is not known."""


class Refused(NatsError):
    """The server refuses the connection: wrong credentials, or TLS that does not fit."""


class ApiError(NatsError):
    """JetStream answered a request with an error.

    `code` is JetStream's own error code (for instance 10071, wrong last sequence), `status` its HTTP-like class.
    """

    def __init__(self, code: int, description: str, status: int = 0) -> None:
        super().__init__(f"JetStream error {code}: {description}")
        self.code = code
        self.status = status
        self.description = description


class LogDamaged(NatsError):
    """The stream does not hold what it must hold."""


class Gap(LogDamaged):
    """A sequence that must exist was not delivered."""

    def __init__(self, stream: str, expected: int, found: int) -> None:
        super().__init__(f"stream `{stream}`: expected sequence {expected}, found {found}")
        self.stream = stream
        self.expected = expected
        self.found = found


class EpochChanged(LogDamaged):
    """The stream carries another epoch than the one the reader started with."""

    def __init__(self, stream: str, expected: str, found: str) -> None:
        super().__init__(f"stream `{stream}`: expected epoch `{expected}`, found `{found}`: it was made anew")
        self.stream = stream
        self.expected = expected
        self.found = found
