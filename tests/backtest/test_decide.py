"""A backtest decides as live: the same rows, scores and alerts as the plain functions, one payment at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from aiokafka.partitioner import murmur2

from backtest import reading
from backtest.decide import Block, Decider
from backtest.plan import Plan
from budget.candidates import CandidateFilter
from budget.threshold import BudgetState
from features.clock import DAY_MS, ist_day, ist_minute
from replay.engine import Replay
from replay.history import read_history
from replay.verdicts import interleave_verdicts

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from models.scoring import Scorer

RATE_PPM = 20_000
PARTITIONS = 3
START_MS = 20_089 * DAY_MS


def decided(blocks: list[Block]) -> list[tuple[Any, ...]]:
    """Return what was decided, payment by payment, NaN as a word."""
    return [
        (row.transaction.transaction_id, np.nan_to_num(features, nan=-7.5).tolist(), score, bool(alerted))
        for block in blocks
        for row, features, score, alerted in zip(block.rows, block.features, block.scores, block.alerted, strict=True)
    ]


def one_by_one(path: Path, scorer: Scorer) -> list[tuple[Any, ...]]:
    """Decide a history without blocks, batches or arrays."""
    filters = [CandidateFilter(RATE_PPM) for _ in range(PARTITIONS)]
    budget = BudgetState(RATE_PPM)
    found = []
    for txn, features, score in Replay().decisions(interleave_verdicts(read_history(path)), scorer):
        partition = (murmur2(txn.payee_vpa.encode()) & 0x7FFFFFFF) % PARTITIONS
        may_alert = filters[partition].consider(score.bucket)
        counted = (ist_day(txn.event_time_ms), score.bucket, may_alert)
        alerted = budget.observe(*counted, ist_minute(txn.event_time_ms)) if may_alert else budget.observe(*counted)
        found.append((txn.transaction_id, np.nan_to_num(features, nan=-7.5).tolist(), score, alerted))
    return found


def run(path: Path, scorer: Scorer, **options: Any) -> list[Block]:
    """Return the blocks of a plan."""
    return list(Decider(Plan(path, rate_ppm=RATE_PPM, partitions=PARTITIONS, **options), scorer).blocks())


def test_a_backtest_decides_what_the_stages_decide_one_by_one(
    history: Path, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows, scores and alerts are those of the plain functions, however the blocks are cut."""
    monkeypatch.setattr(reading, "BATCH_RECORDS", 777)

    got = decided(run(history, scorer))

    assert got == one_by_one(history, scorer)
    assert any(alerted for *_, alerted in got)


def test_what_comes_before_from_only_warms_the_tables(history: Path, scorer: Scorer) -> None:
    """Rows from `since` on are those of the whole replay; the budget begins with them."""
    since_ms = START_MS + 4 * DAY_MS
    whole = {entry[0]: entry[1:3] for entry in decided(run(history, scorer))}

    blocks = run(history, scorer, since_ms=since_ms)

    assert all(row.transaction.event_time_ms >= since_ms for block in blocks for row in block.rows)
    assert all(whole[entry[0]] == entry[1:3] for entry in decided(blocks))
    cold = decided(run(history, scorer, since_ms=since_ms, warm=False))
    assert any(whole[entry[0]] != entry[1:3] for entry in cold)


def test_nothing_from_until_on_is_seen(history: Path, scorer: Scorer) -> None:
    """What is decided before `until` does not depend on what comes after it."""
    until_ms = START_MS + 3 * DAY_MS
    whole = decided(run(history, scorer))

    got = decided(run(history, scorer, until_ms=until_ms))

    assert whole[: len(got)] == got
    assert 0 < len(got) < len(whole)


def test_a_verdict_is_a_feature_only_once_it_is_known(history: Path, scorer: Scorer, tmp_path: Path) -> None:
    """Turning every label that becomes known after the last payment changes no decision."""
    frame = pl.read_parquet(history)
    last = frame["event_time"].max()
    turned = frame.with_columns(
        pl.when(pl.col("label_time") > last)
        .then(1 - pl.col("is_fraud"))
        .otherwise(pl.col("is_fraud"))
        .alias("is_fraud")
    )
    turned.write_parquet(tmp_path / "turned.parquet")
    assert (turned["is_fraud"] != frame["is_fraud"]).any()

    assert decided(run(tmp_path / "turned.parquet", scorer)) == decided(run(history, scorer))


def test_no_day_holds_more_alerts_than_its_share_at_any_moment(history: Path, scorer: Scorer) -> None:
    """At most floor(rate x seen) alerts after every payment of every day."""
    seen: dict[int, int] = {}
    alerts: dict[int, int] = {}
    for block in run(history, scorer):
        for day, alerted in zip(block.days.tolist(), block.alerted.tolist(), strict=True):
            seen[day] = seen.get(day, 0) + 1
            alerts[day] = alerts.get(day, 0) + alerted
            assert alerts[day] <= RATE_PPM * seen[day] // 1_000_000
    assert sum(alerts.values()) > 10
