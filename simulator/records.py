"""Kafka records prepared ahead of their time: all bytes are made in bulk, so that sending is nothing but appending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from simulator.murmur import murmur2_positive

if TYPE_CHECKING:
    from simulator.dice import Bools, Ints

TRANSACTIONS, LABELS = range(2)
TOPICS = ("transactions", "labels")


@dataclass(frozen=True, slots=True)
class Records:
    """Records in sending order. `topic` indexes TOPICS; `hash` is murmur2 of the key; `due_ms` counts from the start.

    `stamp_ms` is the Kafka timestamp, None for "when it is sent". `truth` holds a JSON line for each payment's first
    record, nothing for the others; `fraud` marks the same records of frauds.
    """

    topic: list[int]
    key: list[bytes]
    hash: list[int]
    value: list[bytes]
    due_ms: Ints
    stamp_ms: list[int] | None
    truth: list[bytes]
    fraud: Bools

    def __len__(self) -> int:
        return len(self.key)


def json_values(frame: pl.DataFrame) -> list[bytes]:
    """Return one JSON object per row, keys in column order.

    >>> json_values(pl.DataFrame({"a": ["x"], "b": [1.5]}))
    [b'{"a":"x","b":1.5}']
    """
    return frame.select(pl.struct(pl.all()).struct.json_encode().cast(pl.Binary)).to_series().to_list()


def keys_and_hashes(payer_vpa: pl.Series) -> tuple[list[bytes], list[int]]:
    """Return each payer's record key and its murmur2 without the sign bit."""
    lowered = payer_vpa.fill_null("").str.to_lowercase()
    distinct = lowered.unique()
    hashes = dict(zip(distinct.to_list(), murmur2_positive(distinct.cast(pl.Binary).to_list()).tolist(), strict=True))
    return lowered.cast(pl.Binary).to_list(), [hashes[vpa] for vpa in lowered.to_list()]


def truth_lines(transaction_id: pl.Series, is_fraud: pl.Series, fraud_type: pl.Series) -> list[bytes]:
    """Return a line of JSON per payment that says whether it is a fraud, for whoever judges the detection."""
    frame = pl.DataFrame({"transaction_id": transaction_id, "is_fraud": is_fraud, "fraud_type": fraud_type})
    return [line + b"\n" for line in json_values(frame.with_columns(pl.col("is_fraud").cast(pl.Int8)))]


def merge_order(*times_ms: Ints) -> Ints:
    """Return the order of all given times together, earlier arguments first where times are equal.

    >>> merge_order(np.array([5, 9]), np.array([1, 5])).tolist()
    [2, 0, 3, 1]
    """
    return np.argsort(np.concatenate(times_ms), kind="stable")
