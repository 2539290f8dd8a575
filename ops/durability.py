"""Whether an acknowledged entry is on a disk: the servers of the log are asked if they sync every write (NATS.md, DESIGN §8)."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from muniment.ops.jetstream import monitor

ASKED_SECONDS: Final = (
    5.0  # /readyz is open to anybody: the servers are asked once in this time, however often it is read
)
LOSS: Final = "acknowledged entries could be lost in a power cut"
ADVICE: Final = (
    "whether the log's servers sync every write is not known: name the monitoring URL of each with `--nats-monitor URL`"
)


class Durability(msgspec.Struct, frozen=True):
    """What is known of `sync_interval: always`."""

    synced: bool | None  # None: nobody could be asked
    wrong: str = ""  # why this process is not ready
    advice: str = ""  # what would make it known


class Monitors:
    """The monitoring URLs of an external log. One server that is down is no news of the others: those that answer must sync."""

    def __init__(
        self,
        urls: Sequence[str],
        ask: Callable[[str], bool] = monitor.sync_always,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._urls, self._ask, self._monotonic = tuple(urls), ask, monotonic
        self._guard = threading.Lock()
        self._asked: float | None = None
        self._known = Durability(None, advice=ADVICE)

    def durability(self) -> Durability:
        """The answer of all servers together, at most `ASKED_SECONDS` old."""
        if not self._urls:
            return self._known
        with self._guard:
            now = self._monotonic()
            if self._asked is None or now - self._asked >= ASKED_SECONDS:
                self._known = self._ask_all()
                self._asked = now
            return self._known

    def _ask_all(self) -> Durability:
        answers = {url: self._answer(url) for url in self._urls}
        unsafe = [url for url, synced in answers.items() if synced is False]
        if unsafe:
            return Durability(False, f"{LOSS}: set `sync_interval: always` in the server of {', '.join(unsafe)}")
        if not any(answers.values()):
            return Durability(
                None, f"no monitoring URL answers ({', '.join(self._urls)}), so it is not known whether {LOSS}"
            )
        return Durability(True)

    def _answer(self, url: str) -> bool | None:
        try:
            return self._ask(url.rstrip("/"))
        except (OSError, ValueError, AttributeError):  # nobody there, or something that is no NATS server
            return None
