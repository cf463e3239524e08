"""Sending: right partitions, right times, nothing early, nothing lost, verdicts when they are due."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from aiokafka.partitioner import murmur2
from hypothesis import given
from hypothesis import strategies as st

from features.errors import SimulatorError
from features.transaction import parse_transaction, parse_verdict
from simulator.commands import StreamWishes, stream_history
from simulator.dice import Dice
from simulator.faults import Faults
from simulator.live import LivePlan, live_population
from simulator.livestream import live_records
from simulator.murmur import murmur2_positive
from simulator.reading import load_history, read_frame, time_ms
from simulator.recorded import Replay, recorded_records
from simulator.records import LABELS, TRANSACTIONS, Records
from simulator.sender import Sender
from simulator.stream import Pace, Stream
from simulator.writer import write_history
from tests.simulator.making import QUIET, Made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARTITIONS = 4


class FakeBatch:
    """Holds at most ten records, as a full batch of aiokafka's refuses more."""

    def __init__(self) -> None:
        self.records: list[tuple[int, bytes, bytes]] = []

    def append(self, *, timestamp: int, key: bytes, value: bytes) -> object | None:
        """Take a record or return None."""
        if len(self.records) == 10:
            return None
        self.records.append((timestamp, key, value))
        return self

    def close(self) -> None:
        """Nothing to do."""


class FakeProducer:
    """Writes batches to lists per topic and partition, each a moment after it was sent."""

    def __init__(self) -> None:
        self.logs: dict[tuple[str, int], list[tuple[int, bytes, bytes]]] = defaultdict(list)
        self.flying: dict[tuple[str, int], int] = defaultdict(int)
        self.flying_max = 0
        self.first_arrived = asyncio.Event()

    def create_batch(self) -> FakeBatch:
        """Return an empty batch."""
        return FakeBatch()

    async def send_batch(self, batch: FakeBatch, topic: str, *, partition: int) -> asyncio.Future[None]:
        """Write the batch and return its acknowledgement."""
        place = (topic, partition)
        self.flying[place] += 1
        self.flying_max = max(self.flying_max, self.flying[place])
        self.logs[place] += batch.records
        self.first_arrived.set()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def land() -> None:
            self.flying[place] -= 1
            future.set_result(None)

        asyncio.get_running_loop().call_later(0.002, land)
        return future


async def send(records: Iterator[Records], pace: Pace, truth: BytesIO | None = None) -> tuple[FakeProducer, Stream]:
    """Run a stream against the fake producer."""
    producer = FakeProducer()
    sender = Sender(producer, ["transactions", "labels"], [PARTITIONS, PARTITIONS])
    stream = Stream(sender, pace, QUIET, truth, asyncio.Event())
    await stream.run(records)
    return producer, stream


def live(rate: float, start_ms: int) -> Iterator[Records]:
    """Return a small living world's records."""
    plan = LivePlan(1, start_ms, rate, 300)
    return live_records(plan, live_population(plan), Faults(), lambda: int(time.time() * 1000))


def replay(path: Path, rate: float = 0.0, start_ms: int | None = None, *, labels: bool = True) -> Iterator[Records]:
    """Return a history file's records."""
    history = load_history(path, Faults(), Dice(1), label_delay_hours=72)
    return recorded_records(history, Replay(rate, start_ms, labels, Faults(), Dice(1)))


def logged(producer: FakeProducer, topic: str) -> list[tuple[int, bytes, bytes]]:
    """Return a topic's records, partition by partition."""
    return [record for place, log in sorted(producer.logs.items()) if place[0] == topic for record in log]


@pytest.fixture(scope="session")
def history_path(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a history file of 4,000 payments over its month."""
    path = tmp_path_factory.mktemp("histories") / "h.parquet"
    write_history(made.frame.gather_every(15), path)
    return path


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20))
def test_many_keys_hash_as_kafkas_own_client_hashes_each(keys: list[bytes]) -> None:
    """The vectorised murmur2 equals aiokafka's, for any bytes."""
    assert [murmur2(key) & 0x7FFFFFFF for key in keys] == murmur2_positive(keys).tolist()


async def test_a_history_arrives_whole_in_order_and_in_its_payers_partition(history_path: Path) -> None:
    """Each partition holds its payers' payments in event-time order, event times as Kafka timestamps."""
    producer, _ = await send(replay(history_path), Pace(int(time.time() * 1000), 0.0))
    frame = read_frame(history_path)

    assert len(frame) == len(logged(producer, "transactions"))
    assert set(frame["transaction_id"]) == {
        json.loads(value)["transaction_id"] for _, _, value in logged(producer, "transactions")
    }
    for (topic, partition), log in producer.logs.items():
        stamps = [stamp for stamp, _, _ in log]
        assert stamps == sorted(stamps)
        assert all((murmur2(key) & 0x7FFFFFFF) % PARTITIONS == partition for _, key, _ in log)
        if topic == "transactions":
            parsed = [parse_transaction(value, stamp) for stamp, _, value in log]
            assert stamps == [txn.event_time_ms for txn in parsed]
            assert [key for _, key, _ in log] == [txn.payer_vpa.encode() for txn in parsed]


async def test_verdicts_are_sent_when_their_time_comes(history_path: Path) -> None:
    """All whose label time lies within the history, each true to its row, and in order between the payments."""
    blocks = list(replay(history_path))
    frame = read_frame(history_path)
    last = time_ms(frame["event_time"]).max()
    due = frame.filter(time_ms(frame["label_time"]) <= last)
    truth = dict(zip(frame["transaction_id"], frame["is_fraud"], strict=True))
    newest_ms, verdicts = 0, 0
    for block in blocks:
        for topic, value, stamp in zip(block.topic, block.value, block.stamp_ms or [], strict=True):
            assert stamp >= newest_ms
            newest_ms = stamp
            if topic == LABELS:
                verdict = parse_verdict(value, stamp)
                verdicts += 1
                assert verdict.label_time_ms == stamp
                assert verdict.is_fraud == bool(truth[verdict.transaction_id])

    assert len(due) == verdicts


async def test_no_labels_means_no_labels(history_path: Path) -> None:
    """Only payments are sent."""
    assert all(set(block.topic) == {TRANSACTIONS} for block in replay(history_path, labels=False))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_every_form_of_a_history_streams_alike(history_path: Path, tmp_path: Path, suffix: str) -> None:
    """CSV and JSON Lines give the values that Parquet gives."""
    other = tmp_path / f"h{suffix}"
    write_history(read_frame(history_path), other)
    stamp = 10**13

    for one, two in zip(replay(history_path), replay(other), strict=True):
        assert one.topic == two.topic
        assert one.stamp_ms == two.stamp_ms
        for topic, first, second in zip(one.topic, one.value, two.value, strict=True):
            parse: Any = parse_transaction if topic == TRANSACTIONS else parse_verdict
            assert parse(first, stamp) == parse(second, stamp)


def test_a_history_of_five_columns_in_any_order_streams_too(tmp_path: Path) -> None:
    """Epoch times, upper-case VPAs, no verdicts: sorted by time, keyed by the lower-case payer."""
    rows = {
        "transaction_id": ["b", "a"],
        "event_time": [2000, 1000],
        "amount": [5, 7],
        "payer_vpa": ["X@y", "Z@y"],
        "payee_vpa": ["p@q", "p@q"],
    }
    pl.DataFrame(rows).write_csv(tmp_path / "h.csv")
    (block,) = replay(tmp_path / "h.csv")

    assert block.stamp_ms == [1000, 2000]
    assert block.key == [b"z@y", b"x@y"]
    assert [parse_transaction(value, 5000).transaction_id for value in block.value] == ["a", "b"]


def test_a_history_of_nothing_streams_nothing(tmp_path: Path) -> None:
    """A file with columns and no rows has no records."""
    (tmp_path / "h.csv").write_text("transaction_id,event_time,payer_vpa,payee_vpa,amount\n")

    assert not list(replay(tmp_path / "h.csv"))


def test_what_is_no_history_is_refused(tmp_path: Path) -> None:
    """A missing column and a file of something else are named."""
    pl.DataFrame({"transaction_id": ["a"]}).write_csv(tmp_path / "h.csv")
    (tmp_path / "h.parquet").write_bytes(b"no")

    with pytest.raises(SimulatorError, match="it lacks event_time"):
        read_frame(tmp_path / "h.csv")
    with pytest.raises(SimulatorError, match="cannot read the history"):
        read_frame(tmp_path / "h.parquet")


async def test_a_history_sent_now_happens_now(history_path: Path) -> None:
    """Event times become the sending times, and a verdict names its payment's new time."""
    start_ms = int(time.time() * 1000)
    seen = {}
    for block in replay(history_path, rate=100_000.0, start_ms=start_ms):
        assert block.stamp_ms is None
        for topic, value, due in zip(block.topic, block.value, block.due_ms.tolist(), strict=True):
            if topic == TRANSACTIONS:
                txn = parse_transaction(value, start_ms + 10**6)
                assert start_ms + due == txn.event_time_ms
                seen[txn.transaction_id] = txn.event_time_ms
            else:
                verdict = parse_verdict(value, start_ms + 10**6)
                assert seen[verdict.transaction_id] == verdict.event_time_ms


async def test_pacing_is_open_loop_and_never_early() -> None:
    """600 payments at 1,000 a second take 0.6 s at least; none is stamped before it is due; at most one batch flies."""
    start_ms = int(time.time() * 1000) + 200
    truth = BytesIO()
    producer, stream = await send(live(1000.0, start_ms), Pace(start_ms, 1000.0, transactions_max=600), truth)
    log = logged(producer, "transactions")
    early = [stamp - parse_transaction(value, stamp + 1000).event_time_ms for stamp, _, value in log]

    assert len(log) == stream.sent.transactions == 600
    assert len(truth.getvalue().splitlines()) == 600
    assert stream.sent.elapsed_s > 0.55
    assert min(early) >= -1
    assert producer.flying_max == 1


async def test_seconds_end_a_stream() -> None:
    """Half a second at 400 a second is 200 payments."""
    start_ms = int(time.time() * 1000) + 100
    _, stream = await send(live(400.0, start_ms), Pace(start_ms, 400.0, seconds_max=0.5))

    assert stream.sent.transactions == 200


async def test_stop_ends_a_stream_with_what_was_sent_delivered() -> None:
    """Ctrl-C leaves no record half sent, and the truth names exactly the sent ones."""
    start_ms = int(time.time() * 1000)
    producer, truth = FakeProducer(), BytesIO()
    stream = Stream(
        Sender(producer, ["transactions"], [PARTITIONS]), Pace(start_ms, 50.0), QUIET, truth, producer.first_arrived
    )
    await stream.run(live(50.0, start_ms))
    sent = {json.loads(value)["transaction_id"] for _, _, value in logged(producer, "transactions")}

    assert 0 < len(sent) < 500
    assert sent == {json.loads(line)["transaction_id"] for line in truth.getvalue().splitlines()}


async def test_an_unpaced_stream_goes_as_fast_as_it_can() -> None:
    """20,000 payments in far less than the second that the fastest paced rate would take... and exactly so many."""
    start_ms = int(time.time() * 1000)
    producer, stream = await send(live(0.0, start_ms), Pace(start_ms, 0.0, transactions_max=20_000))

    assert stream.sent.transactions == len(logged(producer, "transactions")) == 20_000


def test_now_without_a_rate_is_refused(history_path: Path) -> None:
    """All payments in one moment have no order."""
    wishes = StreamWishes(0.0, None, None, None, None, None, None, labels=True)

    with pytest.raises(SimulatorError, match="--now"):
        stream_history(history_path, wishes, Faults(), 1, now=True, label_delay_hours=72)


def test_histories_with_faults_keep_arrival_as_the_timestamp(history_path: Path) -> None:
    """Late payments carry old event times under new Kafka timestamps; timestamps never go back."""
    faults = Faults(late=0.1, duplicate=0.1, out_of_order=0.1)
    history = load_history(history_path, faults, Dice(1), label_delay_hours=72)
    blocks = list(recorded_records(history, Replay(0.0, None, labels=False, faults=faults, dice=Dice(1))))
    stamps = np.concatenate([block.stamp_ms or [] for block in blocks])
    events = [parse_transaction(value, 10**13).event_time_ms for block in blocks for value in block.value]

    assert (np.diff(stamps) >= 0).all()
    assert (stamps >= np.array(events)).all()
    assert sum(line != b"" for block in blocks for line in block.truth) == len(read_frame(history_path))
