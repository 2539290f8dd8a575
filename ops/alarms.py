"""Alarms: facts of high severity, told to whoever watches the logs and the metrics."""

import structlog
from prometheus_client import CollectorRegistry, Counter

from muniment.domain.ledger import Entry

log = structlog.get_logger("muniment.alarm")


class Alarms:
    """Counts them and logs each, with the entry that holds the whole story."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._raised = Counter("muniment_alarms", "Facts of high severity", ("fact",), registry=registry)

    def raise_alarm(self, entry: Entry) -> None:
        """Tell of one."""
        fact = type(entry.fact).__name__
        self._raised.labels(fact).inc()
        log.error(
            "alarm",
            fact=fact,
            boundary=entry.boundary,
            entry=entry.id,
            actor=entry.actor.arn,
            command=entry.command.name,
        )
