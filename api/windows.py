"""Counting what must not be recorded one by one: whoever asks too much or proves nothing buys no fsync a request (SECURITY 14)."""

import threading
from collections.abc import Callable, Mapping
from typing import Final

from muniment.commands.drawn import Clock, clock

WINDOW_SECONDS: Final = 10.0
REST: Final = ""  # who comes after the limit is counted under this name

Record = Callable[[str, Mapping[str, int], int, int], None]  # key, counts by kind, first and last microsecond


class Windows:
    """Counts by key and kind, handed over every ten seconds on a thread of its own. Memory is bounded by its limits."""

    def __init__(self, name: str, record: Record, keys_max: int, kinds_max: int, now: Clock = clock) -> None:
        self._record, self._keys_max, self._kinds_max, self._now = record, keys_max, kinds_max, now
        self._guard = threading.Lock()
        self._counts: dict[str, dict[str, int]] = {}
        self._began = now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Hand over from now on."""
        self._thread.start()

    def count(self, key: str, kind: str) -> None:
        """One more."""
        with self._guard:
            if key not in self._counts and len(self._counts) >= self._keys_max:
                key = REST
            kinds = self._counts.setdefault(key, {})
            if kind not in kinds and len(kinds) >= self._kinds_max:
                kind = REST
            kinds[kind] = kinds.get(kind, 0) + 1

    def flush(self) -> None:
        """Hand over what was counted since the last time, once for each key."""
        with self._guard:
            counts, self._counts = self._counts, {}
            began, self._began = self._began, self._now()
        for key, kinds in counts.items():
            self._record(key, kinds, began, self._now())

    def close(self) -> None:
        """Hand over the last window and stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(WINDOW_SECONDS)

    def _run(self) -> None:
        while not self._stop.wait(WINDOW_SECONDS):
            self.flush()
        self.flush()
