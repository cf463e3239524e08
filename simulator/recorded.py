"""A history file, read for streaming: its payments and verdicts as Kafka records in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from simulator.faults import Faults, spoil_value
from simulator.reading import REQUIRED, History
from simulator.records import LABELS, TRANSACTIONS, Records, json_values, keys_and_hashes, merge_order, truth_lines
from simulator.table import TRANSACTION_COLUMNS, time_strings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.dice import Dice, Ints

_BLOCK = 32_768


@dataclass(frozen=True, slots=True)
class Replay:
    """How a history is sent: `rate` a second (0: unpaced); `start_ms` None keeps its times, else all happens now."""

    rate: float
    start_ms: int | None
    labels: bool
    faults: Faults
    dice: Dice


@dataclass(frozen=True, slots=True)
class _Order:
    """Which row of the history is which record: its topic, when it is due, and when each payment is sent."""

    row: Ints
    topic: Ints
    due_ms: Ints
    sent_ms: Ints


def recorded_records(history: History, how: Replay) -> Iterator[Records]:
    """Yield a history's records in blocks: payments in order, each verdict when its label time has come."""
    order = _order(history, how)
    for start in range(0, len(order.row), _BLOCK):
        yield _block(history, how, order, slice(start, start + _BLOCK))


def _order(history: History, how: Replay) -> _Order:
    last = history.arrival_ms[-1] if len(history) else 0
    verdicts = np.flatnonzero(history.labelled & (history.label_ms <= last) & how.labels)
    payments = np.arange(len(history), dtype=np.int64)
    order = merge_order(history.label_ms[verdicts], history.arrival_ms)
    row = np.concatenate([verdicts, payments])[order]
    topic = np.where(order < len(verdicts), LABELS, TRANSACTIONS)
    is_payment = topic == TRANSACTIONS
    slot = np.cumsum(is_payment) - is_payment
    due_ms = (slot * 1000 / how.rate).astype(np.int64) if how.rate else np.zeros(len(slot), dtype=np.int64)
    sent_ms = np.zeros(len(history), dtype=np.int64)
    sent_ms[row[is_payment]] = due_ms[is_payment]
    return _Order(row, topic, due_ms, sent_ms)


def _block(history: History, how: Replay, order: _Order, part: slice) -> Records:
    row, topic, due_ms = order.row[part], order.topic[part], order.due_ms[part]
    frame = history.frame[row]
    event_time, label_ms = frame["event_time"].cast(pl.String), history.label_ms[row]
    stamp: list[int] | None = np.where(topic == LABELS, label_ms, history.arrival_ms[row]).tolist()
    if how.start_ms is not None:
        event_time = time_strings(how.start_ms + order.sent_ms[row])
        label_ms, stamp = how.start_ms + due_ms, None
    frame = frame.with_columns(event_time.alias("event_time"), time_strings(label_ms).alias("label_time"))
    keys, hashes = keys_and_hashes(frame["payer_vpa"].cast(pl.String))
    payment = np.flatnonzero(topic == TRANSACTIONS)
    told = payment[~history.repeat[row[payment]]]
    fraud = np.zeros(len(row), dtype=np.bool_)
    fraud[told] = (frame["is_fraud"][told] == 1).fill_null(value=False).to_numpy()
    return Records(
        topic=topic.tolist(),
        key=keys,
        hash=hashes,
        value=_values(frame, topic, how.faults.spoiled(how.dice, row)),
        due_ms=due_ms,
        stamp_ms=stamp,
        truth=_truth(frame, told),
        fraud=fraud,
    )


def _values(frame: pl.DataFrame, topic: Ints, ways: Ints) -> list[bytes]:
    """Return the JSON of each record, a payment's or a verdict's, payments broken in the given ways."""
    payment, verdict = np.flatnonzero(topic == TRANSACTIONS), np.flatnonzero(topic == LABELS)
    columns = [column for column in TRANSACTION_COLUMNS if column in frame.columns]
    payments = json_values(frame[payment].select(*columns, pl.lit("INR").alias("currency")))
    sound = [spoil_value(value, way) for value, way in zip(payments, ways[payment].tolist(), strict=True)]
    found = pl.col("is_fraud").cast(pl.Boolean)
    verdicts = json_values(frame[verdict].select(*REQUIRED, found, "label_time", pl.lit("bank").alias("source")))
    values = sound + verdicts
    place = np.argsort(np.concatenate([payment, verdict]), kind="stable")
    return [values[index] for index in place.tolist()]


def _truth(frame: pl.DataFrame, told: Ints) -> list[bytes]:
    kind = frame["fraud_type"] if "fraud_type" in frame.columns else pl.Series([None] * len(frame), dtype=pl.String)
    lines = [b""] * len(frame)
    made = truth_lines(
        frame["transaction_id"][told].cast(pl.String), frame["is_fraud"][told], kind[told].cast(pl.String)
    )
    for index, line in zip(told.tolist(), made, strict=True):
        lines[index] = line
    return lines
