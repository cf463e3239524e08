"""The recorded order is read back exactly: each stage in its own log's order, however they drifted apart."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import polars as pl
import pytest

from features import payee, payer
from features.errors import HistoryError
from features.transaction import Transaction, Verdict
from replay import staged
from replay.recorded import PLACE_COLUMNS, has_recorded_order, read_recorded
from replay.staged import InOrder, StagedReplay

if TYPE_CHECKING:
    from pathlib import Path

T0_MS = 1_767_225_600_000
PAYMENTS = 400


def payments(draw: random.Random) -> list[Transaction]:
    """Return payments among few accounts, so that every order matters."""
    return [
        Transaction(
            f"t{number}",
            T0_MS + 1_000 * number,
            draw.randrange(100, 9_000),
            f"p{draw.randrange(8)}@x",
            f"p{draw.randrange(6)}@x",
            status=draw.choice((None, "SUCCESS", "FAILED")),
        )
        for number in range(PAYMENTS)
    ]


def shuffled(draw: random.Random, count: int, drift: float) -> list[int]:
    """Return positions in an order that drifts."""
    return sorted(range(count), key=lambda at: at + draw.random() * drift)


def make_export(path: Path, seed: int, drift: float) -> tuple[Path, list[Any], list[Any]]:
    """Write an export whose payee and budget orders drift; return it with both stages' records in their orders.

    The payee stage's are pairs: a record, and whether it is there as a debit.
    """
    draw = random.Random(seed)
    txns = payments(draw)
    records: list[Any] = []
    for number, txn in enumerate(txns):
        records.append(txn)
        if number % 5 == 4:
            told = txns[number - 4]
            fields = (told.transaction_id, told.event_time_ms, told.amount_paise, told.payer_vpa, told.payee_vpa)
            records.append(Verdict(*fields, True, txn.event_time_ms, "bank"))
    both = [(at, debit) for at, one in enumerate(records) for debit in (False, True) if not debit or takes(one)]
    payee_order = [both[at] for at in shuffled(draw, len(both), drift)]
    order_of: dict[tuple[int, bool], tuple[int, int]] = {}
    following = [0, 0]
    for at, debit in payee_order:
        partition = int((records[at].payer_vpa if debit else records[at].payee_vpa)[1]) % 2
        order_of[at, debit] = (partition, following[partition])
        following[partition] += 1
    decided = [at for at in shuffled(draw, len(records), drift) if isinstance(records[at], Transaction)]
    budget = {at: number for number, at in enumerate(decided)}
    rows: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    for at, record in enumerate(records):
        place = {"payer_partition": int(record.payer_vpa[1]) % 3, "payer_offset": at}
        place |= dict(zip(("payee_partition", "payee_order"), order_of[at, False], strict=True))
        if isinstance(record, Verdict):
            written = msgspec.structs.asdict(record)
            written["event_time"], written["label_time"] = written.pop("event_time_ms"), written.pop("label_time_ms")
            waiting.append(written | place)
            continue
        rows.append(
            {
                "transaction_id": record.transaction_id, "event_time": record.event_time_ms,
                "payer_vpa": record.payer_vpa, "payee_vpa": record.payee_vpa, "amount": record.amount_paise / 100,
                "status": record.status, **place,
                **dict(zip(("debit_partition", "debit_order"), order_of.get((at, True), (-1, -1)), strict=True)),
                "budget_order": budget[at], "recorded_at": record.event_time_ms, "late": False,
                "verdicts": msgspec.json.encode(waiting).decode() if waiting else None,
            }
        )  # fmt: skip
        waiting = []
    if waiting:
        last = msgspec.json.decode(rows[-1]["verdicts"] or "[]")
        rows[-1]["verdicts"] = msgspec.json.encode(last + waiting).decode()
    pl.DataFrame(rows, schema_overrides=PLACE_COLUMNS).write_parquet(path)
    return path, [(record, False) for record in records], [(records[at], debit) for at, debit in payee_order]


def takes(record: Transaction | Verdict) -> bool:
    """Tell whether there is a debit of a record."""
    return isinstance(record, Transaction) and record.status != "FAILED"


def naive(by_payer: list[Any], by_payee: list[Any]) -> dict[str, list[float]]:
    """Fold each side alone, in its order."""
    rows: dict[str, list[float]] = {}
    for records, side, key in ((by_payer, payer, "payer_vpa"), (by_payee, payee, "payee_vpa")):
        states: dict[str, Any] = {}
        for record, debit in records:
            account = record.payer_vpa if debit else getattr(record, key)
            state = states.get(account) or side.empty()
            if debit:
                states[account] = payee.fold_debit(state, record)
            elif isinstance(record, Verdict):
                states[account] = side.fold_verdict(state, record)
            else:
                rows.setdefault(record.transaction_id, []).extend(side.read(state, record))
                states[account] = side.fold(state, record)
    return rows


@pytest.mark.parametrize("drift", [0, 3, 200])
def test_each_side_is_folded_in_its_own_order(tmp_path: Path, drift: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far the payee's log drifted from the payer's, rows are those of folding each side alone."""
    monkeypatch.setattr(staged, "BATCH_ROWS", 64)
    path, by_payer, by_payee = make_export(tmp_path / "e.parquet", seed=int(drift), drift=drift)
    assert has_recorded_order(path)

    got = {
        recorded.row.transaction.transaction_id: row
        for batch in StagedReplay().rows(read_recorded(path))
        for recorded, row in batch
    }

    expected = naive(by_payer, by_payee)
    assert expected.keys() == got.keys()
    for identity, row in expected.items():
        np.testing.assert_array_equal(row, got[identity], err_msg=identity)


def test_a_missing_place_is_said_and_not_passed_over(tmp_path: Path) -> None:
    """An export with a row taken out would decide otherwise than live: it is refused."""
    path, _, _ = make_export(tmp_path / "e.parquet", seed=1, drift=3)
    frame = pl.read_parquet(path)
    frame.filter(pl.int_range(pl.len()) != 100).write_parquet(path)

    with pytest.raises(HistoryError, match="export it whole"):
        list(StagedReplay().rows(read_recorded(path)))


def test_rows_out_of_their_order_are_refused(tmp_path: Path) -> None:
    """A file that was sorted otherwise has lost the payer's order."""
    path, _, _ = make_export(tmp_path / "e.parquet", seed=1, drift=3)
    pl.read_parquet(path).reverse().write_parquet(path)

    with pytest.raises(HistoryError, match="in the order of their offsets"):
        list(StagedReplay().rows(read_recorded(path)))


def test_a_line_gives_what_follows_without_a_gap() -> None:
    """Whatever order things are put in, they come out by number."""
    draw = random.Random(2)
    line: InOrder[int] = InOrder()
    out: list[int] = []
    for number in shuffled(draw, 500, 40):
        line.put(number, number)
        out += line.take()

    assert out == list(range(500))
    assert len(line) == 0
