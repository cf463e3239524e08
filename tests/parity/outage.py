"""An outage at the end of a history: what was decided before it, what waits in it, and the verdicts that came in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl
from aiokafka import AIOKafkaProducer

from app.warm_up import verdict_json
from features.clock import HOUR_MS
from replay.history import read_history
from replay.verdicts import verdict_of

if TYPE_CHECKING:
    from pathlib import Path

    from features.transaction import Verdict


class Outage(NamedTuple):
    """The history before and in the outage, and the verdicts of then on payments of before."""

    before: Path
    during: Path
    verdicts: list[Verdict]


def cut(history: Path, folder: Path, hours: float) -> Outage:
    """Cut a history so many hours before its end."""
    rows = list(read_history(history))
    end_ms = rows[-1].transaction.event_time_ms
    begin_ms = end_ms - int(hours * HOUR_MS)
    count = sum(row.transaction.event_time_ms < begin_ms for row in rows)
    frame = pl.read_parquet(history)
    before, during = folder / "before.parquet", folder / "during.parquet"
    frame[:count].write_parquet(before)
    frame[count:].write_parquet(during)
    verdicts = [
        verdict_of(row)
        for row in rows[:count]
        if row.is_fraud and row.label_time_ms is not None and begin_ms <= row.label_time_ms <= end_ms
    ]
    return Outage(before, during, sorted(verdicts, key=lambda verdict: verdict.label_time_ms))


async def send_verdicts(bootstrap: str, prefix: str, verdicts: list[Verdict]) -> None:
    """Send verdicts at their times."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for verdict in verdicts:
            key, value = verdict.payer_vpa.encode(), verdict_json(verdict)
            await producer.send(f"{prefix}labels", value, key=key, timestamp_ms=verdict.label_time_ms)
        await producer.flush()
    finally:
        await producer.stop()
