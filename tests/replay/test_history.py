"""A history reads the same from each kind of file, in event-time order, and says which row is wrong."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import polars as pl
import pytest

from features.errors import HistoryError
from features.transaction import Transaction
from replay import files, sorting
from replay.history import LABEL_DELAY_MS, read_history

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS: dict[str, list[object]] = {
    "transaction_id": ["b", "a", "c"],
    "event_time": ["2026-01-01T00:00:01Z", "2026-01-01T05:30:00.500+05:30", "2026-01-01T00:00:01Z"],
    "payer_vpa": ["Ravi@OkAxis", "meena@ybl", "ravi@okaxis"],
    "payee_vpa": ["shop@ybl", "shop@ybl", "x@ybl"],
    "amount": [10.1, 250.0, 0.29],
    "mcc": ["742", None, "5411"],
    "is_fraud": [0, 1, None],
}
T0_MS = 1_767_225_600_000


def write(path: Path, columns: dict[str, list[object]]) -> Path:
    """Write a frame in the form that the name asks for."""
    frame = pl.DataFrame(columns)
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_ndjson(path)
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_every_kind_of_file_reads_the_same(tmp_path: Path, suffix: str) -> None:
    """Rows come by event time; equal times keep the file's order."""
    rows = list(read_history(write(tmp_path / f"h{suffix}", COLUMNS)))

    expected = [
        Transaction("a", T0_MS + 500, 25_000, "meena@ybl", "shop@ybl"),
        Transaction("b", T0_MS + 1_000, 1_010, "ravi@okaxis", "shop@ybl", mcc="0742"),
        Transaction("c", T0_MS + 1_000, 29, "ravi@okaxis", "x@ybl", mcc="5411"),
    ]
    assert expected == [row.transaction for row in rows]
    assert [row.is_fraud for row in rows] == [True, False, None]
    assert [row.label_time_ms for row in rows] == [T0_MS + 500 + LABEL_DELAY_MS, T0_MS + 1_000 + LABEL_DELAY_MS, None]


def test_five_columns_are_enough(tmp_path: Path) -> None:
    """Without labels nothing is known of fraud; epoch milliseconds are times too."""
    columns = {name: COLUMNS[name] for name in ("transaction_id", "payer_vpa", "payee_vpa", "amount")}
    rows = list(read_history(write(tmp_path / "h.csv", {**columns, "event_time": [3, 1, 2]})))

    assert [row.transaction.event_time_ms for row in rows] == [1, 2, 3]
    assert [row.is_fraud for row in rows] == [None] * 3


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("amount", -1.0),
        ("amount", 1.005),
        ("payer_vpa", "no handle"),
        ("event_time", "yesterday"),
        ("event_time", "2025-01-01 12:00:00"),
        ("event_time", "1735689600"),
        ("transaction_id", ""),
        ("is_fraud", 7),
    ],
)
def test_a_bad_row_is_named_or_set_aside(tmp_path: Path, column: str, value: object) -> None:
    """The message says which row and what was needed."""
    columns = {name: list(values) for name, values in COLUMNS.items()}
    columns[column][1] = value
    path = write(tmp_path / "h.parquet", columns)

    with pytest.raises(HistoryError, match="row 2"):
        list(read_history(path))
    bad: list[tuple[int, str]] = []
    assert [r.transaction.transaction_id for r in read_history(path, on_bad_row=lambda *w: bad.append(w))] == ["b", "c"]
    assert [number for number, _ in bad] == [2]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """The message lists what is needed and what is missing."""
    columns = {name: COLUMNS[name] for name in ("transaction_id", "event_time", "payer_vpa")}
    with pytest.raises(HistoryError, match="none named payee_vpa, amount"):
        list(read_history(write(tmp_path / "h.csv", columns)))


def test_a_file_larger_than_a_sorted_run_comes_in_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs on disk, merged, give what a sort of the whole would; equal times keep the file's order."""
    draw = random.Random(4)
    count = 1_000
    times = [T0_MS + draw.randrange(50) for _ in range(count)]
    columns: dict[str, list[object]] = {
        "transaction_id": [f"t{number}" for number in range(count)],
        "event_time": list(times),
        "payer_vpa": ["a@x"] * count,
        "payee_vpa": ["b@y"] * count,
        "amount": [1.5] * count,
        "is_fraud": [draw.choice([0, 1, None]) for _ in range(count)],
    }
    whole = [read_history(write(tmp_path / f"h{suffix}", columns)) for suffix in (".parquet", ".csv", ".jsonl")]
    expected = [list(rows) for rows in whole]
    monkeypatch.setattr(files, "BLOCK_ROWS", 64)
    monkeypatch.setattr(sorting, "RUN_ROWS", 200)
    monkeypatch.setattr(sorting, "_BLOCK_ROWS", 7)

    for suffix, rows in zip((".parquet", ".csv", ".jsonl"), expected, strict=True):
        assert rows == list(read_history(tmp_path / f"h{suffix}"))
        assert rows == sorted(rows, key=lambda row: row.transaction.event_time_ms)
        assert [row.transaction.transaction_id for row in rows] == [
            f"t{at}" for at in sorted(range(count), key=times.__getitem__)
        ]


def test_a_field_that_only_later_blocks_have_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON Lines may name a field late; its type may even differ from block to block."""
    monkeypatch.setattr(files, "BLOCK_ROWS", 1)
    parties = '"payer_vpa":"a@x","payee_vpa":"b@y"'
    first_line = f'{{"transaction_id":"a","event_time":1000,{parties},"amount":1}}'
    second_line = f'{{"transaction_id":"b","event_time":"1970-01-01T00:00:02Z",{parties},"amount":"2.50","mcc":742,'
    (tmp_path / "h.jsonl").write_text(f'{first_line}\n{second_line}"is_fraud":true}}')

    first, second = read_history(tmp_path / "h.jsonl")

    assert (first.transaction.mcc, first.is_fraud) == (None, None)
    assert second.transaction == Transaction("b", 2000, 250, "a@x", "b@y", mcc="0742")
    assert second.is_fraud is True


def test_bad_rows_keep_their_numbers_in_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row's number counts from the file's beginning, not from its block's."""
    monkeypatch.setattr(files, "BLOCK_ROWS", 2)
    columns = COLUMNS | {"amount": [10.1, 250.0, -1.0]}
    found: list[int] = []

    rows = list(read_history(write(tmp_path / "h.parquet", columns), on_bad_row=lambda row, _: found.append(row)))

    assert found == [3]
    assert len(rows) == 2
