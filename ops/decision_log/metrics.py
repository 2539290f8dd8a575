"""The decision log's numbers for `/metrics`."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from muniment.ops.decision_log.writer import DecisionLog


class DecisionMetrics(Collector):
    """Decisions logged and dropped, and the messages they were stored in."""

    def __init__(self, log: DecisionLog) -> None:
        self._log = log

    def collect(self) -> Iterator[Metric]:
        """The current values."""
        for name, what, value in (
            ("muniment_decisions_logged", "Decisions stored in the decision log", self._log.logged),
            (
                "muniment_decisions_dropped",
                "Decisions that found no room in memory and were not logged",
                self._log.dropped,
            ),
            ("muniment_decision_messages", "Messages of the decision log", self._log.messages),
        ):
            family = CounterMetricFamily(name, what)
            family.add_metric([], value)
            yield family
