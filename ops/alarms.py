"""Alarms: facts of high severity, told to whoever watches the logs and the metrics."""

import structlog
from prometheus_client import CollectorRegistry, Counter

from muniment.domain.ledger import Entry
from muniment.domain.policy.decision import Alarm
from muniment.domain.policy.request import AccessRequest

log = structlog.get_logger("muniment.alarm")


class Alarms:
    """Counts them and logs each, with the entry that holds the whole story."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._undecided = Counter(
            "muniment_undecided", "Requests denied because they could not be decided", ("alarm",), registry=registry
        )
        self._raised = Counter("muniment_alarms", "Facts of high severity", ("fact",), registry=registry)

    def undecided(self, alarm: Alarm, request: AccessRequest) -> None:
        """Tell of a request that was denied because it could not be decided: too much work, or an error of ours."""
        self._undecided.labels(alarm.value).inc()
        log.error("undecided", alarm=alarm.value, action=request.action, principal=request.principal.name)

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
