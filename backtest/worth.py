"""What the alerts were worth: rupees, the time until an account's first alert, and what hindsight would have caught."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from features.clock import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backtest.days import DaySums
    from backtest.groups import Exposure
    from backtest.plan import Assumptions


def money(days: dict[int, DaySums], assumptions: Assumptions) -> dict[str, Any]:
    """Return what alerts saved and cost in rupees, and by day, so far as verdicts say."""
    alerts, false_alarms = sum(day.alerts for day in days.values()), sum(day.false_alarms for day in days.values())
    saved = [day.caught_paise / 100 * assumptions.stopped_share for day in days.values()]
    review, friction = alerts * assumptions.review_rupees, false_alarms * assumptions.friction_rupees
    cost = review + friction
    return {
        "assumptions": asdict(assumptions),
        "fraud_rupees": sum(day.fraud_paise for day in days.values()) / 100,
        "saved_rupees": sum(saved),
        "saved_rupees_by_day": saved,
        "review_rupees": review,
        "friction_rupees": friction,
        "net_rupees": sum(saved) - cost,
        "return_per_rupee": sum(saved) / cost if cost else None,
    }


def exposures(accounts: Iterable[Exposure]) -> dict[str, Any]:
    """Return how long fraud accounts went without an alert, and what moved until then."""
    every = list(accounts)
    alerted = [account for account in every if account.first_alert_ms is not None]
    hours = [((account.first_alert_ms or 0) - account.first_fraud_ms) / HOUR_MS for account in alerted]
    lost = [account.lost_paise / 100 for account in alerted]
    return {
        "accounts": len(every),
        "alerted": len(alerted),
        "alerted_at_first_fraud": sum(account.first_alert_ms == account.first_fraud_ms for account in alerted),
        "hours_median": _quantile(hours, 0.5),
        "hours_p90": _quantile(hours, 0.9),
        "rupees_until_alert_mean": sum(lost) / len(lost) if lost else None,
        "rupees_until_alert_median": _quantile(lost, 0.5),
        "rupees_until_alert": sum(lost),
        "rupees_from_alert_on": sum(account.from_alert_paise for account in alerted) / 100,
        "rupees_never_alerted": sum(account.lost_paise for account in every if account.first_alert_ms is None) / 100,
        "hours": sorted(round(value, 4) for value in hours),
    }


def _quantile(values: list[float], at: float) -> float | None:
    return float(np.quantile(values, at)) if values else None


def oracle(days: dict[int, DaySums]) -> dict[str, Any]:
    """Return the budget's catch beside the best choice under the same limit and beside the finished day's best."""
    online = sum(day.caught for day in days.values())
    under_limit = sum(day.caught_under_limit for day in days.values())
    finished = sum(day.caught_of_finished_day for day in days.values())
    return {
        "caught": online,
        "caught_under_limit": under_limit,
        "caught_of_finished_days": finished,
        "regret": 1 - online / under_limit if under_limit else None,
        "limit_cost": 1 - under_limit / finished if finished else None,
    }
