"""Looks at the worker when it is asked: what is a state of things rather than a count of what happened."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from prometheus_client import generate_latest

from agents.budget import BudgetLogic
from app.topics import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from app.metrics.names import Metrics
    from app.views.worker import Worker

_LOOP_EVERY_S = 1.0


async def expose(metrics: Metrics, worker: Worker) -> bytes:
    """Return the text of a scrape; what takes long is done in a thread, off the path of payments."""
    directories = _look(metrics, worker)
    return await asyncio.to_thread(_write, metrics, directories)


async def watch_loop(metrics: Metrics) -> None:
    """Tell how late the event loop is, as long as it is awaited."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LOOP_EVERY_S
        await asyncio.sleep(_LOOP_EVERY_S)
        metrics.loop_delay.observe(max(0.0, loop.time() - due))


def _look(metrics: Metrics, worker: Worker) -> list[tuple[str, int, Path]]:
    """Set all gauges but those that need the disk, and return which directories those are."""
    readiness = worker.readiness()
    metrics.ready.set(not readiness.reason)
    metrics.topic_partitions.set(worker.partitions)
    for gauge in (metrics.partitions, metrics.lag, metrics.disk, metrics.waiting, metrics.model, metrics.rules):
        gauge.clear()
    for topic, partitions in readiness.partitions.items():
        metrics.partitions.labels(topic).set(len(partitions))
    if readiness.rules_version is not None:
        metrics.model.labels(readiness.model_version or "none").set(1)
        metrics.rules.labels(readiness.rules_version).set(1)
    metrics.drift.clear()
    for name, index in worker.drift().items():
        metrics.drift.labels(name).set(index)
    directories = []
    for table, topic in TABLES.items():
        for partition, task in worker.open_partitions(topic).items():
            lag = worker.lag(topic, partition)
            if lag is not None:
                metrics.lag.labels(topic, partition).set(lag)
            metrics.waiting.labels(table, partition).set(task.table.waiting_bytes)
            directories.append((table, partition, task.table.store.path))
    _look_at_budget(metrics, [task.logic for task in worker.open_partitions("candidates").values()])
    return directories


def _look_at_budget(metrics: Metrics, logics: Iterable[Any]) -> None:
    for logic in logics:
        if isinstance(logic, BudgetLogic) and logic.budget.ledger.days:
            report = logic.budget.report(max(logic.budget.ledger.days))
            metrics.budget_seen.set(report.seen)
            metrics.budget_alerted.set(report.alerted)
            metrics.budget_limit.set(report.limit)
            metrics.budget_threshold.set(report.threshold)


def _write(metrics: Metrics, directories: Iterable[tuple[str, int, Path]]) -> bytes:
    for table, partition, path in directories:
        metrics.disk.labels(table, partition).set(_size(path))
    return bytes(generate_latest(metrics.registry))


def _size(path: Path) -> int:
    """Return the bytes of a directory's files; one that RocksDB deletes meanwhile counts as nothing."""
    total = 0
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                try:
                    total += entry.stat().st_size
                except FileNotFoundError:
                    continue
    except FileNotFoundError:
        return 0
    return total
