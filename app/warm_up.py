"""`warm-up`: fills the tables from a history, through the same log and the same code as live payments.

The history goes into `transactions`, marked, with its verdicts where their time comes; the stages fold it and decide
nothing. So the past is in the logs like everything else: restored, replayed and exported with it. Where no worker
runs, one is run until all of it is applied.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from zlib import crc32

import orjson
from aiokafka import AIOKafkaProducer
from rich.progress import Progress

from agents.ports import KIND_HEADER, KIND_VERDICT, KIND_WARM_UP, Outgoing
from app.lag import GroupLag
from app.outputs import BatchSender
from features.errors import HistoryError
from features.murmur import murmur2_partition
from features.transaction import Verdict
from replay.history import OPTIONAL, read_history
from replay.verdicts import interleave_verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from app.faust_app import PrahariApp
    from features.transaction import Transaction

_SEND_RECORDS = 2_000
_POLL_S = 0.25


async def warm_up(app: PrahariApp, history: Path, *, again: bool) -> int:
    """Send a history and return, when it is applied, how many payments it held.

    Raises `HistoryError` for a file that cannot be read, and where `transactions` is not empty unless `again`.
    """
    await app.ensure_topics()
    lag = GroupLag.of(app)
    await lag.start()
    try:
        if not again and await lag.end("transactions"):
            raise HistoryError(
                f"needed an empty topic {app.prahari.topic_prefix}transactions, got one with records: warm-up comes "
                "before the first payment, or its payments would count twice. Use another PRAHARI_TOPIC_PREFIX, or "
                "--again for a history that is not in it yet."
            )
        sent = await _send(app, history)
        await _wait_applied(app, lag)
    finally:
        await lag.stop()
    return sent


async def _send(app: PrahariApp, history: Path) -> int:
    producer = AIOKafkaProducer(enable_idempotence=True, max_batch_size=900 * 1024, **app.client_options)
    await producer.start()
    send = BatchSender(lambda: producer, app.prahari.topic_prefix)
    sent = 0
    try:
        with Progress(disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("sending history", total=None)
            outputs: list[Outgoing] = []
            records = interleave_verdicts(read_history(history))
            # A verdict that clears what nobody suspected changes no state: half of a labelled history's records.
            telling = (record for record in records if not isinstance(record, Verdict) or record.is_fraud)
            for output in outgoing(telling, _partitioner(app)):
                outputs.append(output)
                sent += output.headers[0][1] == KIND_WARM_UP
                if len(outputs) == _SEND_RECORDS:
                    await (await send(outputs))
                    progress.update(task, completed=sent)
                    outputs = []
            await (await send(outputs))
    finally:
        await producer.stop()
    return sent


def outgoing(records: Iterable[Transaction | Verdict], partition_of: Callable[[bytes], int]) -> Iterator[Outgoing]:
    """Yield payments and verdicts, in the order given, as marked records of `transactions`."""
    for record in records:
        key = record.payer_vpa.encode()
        value, kind = (
            (verdict_json(record), KIND_VERDICT)
            if isinstance(record, Verdict)
            else (transaction_json(record), KIND_WARM_UP)
        )
        yield Outgoing("transactions", partition_of(key), key, value, ((KIND_HEADER, kind),))


def transaction_json(txn: Transaction) -> bytes:
    """Return a payment as it stands in `transactions`."""
    fields: dict[str, Any] = {
        "transaction_id": txn.transaction_id,
        "event_time": txn.event_time_ms,
        "amount": txn.amount_paise / 100,
        "payer_vpa": txn.payer_vpa,
        "payee_vpa": txn.payee_vpa,
    }
    fields.update({name: value for name in OPTIONAL if (value := getattr(txn, name)) is not None})
    return orjson.dumps(fields)


def verdict_json(verdict: Verdict) -> bytes:
    """Return a verdict as it stands in `labels`."""
    return orjson.dumps(
        {
            "transaction_id": verdict.transaction_id,
            "payer_vpa": verdict.payer_vpa,
            "payee_vpa": verdict.payee_vpa,
            "event_time": verdict.event_time_ms,
            "amount": verdict.amount_paise / 100,
            "is_fraud": verdict.is_fraud,
            "label_time": verdict.label_time_ms,
            "source": verdict.source,
        }
    )


def _partitioner(app: PrahariApp) -> Callable[[bytes], int]:
    partitions = app.conf.topic_partitions
    if app.prahari.partitioner == "crc32":
        return lambda key: crc32(key) % partitions
    return lambda key: murmur2_partition(key, partitions)


async def _wait_applied(app: PrahariApp, lag: GroupLag) -> None:
    """Return when the payer stage and then the payee stage have applied what is in their logs."""
    worker = None if await lag.has_members() else _start_worker(app)
    try:
        with Progress(disable=not sys.stderr.isatty()) as progress:
            for topic in ("transactions", "transactions-by-payee"):
                end = await lag.end(topic)
                task = progress.add_task(f"applying {topic}", total=end)
                while (applied := await lag.committed(topic)) < end:
                    if worker is not None and worker.poll() is not None:
                        raise HistoryError(f"needed a worker to apply the history, got exit code {worker.poll()}")
                    progress.update(task, completed=applied)
                    await asyncio.sleep(_POLL_S)
                progress.update(task, completed=end)
    finally:
        if worker is not None:
            worker.terminate()
            await asyncio.to_thread(worker.wait)


def _start_worker(app: PrahariApp) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "APP_DATADIR": str(app.conf.datadir)}
    command = [sys.executable, "-m", "faust", "-A", "app.main", "worker", "-l", "warn", "--without-web"]
    return subprocess.Popen(command, env=environment)  # noqa: S603 - our own worker
