"""The two commands, as a user runs them."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import simulator
from features.clock import ist_day
from simulator import commands
from simulator.frauds import FRAUDS

if TYPE_CHECKING:
    from pathlib import Path

    from app.broker.embedded import EmbeddedBroker

MODULES = [
    module.name for module in pkgutil.walk_packages(simulator.__path__, "simulator.") if "__main__" not in module.name
]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `python -m simulator`."""
    command = [sys.executable, "-m", "simulator", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name: str) -> None:
    """Every docstring's example gives what it says."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_a_recent_history_ends_yesterday(tmp_path: Path) -> None:
    """Live payments of now go on from it; `before` is taken first: midnight may pass between."""
    before = commands.today()
    done = run("history", "--out", tmp_path / "h.parquet", "--transactions", 500, "--days", 3, "--recent")
    last = pl.read_parquet(tmp_path / "h.parquet").sort("event_time")["event_time"][-1]

    assert done.returncode == 0, done.stderr
    assert ist_day(round(datetime.fromisoformat(last).timestamp() * 1000)) in (before - 1, commands.today() - 1)


def test_a_history_is_written_under_its_name(tmp_path: Path) -> None:
    """Nothing else stays in the folder, nothing is printed to stdout, and the summary goes to stderr."""
    out = tmp_path / "h.csv"
    done = run(
        "history",
        "--out",
        out,
        "--transactions",
        1500,
        "--days",
        7,
        "--seed",
        3,
        "--start",
        "2026-03-01",
        "--late",
        0.1,
    )
    frame = pl.read_csv(out, infer_schema=False)

    assert (done.returncode, done.stdout) == (0, "")
    assert "1,500 payments, 54 frauds" in done.stderr
    assert [out] == list(tmp_path.iterdir())
    assert len(frame) == 1500
    assert frame["event_time"].min()[:7] == "2026-03"  # type: ignore[index]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["history", "--out", "h.xlsx"], "needs a name ending in"),
        (["history", "--out", "/nowhere/h.csv"], "does not exist"),
        (["history", "--out", "h.csv", "--prevalence", "2"], "--prevalence"),
        (["stream", "--rate", "10", "--people", "500", "--truth", "/nowhere/t.jsonl"], "--truth"),
        (
            ["stream", "--rate", "10", "--seconds", "1", "--people", "500", "--bootstrap", "127.0.0.1:9"],
            "no Kafka answers",
        ),
    ],
)
def test_what_cannot_be_is_said_in_one_line(arguments: list[str], said: str) -> None:
    """One line on stderr that says what to do, exit code 1, no traceback."""
    done = run(*arguments)

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_live_stream_reaches_a_real_broker(broker: EmbeddedBroker, tmp_path: Path) -> None:
    """Payments land in `transactions` under the prefix, in number and by partition, and the truth names them."""
    from aiokafka import AIOKafkaConsumer, TopicPartition  # noqa: PLC0415
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # noqa: PLC0415
    from aiokafka.partitioner import murmur2  # noqa: PLC0415

    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("sim.transactions", 3, 1)])
    await admin.close()
    truth = tmp_path / "truth.jsonl"
    done = run(
        "stream",
        "--rate",
        300,
        "--seconds",
        2,
        "--people",
        1000,
        "--bootstrap",
        broker.bootstrap,
        "--prefix",
        "sim.",
        "--truth",
        truth,
    )
    assert done.returncode == 0, done.stderr
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign([TopicPartition("sim.transactions", partition) for partition in range(3)])
    sent: list[tuple[int, Any]] = []
    while len(sent) < 600:
        for place, batch in (await consumer.getmany(timeout_ms=1000)).items():
            sent += [(place.partition, record) for record in batch]
    await consumer.stop()

    assert len(sent) == 600
    assert all((murmur2(record.key) & 0x7FFFFFFF) % 3 == partition for partition, record in sent)
    assert {json.loads(line)["transaction_id"] for line in truth.read_bytes().splitlines()} == {
        json.loads(record.value)["transaction_id"] for _, record in sent
    }


def test_a_missing_topic_is_named(broker: EmbeddedBroker) -> None:
    """The message says which topic, and who creates it."""
    done = run(
        "stream", "--rate", 10, "--seconds", 1, "--people", 500, "--bootstrap", broker.bootstrap, "--prefix", "none."
    )

    assert done.returncode == 1
    assert "the topic none.transactions does not exist" in done.stderr


def test_a_history_is_described_and_drawn(tmp_path: Path) -> None:
    """One line per fraud on stdout, two pictures in the folder, the same bytes each time."""
    run("history", "--out", tmp_path / "h.csv", "--transactions", 3000, "--days", 20)
    done = run("describe", "--history", tmp_path / "h.csv", "--pictures", tmp_path / "one")
    run("describe", "--history", tmp_path / "h.csv", "--pictures", tmp_path / "two")
    names = [line.split("|")[1].strip() for line in done.stdout.splitlines()[2:]]

    assert names == ["(honest)", *(fraud.name for fraud in FRAUDS)]
    for picture in ("simulator-life.png", "simulator-frauds.png"):
        assert (tmp_path / "one" / picture).read_bytes() == (tmp_path / "two" / picture).read_bytes()
