"""Makes a history's rows of live records: payments in an order that keeps each payer partition's, verdicts on the way.

A verdict is written with the next payment's row, in `verdicts`, since a history has one row per payment; what verdicts
say of a payment at last stands in its own `is_fraud` and `label_time`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from features.clock import format_event_time
from features.transaction import Transaction, Verdict
from replay.history import OPTIONAL
from replay.recorded import PLACE_COLUMNS, PlacedVerdict

if TYPE_CHECKING:
    from app.export.places import Places
    from app.export.survey import Entry, Survey

SCHEMA: dict[str, pl.DataType] = {
    "transaction_id": pl.String(),
    "event_time": pl.String(),
    "payer_vpa": pl.String(),
    "payee_vpa": pl.String(),
    "amount": pl.Float64(),
    **{name: pl.String() for name in OPTIONAL},
    "is_fraud": pl.Int8(),
    "label_time": pl.String(),
    **PLACE_COLUMNS,
}

Row = dict[str, Any]


class Rows:
    """Takes entries in their merged order, gives rows; one row is held back, for verdicts that follow the last."""

    def __init__(self, found: Survey, places: Places) -> None:
        self._found = found
        self._places = places
        self._verdicts: list[Row] = []
        self._held: Row | None = None

    def take(self, entry: Entry) -> Row | None:
        """Return the row that is now whole, if one is."""
        self._verdicts += map(_overdue, self._places.overdue.before(entry.partition, entry.offset))
        at = entry.offset - self._found.first[entry.partition]
        if not self._found.kinds[entry.partition][at] or self._places.was_dropped(entry.partition, entry.offset):
            return None
        if isinstance(entry.content, Verdict):
            self._verdicts.append(_verdict(entry.content) | self._place(entry, at))
            return None
        whole, self._held = self._held, self._row(entry, entry.content, at)
        self._verdicts = []
        return None if whole is None else _closed(whole)

    def finish(self) -> Row | None:
        """Return the last row, with the verdicts that came after it; None if there was no payment."""
        if self._held is None:
            return None
        rest = [_overdue(one) for one in self._places.overdue.rest()]
        self._held["verdicts"] = self._held["verdicts"] + self._verdicts + rest
        return _closed(self._held)

    def _place(self, entry: Entry, at: int) -> Row:
        return {
            "payer_partition": entry.partition,
            "payer_offset": entry.offset,
            "payee_partition": int(self._places.payee_partition[entry.partition][at]),
            "payee_order": int(self._places.payee_order[entry.partition][at]),
        }

    def _row(self, entry: Entry, txn: Transaction, at: int) -> Row:
        is_fraud, label_ms = self._found.verdicts.get((txn.payer_vpa, txn.transaction_id), (None, None))
        return {
            "transaction_id": txn.transaction_id,
            "event_time": format_event_time(txn.event_time_ms),
            "payer_vpa": txn.payer_vpa,
            "payee_vpa": txn.payee_vpa,
            "amount": txn.amount_paise / 100,
            **{name: getattr(txn, name) for name in OPTIONAL},
            "is_fraud": None if is_fraud is None else int(is_fraud),
            "label_time": None if label_ms is None else format_event_time(label_ms),
            **self._place(entry, at),
            "debit_partition": int(self._places.debit_partition[entry.partition][at]),
            "debit_order": int(self._places.debit_order[entry.partition][at]),
            "budget_order": int(self._places.budget_order[entry.partition][at]),
            "recorded_at": entry.timestamp_ms,
            "late": entry.late,
            "verdicts": self._verdicts,
        }


def _overdue(placed: PlacedVerdict) -> Row:
    """Return an overdue verdict with its place."""
    place = placed._asdict()
    return _verdict(place.pop("verdict")) | place


def _verdict(verdict: Verdict) -> Row:
    return {
        "transaction_id": verdict.transaction_id,
        "payer_vpa": verdict.payer_vpa,
        "payee_vpa": verdict.payee_vpa,
        "event_time": verdict.event_time_ms,
        "amount_paise": verdict.amount_paise,
        "is_fraud": verdict.is_fraud,
        "label_time": verdict.label_time_ms,
        "source": verdict.source,
    }


def _closed(row: Row) -> Row:
    row["verdicts"] = msgspec.json.encode(row["verdicts"]).decode() if row["verdicts"] else None
    return row
