"""The recorded order: where each payment and verdict of an export stood in the logs, and how it is read back.

`python -m app.export` writes these columns behind those of a history. Rows of one payer partition come in the order of
`payer_offset`; `payee_order` counts payments, verdicts and debits of a payee partition from 0, `budget_order` the
decisions of the deployment from 0. A debit is the payment as its payer's own account knows it, in `debit_partition` at
`debit_order`. What has no place (-1) had lost it: it is folded where it stands and not decided. `verdicts`
holds, as JSON, the verdicts that came between the row before and this one, with their places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import polars as pl

from features.transaction import Verdict
from replay.files import read_blocks
from replay.history import HistoryRow, history_row, read_frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLACE_COLUMNS: dict[str, pl.DataType] = {
    "payer_partition": pl.Int32(),
    "payer_offset": pl.Int64(),
    "payee_partition": pl.Int32(),
    "payee_order": pl.Int64(),
    "debit_partition": pl.Int32(),
    "debit_order": pl.Int64(),
    "budget_order": pl.Int64(),
    "recorded_at": pl.Int64(),
    "late": pl.Boolean(),
    "verdicts": pl.String(),
}
NO_PLACE = -1


class Place(NamedTuple):
    """Where a payment stood; -1 for a place that is not known. `late`: decided, but outside the budget."""

    payer_partition: int
    payer_offset: int
    payee_partition: int
    payee_order: int
    debit_partition: int
    debit_order: int
    budget_order: int
    recorded_at_ms: int
    late: bool


class PlacedVerdict(NamedTuple):
    """A verdict and where it stood."""

    verdict: Verdict
    payer_partition: int
    payer_offset: int
    payee_partition: int
    payee_order: int


class RecordedRow(NamedTuple):
    """A payment, its place, and the verdicts that came before it and after the row before."""

    row: HistoryRow
    place: Place
    verdicts: tuple[PlacedVerdict, ...]


class _WrittenVerdict(msgspec.Struct):
    transaction_id: str
    payer_vpa: str
    payee_vpa: str
    event_time: int
    amount_paise: int
    is_fraud: bool
    label_time: int
    source: str
    payer_partition: int
    payer_offset: int
    payee_partition: int
    payee_order: int


_verdicts = msgspec.json.Decoder(list[_WrittenVerdict])


def has_recorded_order(path: Path) -> bool:
    """Tell whether a history file carries the recorded order."""
    return set(PLACE_COLUMNS) <= set(next(read_blocks(path), pl.DataFrame()).columns)


def read_recorded(path: Path) -> Iterator[RecordedRow]:
    """Yield an export's rows in the order they are written; raises `HistoryError` for a row that is no payment."""
    for frame in read_frames(path, further=PLACE_COLUMNS):
        for fields in frame.iter_rows():
            *place, written = fields[-len(PLACE_COLUMNS) :]
            yield RecordedRow(history_row(fields), Place(*place), _read_verdicts(written) if written else ())


def _read_verdicts(written: str) -> tuple[PlacedVerdict, ...]:
    return tuple(
        PlacedVerdict(
            Verdict(
                *(found.transaction_id, found.event_time, found.amount_paise, found.payer_vpa, found.payee_vpa),
                *(found.is_fraud, found.label_time, found.source),
            ),
            found.payer_partition,
            found.payer_offset,
            found.payee_partition,
            found.payee_order,
        )
        for found in _verdicts.decode(written)
    )
