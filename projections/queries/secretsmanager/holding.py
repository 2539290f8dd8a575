"""Waiting out the moment in which the current value may work no more and the new one is not current yet.

One password cannot be two: between set and finish of such a rotation readers wait for the new value, 200 ms at the most.
"""

import time
from collections.abc import Callable
from typing import Final

from muniment.domain.secret.rotators import holds_readers
from muniment.domain.secret.state import Secret

SECONDS_MAX: Final = 0.2
LOOK_SECONDS: Final = 0.004


def settled(
    look: Callable[[], Secret],
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Secret:
    """The secret once no rotation holds its readers, or as it is when their time is up."""
    secret = look()
    if not holds_readers(secret):
        return secret
    until = monotonic() + SECONDS_MAX
    while holds_readers(secret) and monotonic() < until:
        sleep(LOOK_SECONDS)
        secret = look()
    return secret
