"""Counts what the stages do: a few calls per chunk and part, none per record."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import orjson

from agents.ports import Hold, Outgoing, Together

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from agents.ports import Chunk, Output
    from app.metrics.names import Metrics


class StageObserver:
    """Is told what a stage does; `agents.ports.Observer`."""

    def __init__(self, metrics: Metrics, stage: str) -> None:
        self._metrics = metrics
        self._records = metrics.records.labels(stage)
        self._compute = metrics.compute.labels(stage)
        self._acknowledge = metrics.acknowledge.labels(stage)
        self._age = metrics.age.labels(stage)
        self._commit = metrics.commit.labels(stage)
        self._held = metrics.held.labels(stage)

    async def parts(
        self, chunks: Iterable[Chunk], parts: AsyncIterator[Together | Hold]
    ) -> AsyncIterator[Together | Hold]:
        """Pass on what chunks came to, timing each and waiting for its acknowledgement."""
        some = [chunk.records for chunk in chunks if chunk.records]
        self._records.inc(sum(map(len, some)))
        oldest_ms = min((records[0].timestamp for records in some), default=None)
        began = time.perf_counter()
        async for part in parts:
            computed = time.perf_counter()
            if isinstance(part, Together) and part.parts:
                self._compute.observe(computed - began)
                self._follow(part, computed, oldest_ms)
            yield part
            began = time.perf_counter()
            if isinstance(part, Hold):
                self._held.inc(began - computed)

    def _follow(self, part: Together, computed: float, oldest_ms: int | None) -> None:
        outputs = part.outputs

        def on_durable() -> None:
            self._acknowledge.observe(time.perf_counter() - computed)
            if oldest_ms is not None and outputs:
                self._age.observe(max(0.0, time.time() - oldest_ms / 1000))
            self._count(outputs)

        part.on_durable = on_durable

    def _count(self, outputs: Sequence[Output]) -> None:
        counts: Counter[str] = Counter()
        for output in outputs:
            counts[output.topic] += 1 if isinstance(output, Outgoing) else len(output.values.ends)
            if output.topic == "rejected" and isinstance(output, Outgoing):
                self._metrics.rejected.labels(orjson.loads(output.value)["reason"]).inc()
        for topic, count in counts.items():
            self._metrics.outputs.labels(topic).inc(count)

    def held(self) -> AbstractContextManager[None]:
        """Count how long what is kept waits for other partitions."""
        return _timed(self._held.inc)

    def commit(self) -> AbstractContextManager[None]:
        """Time a commit, whatever comes of it."""
        return _timed(self._commit.observe)


@contextmanager
def _timed(tell: Callable[[float], None]) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        tell(time.perf_counter() - began)
