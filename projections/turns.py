"""Taking turns: long work beside readers lets other threads run every 200 µs, or each of them waits for Python's lock."""

import time
from typing import Final

YIELD_SECONDS: Final = 0.0002


class Turns:
    """Call `pass_on` often; it sleeps for a moment whenever the turn has been long enough."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def pass_on(self) -> None:
        """Let others run, where it is time."""
        if time.perf_counter() - self._since > YIELD_SECONDS:
            time.sleep(0)
            self._since = time.perf_counter()
