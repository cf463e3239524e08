"""Every metric of a worker, in one place: name, meaning, labels and buckets.

Names follow Prometheus's own advice: base units (seconds, bytes), `_total` on what only grows. No label takes values
that anyone outside can choose: a label per account or transaction would grow without bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from features.errors import REJECTION_REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORT_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_AGES_S = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)


class Metrics:
    """The metrics of one worker, on a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._stages()
        self._decisions()
        self._state()
        self._worker()
        self._clients()

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"prahari_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"prahari_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"prahari_{name}", meaning, labels, buckets=buckets, registry=self.registry)

    def _stages(self) -> None:
        self.records = self._counter("records", "Records that a stage took from its topic.", "stage")
        self.outputs = self._counter("outputs", "Records that a stage put out and the broker acknowledged.", "topic")
        self.compute = self._histogram(
            "compute_seconds", "Time to compute one part of a chunk, up to 2,048 accounts.", _SHORT_S, "stage"
        )
        self.acknowledge = self._histogram(
            "acknowledge_seconds", "From a part computed until the broker has all its outputs.", _SHORT_S, "stage"
        )
        self.age = self._histogram(
            "age_seconds",
            "Age of a chunk's oldest record, by its Kafka timestamp, when all its outputs are acknowledged. Payer plus "
            "payee is about what a payment waits for its decision.",
            _AGES_S,
            "stage",
        )
        self.commit = self._histogram(
            "commit_seconds", "Time of a changelog transaction with its RocksDB write.", _SHORT_S, "stage"
        )
        self.held = self._counter(
            "held_seconds", "Time that a stage waited to keep event time together while catching up.", "stage"
        )

    def _decisions(self) -> None:
        self.rejected = self._counter("rejected", "Records that went to `rejected`.", "reason")
        _begin_at_zero(self.rejected, REJECTION_REASONS)
        self.tiers = self._counter("decisions_by_tier", "Decisions by risk tier.", "tier")
        self.rule_hits = self._counter("rule_hits", "Hits of active rules in decisions.", "rule")
        self.budget_seen = self._gauge("budget_seen", "Payments of the newest IST day that the budget counted.")
        self.budget_alerted = self._gauge("budget_alerted", "Alerts of that day.")
        self.budget_limit = self._gauge("budget_limit", "Alerts that the day may hold by now.")
        self.budget_threshold = self._gauge("budget_threshold", "Lowest score bucket admitted now; 1024 is none.")
        self.model = self._gauge("model_info", "The model that this worker loaded; `none` is rules alone.", "version")
        self.rules = self._gauge("rules_info", "The rules that this worker loaded.", "version")
        self.drift = self._gauge(
            "model_drift", "Population stability index of a feature against training, where it is measured.", "feature"
        )

    def _state(self) -> None:
        self.lag = self._gauge("lag_records", "Records behind the end of a stage's log.", "topic", "partition")
        self.disk = self._gauge("state_disk_bytes", "Size of a table partition's directory.", "table", "partition")
        self.waiting = self._gauge(
            "state_waiting_bytes", "Encoded state that waits for its changelog transaction.", "table", "partition"
        )
        self.restored = self._counter("restored_records", "Changelog records read to restore tables.", "table")
        self.restore = self._gauge(
            "restore_seconds", "Time that the newest restore of a table partition took.", "table", "partition"
        )

    def _worker(self) -> None:
        self.ready = self._gauge("ready", "Whether the worker takes records: 1 or 0.")
        self.partitions = self._gauge("partitions", "Partitions of a topic that this worker works on.", "topic")
        self.topic_partitions = self._gauge("topic_partitions", "Partitions that the account topics have.")
        self.loop_delay = self._histogram(
            "loop_delay_seconds", "How late the event loop came back from a sleep, once a second.", _SHORT_S
        )

    def _clients(self) -> None:
        self.http = self._histogram(
            "http_seconds",
            "Time to answer a request, by view and status; streams of events are left out.",
            _SHORT_S,
            "view",
            "status",
        )
        self.webhook = self._counter(
            "webhook_alerts", "Alerts for the webhook: `taken`, `undelivered` or `unreadable`.", "outcome"
        )
        _begin_at_zero(self.webhook, ("taken", "undelivered", "unreadable"))

    @property
    def families(self) -> frozenset[str]:
        """The names of all series that a scrape can show, histogram and counter suffixes included."""
        found: set[str] = set()
        for metric in self.registry.collect():
            kinds = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
            found.update(metric.name + suffix for suffix in kinds.get(metric.type, ("",)))
        return frozenset(found)


def _begin_at_zero(counter: Counter, values: Iterable[str]) -> None:
    """Show a counter before it counts: the first of its kind is an increase only from a 0 that was seen."""
    for value in values:
        counter.labels(value)
