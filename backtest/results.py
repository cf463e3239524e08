"""Puts an outcome into the numbers of the JSON and the page: shares with their intervals and their ceilings.

A share is `{"value", "low", "high"}`, null where there is nothing to divide. Ceilings are what a perfect ranking could
reach: no more alerts than the limit, no more catches than frauds.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from backtest.curves import precision_recall, risk_of_bucket
from backtest.groups import band_text
from backtest.intervals import over_days, share, wilson
from backtest.worth import exposures, money, oracle
from features.clock import day_text, format_event_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backtest.days import DaySums
    from backtest.groups import Catch
    from backtest.plan import Assumptions
    from backtest.run import Outcome


def summarise(outcome: Outcome, assumptions: Assumptions) -> dict[str, Any]:
    """Return everything but the cases, in JSON's values."""
    return {
        "about": _about(outcome),
        "overall": overall(outcome.days.sums),
        "days": [{"day": day_text(day), **_day(sums)} for day, sums in outcome.days.sums.items()],
        "confusion": _confusion(outcome.days.sums),
        "precision_recall": _curve(outcome),
        "threshold": _threshold(outcome),
        "money": money(outcome.days.sums, assumptions),
        "by_type": _catches(sorted(outcome.groups.types.items(), key=lambda pair: (-pair[1].fraud_paise, pair[0]))),
        "by_value": _catches((band_text(band), catch) for band, catch in enumerate(outcome.groups.values)),
        "rules": _rules(outcome),
        "until_first_alert": {
            "payers": exposures(outcome.groups.payers.values()),
            "payees": exposures(outcome.groups.payees.values()),
        },
        "oracle": oracle(outcome.days.sums),
    }


def _about(outcome: Outcome) -> dict[str, Any]:
    plan, model = outcome.plan, outcome.scorer.model
    return {
        "history": plan.history.name,
        "model_version": None if model is None else model.version,
        "rules_version": outcome.scorer.rules.version,
        "alert_rate": plan.rate_ppm / 1_000_000,
        "partitions": plan.partitions,
        "order": "recorded" if outcome.recorded else "event time",
        "first_payment": None if outcome.first_ms is None else format_event_time(outcome.first_ms),
        "last_payment": None if outcome.last_ms is None else format_event_time(outcome.last_ms),
        "decided": outcome.decided,
        "warmed": outcome.warmed,
        "duplicates": outcome.duplicates,
        "conflicting_duplicates": outcome.conflicts,
        "bad_rows": outcome.bad_rows,
        "outside_budget": outcome.outside_budget,
    }


def overall(days: dict[int, DaySums]) -> dict[str, Any]:
    """Return the sums over all days, with intervals over days drawn anew."""
    sums = list(days.values())
    judged = [day.caught + day.false_alarms for day in sums]
    caught, frauds = [day.caught for day in sums], [day.frauds for day in sums]
    limit, alerts = sum(day.limit for day in sums), sum(day.alerts for day in sums)
    return {
        "days": len(sums),
        "seen": sum(day.seen for day in sums),
        "labelled": sum(day.labelled for day in sums),
        "frauds": sum(frauds),
        "limit": limit,
        "alerts": alerts,
        "caught": sum(caught),
        "precision": _share(sum(caught), sum(judged), over_days(caught, judged)),
        "precision_ceiling": share(sum(day.catchable for day in sums), limit),
        "recall": _share(sum(caught), sum(frauds), over_days(caught, frauds)),
        "recall_ceiling": share(sum(day.catchable for day in sums), sum(frauds)),
        "value_recall": share(sum(day.caught_paise for day in sums), sum(day.fraud_paise for day in sums)),
    }


def _day(sums: DaySums) -> dict[str, Any]:
    judged = sums.caught + sums.false_alarms
    return {
        "seen": sums.seen,
        "frauds": sums.frauds,
        "limit": sums.limit,
        "alerts": sums.alerts,
        "caught": sums.caught,
        "caught_under_limit": sums.caught_under_limit,
        "precision": _share(sums.caught, judged, wilson(sums.caught, judged)),
        "precision_ceiling": share(sums.catchable, sums.limit),
        "recall": _share(sums.caught, sums.frauds, wilson(sums.caught, sums.frauds)),
        "recall_ceiling": share(sums.catchable, sums.frauds),
        "fraud_rupees": sums.fraud_paise / 100,
        "caught_rupees": sums.caught_paise / 100,
    }


def _share(part: int, whole: int, interval: tuple[float, float] | None) -> dict[str, float] | None:
    if not whole or interval is None:
        return None
    return {"value": part / whole, "low": interval[0], "high": interval[1]}


def _confusion(days: dict[int, DaySums]) -> dict[str, int]:
    sums = list(days.values())
    caught, false_alarms = sum(day.caught for day in sums), sum(day.false_alarms for day in sums)
    frauds, labelled = sum(day.frauds for day in sums), sum(day.labelled for day in sums)
    return {
        "alerted_fraud": caught,
        "alerted_honest": false_alarms,
        "passed_fraud": frauds - caught,
        "passed_honest": labelled - frauds - false_alarms,
        "alerted_without_verdict": sum(day.alerts for day in sums) - caught - false_alarms,
    }


def _curve(outcome: Outcome) -> dict[str, Any] | None:
    curve = precision_recall(outcome.groups.frauds_by_bucket, outcome.groups.honest_by_bucket)
    return None if curve is None else curve._asdict()


def _threshold(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {
            "time": format_event_time(moment.time_ms),
            "bucket": moment.report.threshold,
            "risk": risk_of_bucket(moment.report.threshold),
            "seen": moment.report.seen,
            "alerted": moment.report.alerted,
            "limit": moment.report.limit,
            "pace": moment.report.pace_ppm / 1_000_000,
        }
        for moment in outcome.moments
    ]


def _catches(named: Iterable[tuple[str, Catch]]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "frauds": catch.frauds,
            "caught": catch.caught,
            "recall": _share(catch.caught, catch.frauds, wilson(catch.caught, catch.frauds)),
            "fraud_rupees": catch.fraud_paise / 100,
            "caught_rupees": catch.caught_paise / 100,
        }
        for name, catch in named
    ]


def _rules(outcome: Outcome) -> list[dict[str, Any]]:
    known = {rule.id: rule for rule in outcome.scorer.rules.rules}
    return [
        {
            "id": rule_id,
            "weight": known[rule_id].weight,
            **asdict(count),
            "precision": _share(count.frauds, count.labelled, wilson(count.frauds, count.labelled)),
        }
        for rule_id, count in sorted(outcome.groups.rules.items())
    ]
