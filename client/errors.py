"""What can keep `Access` from answering (a denial is an answer and never raised), and `Secrets` from having a value."""

from muniment.ops.reader.credential import BadCredential

__all__ = ["BadCredential", "NoSecret", "NotDecided", "NotFetched", "NotReached"]


class NotDecided(Exception):
    """Nothing can be decided now: the state is too old for this action, or the log is not what its writers signed.

    The message says which. Treat the request as one that may be sent again later (503), not as denied for good.
    """


class NotReached(NotDecided):
    """The minimum position did not arrive in time, or the state was not loaded in time."""


class NotFetched(Exception):
    """The server cannot be asked for the secret now, and what is kept is too old or not there. Ask again later."""


class NoSecret(Exception):
    """The server gives no such value to these keys: there is none, it is marked for deletion, or access is denied."""
