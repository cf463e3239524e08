"""Templates for habits and judged payments, which both sides have: the number, and the account's own norm."""

from __future__ import annotations

_SIDES = (
    ("payer", "payee", "this payer", "by this payer", "went to"),
    ("payee", "payer", "this payee", "to this payee", "came from"),
)
_JUDGED_OVER = {"24h": "the last day", "7d": "the last week", "30d": "the last 30 days"}


def _habits(side: str, other: str, who: str, done: str, went: str) -> dict[str, str]:
    """Return the templates for what is usual for an account."""
    mean = f"[ of {{{side}_amount_mean_30d:rupees}}]"
    share = f"of the payments {done} in 30 days"
    return {
        "amount_mean_30d": f"{{amount_rupees:rupees}} where payments {done} had a mean of "
        f"{{{side}_amount_mean_30d:rupees}} in 30 days",
        "amount_spread_30d": f"amounts {done} spread by {{{side}_amount_spread_30d:rupees}} around their mean{mean}",
        "amount_deviation_30d": f"the amount is {{{side}_amount_deviation_30d:number}} standard deviations from "
        f"the mean{mean} {done}",
        "amount_rank_30d": f"{{{side}_amount_rank_30d:percent}} {share} were smaller than {{amount_rupees:rupees}}",
        "amount_trend_7d": f"amounts {done} of 7 days are {{{side}_amount_trend_7d:times}} those of 30 days",
        "largest_7d_over_mean_30d": f"the largest amount {done} in 7 days is "
        f"{{{side}_largest_7d_over_mean_30d:times}} the mean of 30 days{mean}",
        "pace_24h": f"{{{side}_pace_24h:times}} the usual number of payments {done} in 24 hours"
        f"[; {{{side}_txn_count_30d:count}} in 30 days]",
        "hour_share_30d": f"{{{side}_hour_share_30d:percent}} {share} were made near this time of day"
        "[, {hour_ist:hour}]",
        f"new_{other}_share_30d": f"{{{side}_new_{other}_share_30d:percent}} {share} {went} new {other}s",
        f"amount_over_{other}_mean_30d": f"the amount is {{{side}_amount_over_{other}_mean_30d:times}} the mean "
        "between these two",
        f"{other}_share_30d": f"{{{side}_{other}_share_30d:percent}} {share} {went} this {other}",
        "seconds_since_fraud_verdict": f"{{{side}_seconds_since_fraud_verdict:seconds}} since a fraud was last "
        f"confirmed on {who}",
    }


def _judged(side: str, who: str, done: str) -> dict[str, str]:
    """Return the templates for what is known of an account's frauds."""
    rates = {
        f"fraud_rate_{window}": f"{{{side}_fraud_rate_{window}:percent}} of the payments {done} of {words} that are "
        "judged were fraud"
        for window, words in _JUDGED_OVER.items()
    }
    return {
        **rates,
        "fraud_verdicts_24h": f"{{{side}_fraud_verdicts_24h:count}} frauds confirmed on {who} in 24 hours"
        f"[; {{{side}_fraud_verdicts_30d:count}} in 30 days]",
        "fraud_verdicts_7d": f"{{{side}_fraud_verdicts_7d:count}} frauds confirmed on {who} in 7 days"
        f"[; {{{side}_fraud_verdicts_30d:count}} in 30 days]",
        "days_since_first_fraud": f"the first fraud known on {who} was {{{side}_days_since_first_fraud:days}} ago",
        "fraud_share_since_first": f"{{{side}_fraud_share_since_first:percent}} of the payments {done} since the "
        "first known fraud were fraud",
        "judged_since_fraud": f"{{{side}_judged_since_fraud:count}} payments {done} judged since the last known fraud",
        "fraud_streak": f"{{{side}_fraud_streak:count}} payments {done} in a row were fraud, as far as is known",
        "amount_over_fraud_mean": f"the amount is {{{side}_amount_over_fraud_mean:times}} the mean of the frauds "
        f"known on {who}",
    }


def templates() -> dict[str, str]:
    """Return the templates of both sides by feature name.

    >>> templates()["payee_fraud_rate_7d"]
    '{payee_fraud_rate_7d:percent} of the payments to this payee of the last week that are judged were fraud'
    """
    return {
        f"{side}_{name}": text
        for side, other, who, done, went in _SIDES
        for name, text in {**_habits(side, other, who, done, went), **_judged(side, who, done)}.items()
    }


def missing() -> dict[str, str]:
    """Return what is said of such a feature that is not known."""
    return {
        f"{side}_{name}": f"no fraud known on {who} in 30 days"
        if "fraud" in name
        else f"no payment {done} in 30 days to compare with"
        for side, other, who, done, went in _SIDES
        for name in {**_habits(side, other, who, done, went), **_judged(side, who, done)}
    }
