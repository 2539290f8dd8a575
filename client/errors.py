"""What can keep `Access` from answering. A denial is an answer and never raised."""

from muniment.ops.reader.credential import BadCredential

__all__ = ["BadCredential", "NotDecided", "NotReached"]


class NotDecided(Exception):
    """Nothing can be decided now: the state is too old for this action, or the log is not what its writers signed.

    The message says which. Treat the request as one that may be sent again later (503), not as denied for good.
    """


class NotReached(NotDecided):
    """The minimum position did not arrive in time, or the state was not loaded in time."""
