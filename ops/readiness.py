"""Whether this process may be sent traffic, and what is in the way (DESIGN §8)."""

from collections.abc import Callable
from typing import Any

from muniment.ops.connection import LogServer
from muniment.ops.jetstream.loop import NatsLoop
from muniment.projections.feed import Feed


class Readiness:
    """Reads the state of the parts; nothing is kept here."""

    def __init__(self, log: LogServer, loop: NatsLoop, feed: Feed, unsigned: Callable[[], str]) -> None:
        self._log, self._loop, self._feed = log, loop, feed
        self._unsigned = unsigned  # why the last head of the log could not be kept

    def report(self) -> dict[str, Any]:
        """`ready`, and each thing that readiness needs with its own answer."""
        feed = self._feed.readiness()
        nats = self._loop.ready
        durability = self._log.durability()
        models = {
            model.name: {
                "condition": model.condition,
                "positions": model.positions,
                "lag_entries": model.lag_entries,
                "lag_ms": round(model.lag_milliseconds, 1),
                **({"reason": model.reason} if model.reason else {}),
            }
            for model in feed.models
        }
        missing = [
            *(["nats: not connected"] if not nats else []),
            *([f"nats: {trouble}"] if (trouble := self._log.trouble()) else []),
            *([f"sync_always: {durability.wrong}"] if durability.wrong else []),
            *([f"log: {feed.broken}"] if feed.broken else []),
            *([f"log: {feed.lost}"] if feed.lost else []),
            *([f"signed heads: {unsigned}"] if (unsigned := self._unsigned()) else []),
            *(f"{name}: {model['condition']}" for name, model in models.items() if model["condition"] != "live"),
        ]
        return {
            "ready": feed.ready and not missing,
            "missing": missing,
            "nats": nats,
            "sync_always": durability.synced,
            **({"advice": [durability.advice]} if durability.advice else {}),
            "models": models,
        }
