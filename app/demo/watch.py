"""Reads the topics while the demo runs: alerts as they come, the budget, and how long each decision took."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable

_POLL_MS = 200
_TOPICS = ("transactions", "decisions", "alerts", "alert-budget")


@dataclass
class Seen:
    """What came by since the watch began."""

    sent_ms: dict[tuple[int, int], int] = field(default_factory=dict)
    latencies_ms: list[int] = field(default_factory=list)
    decided: set[str] = field(default_factory=set)
    alerted: dict[str, dict[str, Any]] = field(default_factory=dict)
    budget: dict[str, Any] = field(default_factory=dict)

    def latency_ms(self, share: float) -> int | None:
        """Return the latency from produce to decision that `share` of the decisions stay within."""
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


class Watch:
    """Tails the topics from where they are when it starts."""

    def __init__(self, bootstrap: str, on_alert: Callable[[dict[str, Any]], None]) -> None:
        self.seen = Seen()
        self._on_alert = on_alert
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="latest"
        )

    async def start(self) -> None:
        """Find the ends of the topics."""
        await self._consumer.start()
        metadata = await self._consumer._client.fetch_all_metadata()  # noqa: SLF001 - no public call names them all
        logs = [TopicPartition(topic, number) for topic in _TOPICS for number in metadata.partitions_for_topic(topic)]
        self._consumer.assign(logs)
        for log in logs:
            await self._consumer.position(log)

    async def run(self) -> None:
        """Read until cancelled."""
        take = {
            "transactions": self._transaction,
            "decisions": self._decision,
            "alerts": self._alert,
            "alert-budget": self._budget,
        }
        try:
            while True:
                for log, records in (await self._consumer.getmany(timeout_ms=_POLL_MS)).items():
                    for record in records:
                        take[log.topic](record)
                await asyncio.sleep(0)
        finally:
            await self._consumer.stop()

    def _transaction(self, record: Any) -> None:
        self.seen.sent_ms[record.partition, record.offset] = record.timestamp

    def _decision(self, record: Any) -> None:
        decision = orjson.loads(record.value)
        self.seen.decided.add(decision["transaction_id"])
        sent_ms = self.seen.sent_ms.pop((record.partition, decision["payer_offset"]), None)
        if sent_ms is not None:
            self.seen.latencies_ms.append(record.timestamp - sent_ms)

    def _alert(self, record: Any) -> None:
        alert = orjson.loads(record.value)
        if alert["alert_id"] not in self.seen.alerted:
            self.seen.alerted[alert["alert_id"]] = alert
            self._on_alert(alert)

    def _budget(self, record: Any) -> None:
        budget = orjson.loads(record.value)
        if budget["seen"] >= self.seen.budget.get("seen", 0):
            self.seen.budget = budget
