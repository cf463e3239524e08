"""Every kind of record that a producer may write, and what docs/reliability.md says comes of it: on a real worker."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.record._crc32c import crc as crc32c

from agents.ports import KIND_HEADER
from tests.topics import read_topic

if TYPE_CHECKING:
    from tests.flow.deployment import Deployment

NOW_MS = int(time.time() * 1000)
DAY_MS = 86_400_000
#: Where a batch has its checksum, and what comes after it and is summed up (message format v2).
_CRC_AT, _ATTRIBUTES_AT = 17, 21
CODECS = (None, "gzip", "snappy", "lz4", "zstd")
#: What becomes of each record, by the name that its id or its text bears.
AFTER = {f"after-{partition}" for partition in range(4)}
GOOD = AFTER | {
    "plain",
    "gzip",
    "snappy",
    "lz4",
    "zstd",
    "no-key",
    "other-key",
    "headers",
    "odd-kind",
    "padded",
}
LATE = {"old"}
REJECTED = {
    "tombstone": "tombstone",
    "empty": "invalid_json",
    "list": "invalid_json",
    "not-utf-8": "invalid_json",
    "too-deep": "invalid_json",
    "no-payee": "missing_field",
    "bad-time": "invalid_field",
    "free": "amount_out_of_range",
    "tomorrow": "future_event_time",
    "10-mb": "too_large",
    "conflict": "conflicting_duplicate",
}


def payment(name: str, **fields: Any) -> dict[str, Any]:
    """Return a payment that bears its kind as its id."""
    return {
        "transaction_id": name,
        "event_time": NOW_MS - 1000,
        "amount": 10,
        "payer_vpa": f"{name}@x",
        "payee_vpa": "shop@y",
        **fields,
    }


def value(name: str, **fields: Any) -> bytes:
    """Return a payment as a record's value."""
    return json.dumps(payment(name, **fields)).encode()


#: Garbage by name: key and value.
GARBAGE: dict[str, tuple[bytes | None, bytes | None]] = {
    "tombstone": (b"r@x", None),
    "empty": (None, b""),
    "list": (b"r@x", b"[1]"),
    "not-utf-8": (b"\xff\x00", b"\xff\xfe{}"),
    "too-deep": (b"r@x", b"[" * 50_000),
    "no-payee": (b"r@x", json.dumps({**payment("no-payee"), "payee_vpa": None}).encode()),
    "bad-time": (b"r@x", value("bad-time", event_time="soon")),
    "free": (b"r@x", value("free", amount=0)),
    "tomorrow": (b"r@x", value("tomorrow", event_time=NOW_MS + DAY_MS)),
    "10-mb": (b"r@x" * 100_000, b'{"x": "' + b"x" * 10_000_000 + b'"}'),
    "conflict": (b"plain@x", value("plain", amount=11)),
}


def sender(deployment: Deployment, codec: Any = None, **options: Any) -> AIOKafkaProducer:
    """Return a producer, not yet started."""
    return AIOKafkaProducer(
        bootstrap_servers=deployment.bootstrap, compression_type=codec, max_request_size=12_000_000, **options
    )


async def send_good(deployment: Deployment, topic: str) -> None:
    """Send what is decided: in every compression, with odd keys and headers, padded, and from a month ago."""
    for codec in CODECS:
        name = codec or "plain"
        async with sender(deployment, codec) as producer:
            await producer.send_and_wait(topic, value(name), key=f"{name}@x".encode())
    async with sender(deployment) as producer:
        await producer.send_and_wait(topic, value("no-key"))
        await producer.send_and_wait(topic, value("other-key"), key=b"somebody-else@x")
        headers = [("", b""), ("x" * 300, b"\xff"), ("traceparent", b"00"), ("traceparent", b"01")]
        await producer.send_and_wait(topic, value("headers"), headers=headers)
        await producer.send_and_wait(topic, value("odd-kind"), headers=[(KIND_HEADER, b"none-of-ours")])
        await producer.send_and_wait(topic, value("padded", remark="x" * 60_000))
        await producer.send_and_wait(topic, value("old", event_time=NOW_MS - 40 * DAY_MS))
        await producer.send_and_wait(topic, value("plain"), key=b"plain@x")  # again: changes nothing


async def send_garbage(deployment: Deployment, topic: str) -> None:
    """Send what is rejected, the largest of it too."""
    async with sender(deployment, "zstd") as producer:
        for key, garbage in GARBAGE.values():
            await producer.send_and_wait(topic, garbage, key=key)


async def send_in_transactions(deployment: Deployment, topic: str) -> None:
    """Send a payment that is committed and one that is not, as a producer does that reads from a ledger."""
    for name in ("committed", "aborted"):
        async with sender(deployment, transactional_id="a-bank") as producer:
            await producer.begin_transaction()
            await producer.send_and_wait(topic, value(name), partition=0)
            await (producer.commit_transaction() if name == "committed" else producer.abort_transaction())


async def send_in_an_unknown_codec(deployment: Deployment, topic: str) -> None:
    """Send a batch that says that it is compressed as nobody knows how: Kafka does not take it."""
    async with sender(deployment, request_timeout_ms=5_000) as producer:
        batch = producer.create_batch()
        batch.append(key=None, value=value("unknown-codec"), timestamp=None)
        data = batch._build()
        data[_ATTRIBUTES_AT : _ATTRIBUTES_AT + 2] = struct.pack(">H", 7)
        data[_CRC_AT:_ATTRIBUTES_AT] = struct.pack(">I", crc32c(bytes(data[_ATTRIBUTES_AT:])))
        with pytest.raises(KafkaError):
            await (await producer.send_batch(batch, topic, partition=0))


async def everything(deployment: Deployment) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return decisions and rejections once the last payment of each partition is decided: logs are worked in order."""
    async with asyncio.timeout(100):
        while True:
            decided, refused = [
                [
                    json.loads(record.value)
                    for record in await read_topic(deployment.bootstrap, deployment.prefix + topic)
                ]
                for topic in ("decisions", "rejected")
            ]
            if {one["transaction_id"] for one in decided} >= AFTER:
                return decided, refused
            await asyncio.sleep(0.5)


async def finish(deployment: Deployment, topic: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Send a last payment to each partition, and return decisions and rejections once these are decided."""
    async with sender(deployment) as producer:
        for partition in range(4):
            await producer.send_and_wait(topic, value(f"after-{partition}"), partition=partition)
    return await everything(deployment)


@pytest.mark.timeout(180)
async def test_every_kind_of_record_comes_to_what_is_said_of_it(deployment: Deployment) -> None:
    """Each decided once or rejected once with its reason, by a worker that goes on and stays where it was."""
    worker, topic = deployment.worker("one").start().wait_ready(), f"{deployment.prefix}transactions"
    await send_good(deployment, topic)
    await send_garbage(deployment, topic)
    await send_in_an_unknown_codec(deployment, topic)
    decided, refused = await finish(deployment, topic)

    assert worker.alive
    assert sorted(one["transaction_id"] for one in decided) == sorted(GOOD | LATE)
    assert {one["transaction_id"] for one in decided if one["late"]} == LATE
    assert sorted(one["reason"] for one in refused) == sorted(REJECTED.values())
    assert all(len(one["original"]) <= 100_000 for one in refused)


@pytest.mark.timeout(180)
async def test_a_payment_of_an_aborted_transaction_is_not_decided(deployment: Deployment) -> None:
    """A bank that writes payments together with its ledger takes some back: they never were."""
    topic = f"{deployment.prefix}transactions"
    deployment.worker("one").start().wait_ready()
    await send_in_transactions(deployment, topic)
    decided, _ = await finish(deployment, topic)

    assert {one["transaction_id"] for one in decided} == AFTER | {"committed"}
