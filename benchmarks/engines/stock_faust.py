"""The job on Faust as its documentation shows it: an agent per step, one event at a time, tables on RocksDB."""

from __future__ import annotations

import os
from typing import Any

import faust
import job

app = faust.App(
    "engine-faust",
    broker=f"kafka://{os.environ['ENGINE_BOOTSTRAP']}",
    store="rocksdb://",
    topic_partitions=4,
    topic_disable_leader=True,
    table_standby_replicas=0,
    web_enabled=False,
    cython_optimizations=True,
    producer_linger=0.005,
    stream_buffer_maxsize=16_384,
    broker_commit_every=10_000,
)
payments = app.topic("transactions", key_type=bytes, value_type=bytes, value_serializer="raw")
by_payee = app.topic("faust-by-payee", key_type=bytes, value_type=bytes, value_serializer="json")
decisions = app.topic("faust-decisions", key_type=bytes, value_type=bytes, value_serializer="raw")
payers = app.Table("payers", partitions=4)
payees = app.Table("payees", partitions=4)
model = job.Model()


@app.agent(payments)  # type: ignore[untyped-decorator] # Faust is followed as Any
async def payer(stream: Any) -> None:
    """Keep what is known of the payer."""
    async for value in stream:
        payment = job.parse(value)
        key = payment["payer_vpa"]
        payers[key], known = job.payer_step(payers.get(key), payment)
        await by_payee.send(key=known["payee_vpa"].encode(), value=known)


@app.agent(by_payee)  # type: ignore[untyped-decorator] # as above
async def payee(stream: Any) -> None:
    """Keep what is known of the payee, and decide."""
    async for payment in stream:
        key = payment["payee_vpa"]
        payees[key], known = job.payee_step(payees.get(key), payment)
        value = job.decide(known, model.one(known["row"]))
        await decisions.send(key=known["payer_vpa"].encode(), value=value)


if __name__ == "__main__":
    app.main()
