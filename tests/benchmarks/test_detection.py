"""Detection benchmarks: data as described, hand-made features and measures as a plain count has them."""

from __future__ import annotations

import polars as pl
import pytest

from benchmarks.detection import accounts, baseline, handbook, measure
from benchmarks.detection.history import DELAY_MS, SETS, Set, write
from benchmarks.detection.seeds import seeds_table
from features.clock import DAY_MS

START_MS = handbook.START_MS
DAY_SECONDS = 86_400


@pytest.fixture(scope="module")
def cards() -> pl.DataFrame:
    """Make a small Handbook world."""
    return handbook.make(3, customers=120, terminals=250, days=50)


@pytest.fixture(scope="module")
def history(cards: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Write it as a history, its frauds made frequent enough to count."""
    small = Set(lambda _: cards, START_MS, "c{}@card", "t{}@pos", SETS["handbook"].kinds)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SETS, "small", small)
        return write("small", tmp_path_factory.mktemp("set") / "h.parquet", 3)


def test_the_same_seed_makes_the_same_payments() -> None:
    """Of both worlds."""
    assert handbook.make(1, customers=30, terminals=60, days=9).equals(
        handbook.make(1, customers=30, terminals=60, days=9)
    )
    assert accounts.make(1, accounts=300, days=40).equals(accounts.make(1, accounts=300, days=40))


def test_cards_have_the_handbooks_three_frauds(cards: pl.DataFrame) -> None:
    """Large amounts always, compromised terminals all day, stolen credentials now and then."""
    kinds = dict(cards.group_by("scenario").len().iter_rows())
    large = cards.filter((pl.col("amount") > 220) & (pl.col("is_fraud") == 0))

    assert set(kinds) >= {0, 2, 3}
    assert len(large) == 0
    assert cards["seconds"].is_sorted()


def test_rings_move_money_in_patterns_within_a_month() -> None:
    """Fan-in has one payee, fan-out one payer, a cycle comes back; nobody is hit by chance alone."""
    frame = accounts.make(2, accounts=2_000, days=90)
    share = frame["is_fraud"].mean()

    assert frame["seconds"].is_sorted()
    assert set(frame["scenario"].unique()) == {0, 1, 2, 3, 4, 5, 6}
    assert frame.filter(pl.col("payer") == pl.col("payee")).is_empty()
    assert isinstance(share, float)
    assert 0.005 < share < 0.3
    edges = accounts._cycle([1, 2, 3], 100.0)
    assert [(payer, payee) for payer, payee, _ in edges] == [(1, 2), (2, 3), (3, 1)]
    assert accounts._fan_in([1, 2, 3], 5.0) == [(2, 1, 5.0), (3, 1, 5.0)]


def test_hand_made_features_are_a_plain_count(history: pl.DataFrame) -> None:
    """Windows include the payment itself; shares of fraud are of payments a week old and older."""
    frame = baseline.with_features(history)
    for at in (50, 900, len(history) - 1):
        row = frame.row(at, named=True)
        before = list(history.head(at + 1).iter_rows(named=True))
        mine = [one for one in before if one["payer_vpa"] == row["payer_vpa"]]
        week = [one for one in mine if one["event_time"] > row["event_time"] - 7 * DAY_MS]
        theirs = [one for one in before if one["payee_vpa"] == row["payee_vpa"]]
        since, until = row["event_time"] - 37 * DAY_MS, row["event_time"] - 7 * DAY_MS
        judged = [one for one in theirs if since < one["event_time"] <= until]

        assert row["payer_count_7"] == len(week)
        assert row["payer_mean_7"] == pytest.approx(sum(one["amount"] for one in week) / len(week))
        assert row["payee_judged_30"] == len(judged)
        frauds = sum(one["is_fraud"] for one in judged)
        assert row["payee_risk_30"] == pytest.approx(frauds / len(judged) if judged else 0.0)


def test_known_victims_leave_the_test_set_on_the_day_after(history: pl.DataFrame) -> None:
    """From the day that begins after their first verdict."""
    kept = measure.without_known(history, history, START_MS, DELAY_MS)
    first = dict(
        history.filter(pl.col("is_fraud") == 1).group_by("payer_vpa").agg(pl.col("event_time").min()).iter_rows()
    )
    for one in kept.iter_rows(named=True):
        day_ms = START_MS + (one["event_time"] - START_MS) // DAY_MS * DAY_MS
        known_ms = first.get(one["payer_vpa"])
        assert known_ms is None or known_ms + DELAY_MS > day_ms
    assert 0 < len(kept) < len(history)


def test_precision_at_the_top_is_a_plain_count() -> None:
    """150 payments a day, of which the highest 100 are looked at; a payer found once is not found again."""
    day = pl.DataFrame(
        {
            "event_time": [START_MS + at for at in range(150)],
            "payer_vpa": [f"c{at // 2}" for at in range(150)],
            "is_fraud": [int(at < 30) for at in range(150)],
            "score": [float(150 - at) for at in range(150)],
        }
    )
    frame = pl.concat([day, day.with_columns(pl.col("event_time") + DAY_MS)])
    found = measure.measure(frame, "score")

    assert (found["precision_100"], found["precision_100_ceiling"]) == (0.3, 0.3)
    assert (found["card_precision_100"], found["card_precision_100_ceiling"]) == (0.075, 0.075)
    assert found["auc"] == 1.0


def test_a_history_has_five_columns_and_verdicts_a_week_later(history: pl.DataFrame) -> None:
    """And what kind of fraud it is, which only reports read."""
    assert history.columns[:5] == ["transaction_id", "event_time", "payer_vpa", "payee_vpa", "amount"]
    assert ((history["label_time"] - history["event_time"]) == DELAY_MS).all()
    assert history["fraud_type"].is_null().sum() == (history["is_fraud"] == 0).sum()


def test_frauds_at_payees_of_which_nothing_was_known_are_ranked_apart() -> None:
    """Two of three frauds: one first, the other last of four honest payments; the third, announced, is above all."""
    test = pl.DataFrame(
        {
            "event_time": [START_MS] * 7,
            "payee_vpa": ["a", "b", "c", "d", "e", "f", "g"],
            "is_fraud": [1, 1, 1, 0, 0, 0, 0],
            "fraud_type": ["takeover"] * 3 + [None] * 4,
            "payee_risk_30": [0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0],
            "score": [0.8, 0.1, 0.9, 0.2, 0.3, 0.4, 0.5],
        }
    )
    found = measure.per_scenario(test, "score", rate=0.5)["takeover"]

    assert found["frauds"] == 3
    assert found["recall"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["auc"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["unknown"] == {"frauds": 2, "payees": 2, "auc": 0.5}


def test_worlds_stand_one_a_line_above_their_mean() -> None:
    """Each figure of each ranking, and what nothing announces where the data have such frauds."""

    def world(seed: int, auc: float) -> dict[str, object]:
        ranked = {"auc": auc, "average_precision": 0.7, "card_precision_100": 0.3}
        kinds = {"compromised terminal": {"unknown": {"auc": auc - 0.4, "frauds": 2 * seed}}}
        part = {"frauds": 10 * seed, "rankings": {"ours": ranked}, "kinds": {"ours": kinds}}
        return {"seed": seed, "spans": {"all": part}}

    lines = seeds_table([world(1, 0.9), world(2, 0.8)]).splitlines()

    assert lines[0] == "Each cell: ours."
    assert lines[-3:] == [
        "| seed 1 | 10 | 0.900 | 0.700 | 0.300 | 0.500 | 1.000 |",
        "| seed 2 | 20 | 0.800 | 0.700 | 0.300 | 0.400 | 0.900 |",
        "| mean | 15 | 0.850 | 0.700 | 0.300 | 0.450 | 0.950 |",
    ]
