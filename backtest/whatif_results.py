"""Puts a comparison into the numbers of its JSON and its page."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from backtest.intervals import share, wilson
from backtest.results import overall
from backtest.worth import money
from features.clock import format_event_time
from features.transaction import mask_vpa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backtest.groups import RuleCount
    from backtest.plan import Assumptions
    from backtest.run import Outcome
    from backtest.whatif import Alerts, Changed, WhatIf


def summarise(found: WhatIf, assumptions: Assumptions) -> dict[str, Any]:
    """Return what changes from the first side (`before`) to the second (`after`), in JSON's values."""
    different = found.differences
    union = different.both.alerts + different.gained.alerts + different.lost.alerts
    return {
        "history": found.before.plan.history.name,
        "decided": found.before.decided,
        "warmed": found.before.warmed,
        "before": _side(found.before, assumptions),
        "after": _side(found.after, assumptions),
        "alerts": {
            name: _alerts(getattr(different, name)) for name in ("both", "gained", "lost", "displaced", "promoted")
        },
        "overlap": share(different.both.alerts, union),
        "scored_apart": different.scored_apart,
        "caught_change": different.gained.frauds - different.lost.frauds,
        "rules": _rules(found),
        "by_type": _types(found),
        "gained_frauds": _cases(different.gained_frauds),
        "lost_frauds": _cases(different.lost_frauds),
    }


def _side(outcome: Outcome, assumptions: Assumptions) -> dict[str, Any]:
    model = outcome.scorer.model
    return {
        "model_version": None if model is None else model.version,
        "rules_version": outcome.scorer.rules.version,
        "alert_rate": outcome.plan.rate_ppm / 1_000_000,
        **overall(outcome.days.sums),
        "net_rupees": money(outcome.days.sums, assumptions)["net_rupees"],
    }


def _alerts(alerts: Alerts) -> dict[str, Any]:
    return {
        "alerts": alerts.alerts,
        "frauds": alerts.frauds,
        "fraud_rupees": alerts.fraud_paise / 100,
        "precision": _precision(alerts.frauds, alerts.labelled),
    }


def _precision(frauds: int, labelled: int) -> dict[str, float] | None:
    interval = wilson(frauds, labelled)
    return None if interval is None else {"value": frauds / labelled, "low": interval[0], "high": interval[1]}


def _rules(found: WhatIf) -> list[dict[str, Any]]:
    """Return each rule that hit on either side, with what it did on both."""
    before, after = found.before.groups.rules, found.after.groups.rules
    return [
        {"id": rule, "before": _rule(before.get(rule)), "after": _rule(after.get(rule))}
        for rule in sorted(before.keys() | after.keys())
    ]


def _rule(count: RuleCount | None) -> dict[str, Any] | None:
    return None if count is None else {**asdict(count), "precision": _precision(count.frauds, count.labelled)}


def _types(found: WhatIf) -> list[dict[str, Any]]:
    before, after = found.before.groups.types, found.after.groups.types
    return [
        {"name": name, "frauds": before[name].frauds, "before": before[name].caught, "after": after[name].caught}
        for name in sorted(before)
    ]


def _cases(changed: Sequence[Changed]) -> list[dict[str, Any]]:
    return [
        {
            "transaction_id": row.transaction.transaction_id,
            "event_time": format_event_time(row.transaction.event_time_ms),
            "payer": mask_vpa(row.transaction.payer_vpa),
            "payee": mask_vpa(row.transaction.payee_vpa),
            "amount": row.transaction.amount_paise / 100,
            "fraud_type": row.fraud_type,
            "bucket_before": before.bucket,
            "bucket_after": after.bucket,
            "rules_before": list(before.rules),
            "rules_after": list(after.rules),
        }
        for row, before, after in changed
    ]
