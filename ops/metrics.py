"""The read models' and writers' numbers for `/metrics`, read when they are asked for."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from muniment.commands.activity import Activity
from muniment.projections.feed import Feed


class ModelMetrics(Collector):
    """Position, lag, entries and stops of each model; what the activity writer had to drop."""

    def __init__(self, feed: Feed, activity: Activity | None) -> None:
        self._feed, self._activity = feed, activity

    def collect(self) -> Iterator[Metric]:
        """The current values."""
        position = GaugeMetricFamily("muniment_model_position", "Sequence reached", labels=["model", "stream"])
        lag = GaugeMetricFamily("muniment_model_lag_entries", "Entries behind the stream's end", labels=["model"])
        seconds = GaugeMetricFamily("muniment_model_lag_seconds", "Seconds since it was level", labels=["model"])
        live = GaugeMetricFamily("muniment_model_live", "1 while the model answers", labels=["model"])
        entries = CounterMetricFamily("muniment_model_entries", "Entries applied", labels=["model"])
        for report, model in zip(self._feed.readiness().models, self._feed.models, strict=True):
            for stream, sequence in report.positions.items():
                position.add_metric([report.name, stream], sequence)
            lag.add_metric([report.name], report.lag_entries)
            seconds.add_metric([report.name], report.lag_milliseconds / 1_000)
            live.add_metric([report.name], float(report.condition == "live"))
            entries.add_metric([report.name], model.counters.entries)
        dropped = CounterMetricFamily("muniment_activity_dropped", "Activities that could not be recorded")
        dropped.add_metric([], self._activity.dropped if self._activity is not None else 0)
        yield from (position, lag, seconds, live, entries, dropped)
