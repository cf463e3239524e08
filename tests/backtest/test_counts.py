"""What is counted of decisions: days, groups, first alerts, worst cases, curves and intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backtest.cases import Cases
from backtest.curves import precision_recall
from backtest.days import Days
from backtest.decide import Block
from backtest.groups import Groups
from backtest.intervals import over_days, wilson
from backtest.plan import Assumptions, Plan
from backtest.run import run
from backtest.worth import exposures, money
from budget.offline import measure_regret
from features.clock import DAY_MS, HOUR_MS, ist_day
from features.transaction import Transaction
from models.scoring import Score
from replay.history import HistoryRow

if TYPE_CHECKING:
    from pathlib import Path

    from models.scoring import Scorer

T0_MS = 20_089 * DAY_MS

#: hour, payer, payee, rupees, fraud (None: unknown), alerted, bucket
Told = tuple[float, str, str, int, bool | None, bool, int]


def block(*told: Told) -> Block:
    """Return decisions as told."""
    rows = [
        HistoryRow(
            Transaction(f"t{number}", T0_MS + round(hour * HOUR_MS), rupees * 100, payer, payee),
            fraud, None, "sim_swap" if fraud else None,
        )
        for number, (hour, payer, payee, rupees, fraud, _, _) in enumerate(told)
    ]  # fmt: skip
    times = [row.transaction.event_time_ms for row in rows]
    return Block(
        rows=rows,
        places=[None] * len(rows),
        features=np.zeros((len(rows), 1)),
        scores=[Score(0.5, 30, ("R1",) if bucket > 500 else (), 50, "MEDIUM", bucket) for *_, bucket in told],
        days=np.array([ist_day(time) for time in times], np.int64),
        buckets=np.array([bucket for *_, bucket in told], np.int64),
        amounts_paise=np.array([row.transaction.amount_paise for row in rows], np.int64),
        frauds=np.array([-1 if row.is_fraud is None else row.is_fraud for row in rows], np.int8),
        alerted=np.array([alerted for *_, alerted, _ in told]),
    )


def test_a_day_counts_what_was_judged_and_what_was_not() -> None:
    """An alert without a verdict is an alert, but neither right nor wrong."""
    days = Days(rate_ppm=500_000)
    days.add(block((0, "a@x", "m@y", 10, True, True, 900), (1, "b@x", "m@y", 20, None, True, 800)))
    days.add(block((2, "c@x", "m@y", 30, False, True, 700), (30, "c@x", "n@y", 40, True, False, 100)))
    days.close()

    first, second = days.sums.values()
    assert (first.seen, first.labelled, first.frauds, first.alerts, first.caught, first.false_alarms) == (
        3,
        2,
        1,
        3,
        1,
        1,
    )
    assert (second.seen, second.frauds, second.caught, second.fraud_paise) == (1, 1, 0, 4_000)


def test_days_are_held_against_hindsight_as_a_whole(history: Path, scorer: Scorer) -> None:
    """Each day's yardsticks are those of all its payments together, whatever the blocks."""
    blocks: list[Block] = []
    outcome = run(Plan(history, rate_ppm=20_000), scorer, blocks.append)

    days = np.concatenate([part.days for part in blocks])
    buckets = np.concatenate([part.buckets for part in blocks])
    frauds = np.concatenate([part.frauds for part in blocks]) == 1
    alerted = np.concatenate([part.alerted for part in blocks])
    assert set(outcome.days.sums) == set(days.tolist())
    for day, sums in outcome.days.sums.items():
        mine = days == day
        admitted = np.flatnonzero(alerted[mine]).tolist()
        assert sums.regret == measure_regret(buckets[mine].tolist(), frauds[mine].tolist(), admitted, 20_000)
        assert sums.limit == int(mine.sum()) * 20_000 // 1_000_000


def test_what_an_account_loses_until_its_first_alert() -> None:
    """Frauds before the first alert are lost; the alerted one and what follows are not; other alerts say nothing."""
    groups = Groups()
    groups.add(
        block(
            (0, "victim@x", "mule@y", 5, False, True, 800),
            (1, "victim@x", "mule@y", 100, True, False, 100),
            (2, "victim@x", "mule@y", 200, True, False, 100),
            (5, "victim@x", "mule@y", 400, True, True, 900),
            (6, "victim@x", "mule@y", 800, True, False, 100),
            (7, "other@x", "mule2@y", 50, True, False, 100),
        )
    )

    payers = exposures(groups.payers.values())

    assert (payers["accounts"], payers["alerted"], payers["alerted_at_first_fraud"]) == (2, 1, 0)
    assert payers["hours"] == [4.0]
    assert (payers["rupees_until_alert"], payers["rupees_from_alert_on"], payers["rupees_never_alerted"]) == (
        300,
        1200,
        50,
    )


def test_money_follows_the_assumptions() -> None:
    """Saved is the stopped share of what was caught; every alert is reviewed, only false ones annoy."""
    days = Days(rate_ppm=500_000)
    days.add(block((0, "a@x", "m@y", 1_000, True, True, 900), (1, "b@x", "m@y", 20, False, True, 800)))
    days.close()

    found = money(days.sums, Assumptions(stopped_share=0.5, review_rupees=60, friction_rupees=40))

    assert found["saved_rupees"] == 500
    assert found["net_rupees"] == 500 - 2 * 60 - 40


def test_the_worst_cases_are_the_surest_alarms_and_the_largest_misses() -> None:
    """Only as many as asked for are kept, worst first, of equal ones the earlier."""
    cases = Cases(most=2)
    for hour in range(0, 12, 3):
        cases.add(
            block(
                (hour, "a@x", "m@y", 10, False, True, 600 + hour),
                (hour + 1, "b@x", "m@y", 100 * hour, True, False, 100),
                (hour + 2, "c@x", "m@y", 100 * hour, True, False, 100),
            )
        )

    assert [case.weight for case in cases.false_alarms()] == [609, 606]
    assert [(case.weight, case.row.transaction.payer_vpa) for case in cases.misses()] == [
        (90_000, "b@x"),
        (90_000, "c@x"),
    ]


def test_rules_are_counted_with_the_alerts_they_were_part_of() -> None:
    """Precision of a rule is over payments with a verdict."""
    groups = Groups()
    groups.add(block((0, "a@x", "m@y", 1, True, True, 900), (1, "a@x", "m@y", 1, None, False, 800)))

    count = groups.rules["R1"]

    assert (count.hits, count.labelled, count.frauds, count.alerts, count.caught) == (2, 1, 1, 1, 1)


def test_the_curve_is_that_of_alerting_every_bucket_from_the_best_down() -> None:
    """Against a naive count at every threshold."""
    rng = np.random.default_rng(3)
    frauds, honest = rng.integers(0, 4, 50), rng.integers(0, 9, 50)

    curve = precision_recall(frauds, honest)

    assert curve is not None
    for bucket, recall, precision in zip(curve.buckets, curve.recall, curve.precision, strict=True):
        caught = int(frauds[bucket:].sum())
        assert recall == caught / frauds.sum()
        assert precision == caught / (caught + int(honest[bucket:].sum()))
    assert precision_recall(np.zeros(5, np.int64), honest[:5]) is None


def test_intervals_cover_what_they_should() -> None:
    """Of many samples with a known share, about 95 % of the intervals hold it."""
    rng = np.random.default_rng(1)
    held = [
        low <= 0.3 <= high for low, high in (wilson(int(rng.binomial(200, 0.3)), 200) or (1, 0) for _ in range(1_000))
    ]
    assert 0.93 <= np.mean(held) <= 0.97

    held = []
    for seed in range(200):
        parts = rng.binomial(50, rng.normal(0.3, 0.05, 30).clip(0, 1)).tolist()
        low, high = over_days(parts, [50] * 30, seed) or (1, 0)
        held.append(low <= 0.3 <= high)
    assert np.mean(held) >= 0.88
