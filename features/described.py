"""How a feature is described, and the descriptions that payer and payee share.

Each list here is in the order in which a kernel fills its part of the row: `windows`, `habits`, `judged`, `passing`.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOWS = ("5m", "1h", "24h", "7d", "30d")
FLAG = "1 yes, 0 no"
SHARE = "0 to 1"
SHARE_ABOVE = "0 to 1, or more"


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of the row: `unit` is what it counts in, `stage` who knows it, `fraud` what it helps to see."""

    name: str
    meaning: str
    unit: str
    window: str
    stage: str
    fraud: str


def windowed(stage: str, prefix: str, meaning: str, unit: str, fraud: str) -> tuple[Feature, ...]:
    """Describe one quantity over the five windows."""
    return tuple(
        Feature(f"{prefix}_{window}", f"{meaning} within {window} before", unit, window, stage, fraud)
        for window in WINDOWS
    )


def habits(stage: str, other: str) -> tuple[Feature, ...]:
    """Describe what `features.habits` reads; `other` is the party on the other side."""

    def of(name: str, meaning: str, unit: str, window: str, fraud: str) -> Feature:
        return Feature(f"{stage}_{name}", meaning, unit, window, stage, fraud)

    done = "paid by this payer" if stage == "payer" else "paid to this payee"
    stolen, taken = "stolen credentials", "takeover, mules"
    near = f"share of payments {done} within an hour of this time of day"
    return (
        of("amount_mean_30d", f"mean of the amounts {done}", "rupees", "30d", "takeover, fake merchant"),
        of(
            "amount_spread_30d", f"standard deviation of the amounts {done}", "rupees", "30d", "takeover, fake merchant"
        ),
        of("amount_deviation_30d", "amount less the mean, in standard deviations", "spreads", "30d", stolen),
        of("amount_rank_30d", f"share of the amounts {done} that are smaller", SHARE, "30d", stolen),
        of("amount_trend_7d", "mean amount of 7 d over that of 30 d", "ratio", "7d", f"{stolen}, mules"),
        of("largest_7d_over_mean_30d", "largest amount of 7 d over the mean of 30 d", "ratio", "7d", stolen),
        of("pace_24h", "payments of 24 h, this one too, over the daily habit of 30 d", "ratio", "24h", taken),
        of("hour_share_30d", near, SHARE, "30d", "takeover"),
        of(f"new_{other}_share_30d", f"share of payments whose {other} was new then", SHARE, "30d", "mules, takeover"),
        of(
            f"amount_over_{other}_mean_30d",
            f"amount over the mean with this {other}",
            "ratio",
            "30d",
            "takeover, scams",
        ),
        of(f"{other}_share_30d", f"share of payments with this {other}", SHARE, "30d", "rare beneficiary"),
    )


def judged(stage: str) -> tuple[Feature, ...]:
    """Describe what `features.judged` reads; all of it is known from label times before T only."""

    def of(name: str, meaning: str, unit: str, window: str) -> Feature:
        return Feature(f"{stage}_{name}", meaning, unit, window, stage, fraud)

    fraud = "repeated victims, stolen credentials" if stage == "payer" else "known mules, compromised merchants"
    whose = "this payer's payments" if stage == "payer" else "payments to this payee"
    return (
        of("fraud_verdicts_24h", f"fraud verdicts on {whose} within 24h before", "verdicts", "24h"),
        of("fraud_verdicts_7d", f"fraud verdicts on {whose} within 7d before", "verdicts", "7d"),
        of("fraud_rate_24h", f"share of fraud among {whose} of the 24 h judged last", SHARE, "24h"),
        of("fraud_rate_7d", f"share of fraud among {whose} of the 7 d judged last", SHARE, "7d"),
        of("fraud_rate_30d", f"share of fraud among {whose} of 30 d that are judged by now", SHARE, "30d"),
        of("seconds_since_fraud_verdict", f"time since the newest fraud verdict on {whose}", "seconds", "30d"),
        of("days_since_first_fraud", f"time since the oldest of {whose} that is known as fraud", "days", "30d"),
        of("fraud_share_since_first", "share of fraud among what is judged since then", SHARE, "30d"),
        of("judged_since_fraud", "payments judged since the newest known fraud", "payments", "30d"),
        of("fraud_streak", "payments in a row, the newest known fraud last, that were fraud", "payments", "30d"),
        of("amount_over_fraud_mean", "amount over the mean of the known frauds", "ratio", "30d"),
    )


def passing() -> tuple[Feature, ...]:
    """Describe what `features.passing` reads: payments by the payee's own account within 24 h of being paid."""
    debits = "payments by this account within a day of being paid"
    passed_on = f"rupees of {debits}, over those paid to it"

    def of(name: str, meaning: str, unit: str, window: str) -> Feature:
        return Feature(f"payee_{name}", meaning, unit, window, "payee", "pass-through layering, mules")

    return (
        of("debit_count_24h", f"{debits}, 32 at most", "payments", "24h"),
        of("passed_on_share_24h", f"{passed_on}, within 24h before", SHARE_ABOVE, "24h"),
        of("passed_on_share_7d", f"{passed_on}, within 7d before", SHARE_ABOVE, "7d"),
        of("passed_on_quick_share_7d", "the same of payments within an hour of being paid", SHARE_ABOVE, "7d"),
        of("shortest_stay_7d", "shortest time from being paid to a payment by this account", "seconds", "7d"),
        of("passed_on_since_last", f"rupees of {debits} since it was last paid, over that amount", SHARE_ABOVE, "7d"),
    )
