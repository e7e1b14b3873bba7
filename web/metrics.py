"""`/metrics`, in Prometheus' text format. No label names a channel or a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from recordings.errors import StorageUnavailable

_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)


@dataclass(frozen=True, slots=True)
class Overview:
    """The gauges at the moment of a scrape. Ages are in seconds, 0 if nothing waits."""

    recordings: Mapping[str, int]
    oldest_due: float
    outbox: int
    outbox_age: float
    leading: bool
    connected: bool
    query_interval: float
    agora_queue: int
    agora_allowed: float
    notices_waiting: int
    notices_age: float


class PrometheusMeter:
    """The meter behind `/metrics`."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._steps = Histogram(
            "recorder_step_seconds", "Steps by kind of work and outcome", ["work", "outcome"], buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip
        self._calls = Histogram(
            "recorder_agora_call_seconds", "Requests to Agora by operation and outcome", ["operation", "outcome"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._looks = Histogram(
            "recorder_bucket_look_seconds", "Looks into the bucket by outcome", ["outcome"], buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip
        self._alerts = Counter(
            "recorder_alerts", "Alerts by kind, reason and outcome", ["kind", "reason", "outcome"], registry=registry
        )
        self._missed = Counter(
            "recorder_notices_missed", "Recordings of which Agora did not tell that they began", registry=registry
        )
        self._unknown = Counter(
            "recorder_unknown_uids", "Uids in the recorders' range that no row knows", registry=registry
        )
        self._notices = Counter(
            "recorder_notices", "Agora's notifications by event and outcome", ["event", "outcome"], registry=registry
        )

    def add_gauges(self, overview: Callable[[], Overview]) -> None:
        """Adds the gauges to `text`; `overview` is called at each scrape and may raise `StorageUnavailable`."""
        self._registry.register(_Gauges(overview))

    def step(self, work: str, seconds: float, outcome: str) -> None:
        self._steps.labels(work, outcome).observe(seconds)

    def agora_call(self, operation: str, seconds: float, outcome: str) -> None:
        self._calls.labels(operation, outcome).observe(seconds)

    def bucket_check(self, seconds: float, outcome: str) -> None:
        self._looks.labels(outcome).observe(seconds)

    def alert(self, kind: str, reason: str, outcome: str) -> None:
        self._alerts.labels(kind, reason, outcome).inc()

    def notification_missed(self) -> None:
        self._missed.inc()

    def unknown_uid(self) -> None:
        self._unknown.inc()

    def notification(self, event: str, outcome: str) -> None:
        self._notices.labels(event, outcome).inc()

    def text(self) -> bytes:
        """All metrics, in Prometheus' text format."""
        return generate_latest(self._registry)


class _Gauges(Collector):
    """Reads the overview at each scrape. If the database can't be read, only `recorder_database_up` is left."""

    def __init__(self, overview: Callable[[], Overview]) -> None:
        self._overview = overview

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        try:
            overview = self._overview()
        except StorageUnavailable:
            yield _gauge("recorder_database_up", "Whether the database can be read", 0)
            return
        yield _gauge("recorder_database_up", "Whether the database can be read", 1)
        states = GaugeMetricFamily("recorder_recordings", "Recordings that are not over, by state", labels=["state"])
        for state, count in overview.recordings.items():
            states.add_metric([state], count)
        yield states
        yield _gauge("recorder_oldest_due_seconds", "How late the step is that is due the longest", overview.oldest_due)
        yield _gauge("recorder_outbox_depth", "Alerts that Slack does not have yet", overview.outbox)
        yield _gauge("recorder_outbox_age_seconds", "The age of the oldest of them", overview.outbox_age)
        yield _gauge("recorder_leading", "Whether this replica leads", overview.leading)
        yield _gauge("recorder_slack_connected", "Whether Slack can reach this replica", overview.connected)
        yield _gauge("recorder_query_interval_seconds", "How often recordings are queried now", overview.query_interval)
        yield _gauge("recorder_agora_queue", "Requests to Agora that wait for their turn", overview.agora_queue)
        yield _gauge("recorder_agora_allowed_per_second", "Requests a second that Agora allows", overview.agora_allowed)
        yield _gauge("recorder_notices_waiting", "Notices that are not heeded yet", overview.notices_waiting)
        yield _gauge("recorder_notices_oldest_seconds", "The age of the oldest of them", overview.notices_age)


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=float(value))
