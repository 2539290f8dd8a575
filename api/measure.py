"""What the API measures of itself, and the fields its log may carry: an allow-list, not a filter (SECURITY 18)."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from prometheus_client import CollectorRegistry, Counter, Histogram

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Seen:
    """One request as the log and the metrics know it."""

    def __init__(self, measures: "Measures") -> None:
        self._measures = measures
        self._began = time.perf_counter()
        self._fields: dict[str, Any] = {"service": "", "action": "", "code": "", "status": 0}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._measures.note(self._fields, time.perf_counter() - self._began)

    def call(self, service: str, action: str) -> None:
        """The action, once it is known."""
        self._fields |= {"service": service, "action": action}

    def refused(self, code: str) -> None:
        """The refusal's code."""
        self._fields["code"] = code

    def status(self, status: int) -> None:
        """The HTTP status."""
        self._fields["status"] = status

    def fields(self) -> dict[str, Any]:
        """What may be logged."""
        return {**self._fields, "ms": round((time.perf_counter() - self._began) * 1_000, 2)}


class Measures:
    """Requests counted and timed, by action and outcome."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        labels = ("service", "action", "code")
        self._requests = Counter("muniment_requests", "Requests answered", labels, registry=registry)
        self._seconds = Histogram(
            "muniment_request_seconds",
            "Seconds from request to answer",
            ("service",),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._cells: dict[
            tuple[str, str, str], Callable[[], None]
        ] = {}  # found once: looking one up costs as much as a rule
        self._clocks: dict[str, Callable[[float], None]] = {}

    def request(self) -> Seen:
        """Measure one request: `with measures.request() as seen`."""
        return Seen(self)

    def note(self, fields: dict[str, Any], seconds: float) -> None:
        """Count an answered request. Actions nobody knows share one label, so strangers cannot grow the metrics."""
        known = fields["code"] not in ("InvalidAction", "UnknownOperationException")
        action = fields["action"] if known else ""
        service, code = fields["service"], fields["code"] or "ok"
        if (count := self._cells.get((service, action, code))) is None:
            count = self._cells[service, action, code] = self._requests.labels(service, action, code).inc
        if (clock := self._clocks.get(service)) is None:
            clock = self._clocks[service] = self._seconds.labels(service).observe
        count()
        clock(seconds)
