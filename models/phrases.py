"""Every feature as a sentence an analyst reads without a manual: the number, and beside it the account's own norm.

`PHRASES` holds templates of `rules.wording`; `FLAGS` a sentence for yes, no and not known. Counts and sums over a
window get their norm from the account's own 30 days. A feature with neither is told by its meaning in the registry.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from features.vector import REGISTRY, Feature, feature_index
from models import phrases_habits
from rules.wording import Template, count, parse_template, render, rupees, say, singular

if TYPE_CHECKING:
    from collections.abc import Sequence

_WINDOW_WORDS = {"5m": "5 minutes", "1h": "hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days"}
_WINDOW_DAYS = {"5m": 5 / 1_440, "1h": 1 / 24, "24h": 1.0, "7d": 7.0, "30d": 30.0}
_PACED = {
    "payer_txn_count": ("{} payments by this payer", count, "payer_age_days"),
    "payer_amount_sum": ("{} paid by this payer", rupees, "payer_age_days"),
    "payee_txn_count": ("{} payments to this payee", count, "payee_age_days"),
    "payee_amount_sum": ("{} paid to this payee", rupees, "payee_age_days"),
}
_DISTINCT = {
    "payer_distinct_payees": "payees paid by this payer",
    "payee_distinct_payers": "payers paid this payee",
}

_TEMPLATES = {
    "amount_rupees": "{amount_rupees:rupees}[, {payer_amount_over_mean_30d:times} this payer's mean]",
    "hour_ist": "made at {hour_ist:hour}",
    "payer_amount_over_mean_30d": "the amount is {payer_amount_over_mean_30d:times} this payer's mean of 30 days",
    "payer_amount_over_max_30d": "the amount is {payer_amount_over_max_30d:times} this payer's largest of 30 days",
    "payer_seconds_since_last": "{payer_seconds_since_last:seconds} after this payer's payment before",
    "payer_age_days": "this payer has been known for {payer_age_days:days}",
    "payer_txn_count_to_payee_30d": "{payer_txn_count_to_payee_30d:count} payments to this payee in 30 days before",
    "payer_seconds_since_payee": "{payer_seconds_since_payee:seconds} after this payer last paid this payee",
    "payer_new_payees_1h": "{payer_new_payees_1h:count} payments to payees new to this payer within the hour",
    "payer_new_payees_24h": "{payer_new_payees_24h:count} payments to payees new to this payer in 24 hours",
    "payer_devices_30d": "{payer_devices_30d:count} devices used by this payer in 30 days",
    "payer_failed_count_24h": "{payer_failed_count_24h:count} failed payments by this payer in 24 hours",
    "payer_tiny_count_1h": "{payer_tiny_count_1h:count} payments of at most ₹10 by this payer within the hour",
    "payer_fraud_verdicts_30d": "{payer_fraud_verdicts_30d:count} frauds confirmed on this payer in 30 days",
    "payer_approval_rate_7d": "{payer_approval_rate_7d:percent} of this payer's payments of 7 days succeeded"
    "[; {payer_approval_rate_30d:percent} in 30 days]",
    "payer_approval_rate_30d": "{payer_approval_rate_30d:percent} of this payer's payments of 30 days succeeded",
    "payee_txn_count_from_payer_30d": "{payee_txn_count_from_payer_30d:count} payments from this payer in 30 days",
    "payee_seconds_since_payer": "{payee_seconds_since_payer:seconds} after this payer last paid this payee",
    "payee_new_payers_1h": "{payee_new_payers_1h:count} payers new to this payee within the hour"
    "[; {payee_distinct_payers_30d:count} payers in 30 days]",
    "payee_new_payers_24h": "{payee_new_payers_24h:count} payers new to this payee in 24 hours"
    "[; {payee_distinct_payers_30d:count} payers in 30 days]",
    "payee_new_payer_share_24h": "{payee_new_payer_share_24h:percent} of this payee's payments of 24 hours "
    "came from payers new to it",
    "payee_amount_over_mean_30d": "the amount is {payee_amount_over_mean_30d:times} this payee's mean of 30 days",
    "payee_amount_over_max_30d": "the amount is {payee_amount_over_max_30d:times} this payee's largest of 30 days",
    "payee_same_amount_count_24h": "{payee_same_amount_count_24h:count} payments of {amount_rupees:rupees} to this "
    "payee in 24 hours",
    "payee_seconds_since_last": "{payee_seconds_since_last:seconds} after this payee was last paid",
    "payee_age_days": "this payee has been known for {payee_age_days:days}",
    "payee_fraud_verdicts_30d": "{payee_fraud_verdicts_30d:count} frauds confirmed on this payee in 30 days",
    "payee_debit_count_24h": "{payee_debit_count_24h:count} payments by this payee in 24 hours, soon after being paid",
    "payee_passed_on_share_24h": "{payee_passed_on_share_24h:percent} of what this payee was paid in 24 hours "
    "was paid on[; {payee_passed_on_share_7d:percent} in 7 days]",
    "payee_passed_on_share_7d": "{payee_passed_on_share_7d:percent} of what this payee was paid in 7 days was paid on",
    "payee_passed_on_quick_share_7d": "{payee_passed_on_quick_share_7d:percent} of what this payee was paid "
    "in 7 days was paid on within an hour",
    "payee_shortest_stay_7d": "this payee paid on what it was paid {payee_shortest_stay_7d:seconds} before",
    "payee_passed_on_since_last": "{payee_passed_on_since_last:percent} of this payee's last payment was paid on since",
}
for _window, _words in _WINDOW_WORDS.items():
    _norm = "" if _window == "30d" else "[; {%s_30d:count} in 30 days]"
    for _prefix, _text in _DISTINCT.items():
        _told = f"{{{_prefix}_{_window}:count}} {_text} in the last {_words}"
        _TEMPLATES[f"{_prefix}_{_window}"] = _told + (_norm % _prefix if _norm else "")
_TEMPLATES |= phrases_habits.templates()
PHRASES: dict[str, Template] = {name: parse_template(text) for name, text in _TEMPLATES.items()}

FLAGS = {
    "amount_is_round": ("the amount is round", "the amount is not round", ""),
    "txn_is_collect": ("the payee asked for the money", "the payer sent the money unasked", "who asked is not known"),
    "payee_is_new": ("never paid this payee before", "paid this payee before", ""),
    "device_is_new": ("from a device new to this payer", "from a device this payer uses", "the device is not known"),
    "payer_is_new_to_payee": ("the payee was never paid by this payer", "the payee knows this payer", ""),
    "payee_is_entity": ("the payee is a merchant", "the payee is a private person", "the payee's type is not known"),
}
MISSING = {
    **phrases_habits.missing(),
    "payer_amount_over_mean_30d": "this payer made no payment in 30 days to compare with",
    "payer_amount_over_max_30d": "this payer made no payment in 30 days to compare with",
    "payer_seconds_since_last": "the first payment known of this payer",
    "payer_age_days": "the first payment known of this payer",
    "payer_seconds_since_payee": "this payer did not pay this payee in 30 days before",
    "payer_approval_rate_7d": "whether this payer's payments of 7 days succeeded is not known",
    "payer_approval_rate_30d": "whether this payer's payments of 30 days succeeded is not known",
    "payee_seconds_since_payer": "this payer did not pay this payee in 30 days before",
    "payee_new_payer_share_24h": "nobody paid this payee in 24 hours before",
    "payee_amount_over_mean_30d": "nobody paid this payee in 30 days before",
    "payee_amount_over_max_30d": "nobody paid this payee in 30 days before",
    "payee_passed_on_share_24h": "nobody paid this payee in 24 hours before",
    "payee_passed_on_share_7d": "nobody paid this payee in 7 days before",
    "payee_passed_on_quick_share_7d": "nobody paid this payee in 7 days before",
    "payee_shortest_stay_7d": "this payee paid nothing on in 7 days before",
    "payee_passed_on_since_last": "nobody paid this payee in 7 days before",
    "payee_seconds_since_last": "the first payment known to this payee",
    "payee_age_days": "the first payment known to this payee",
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def phrase(name: str, row: Sequence[float]) -> str:
    """Say one feature of a row in words, with the account's norm where it has one.

    >>> row = [float("nan")] * len(REGISTRY)
    >>> for key, value in {"payee_txn_count_1h": 7.0, "payee_txn_count_30d": 9.0, "payee_age_days": 40.0}.items():
    ...     row[feature_index(key)] = value
    >>> phrase("payee_txn_count_1h", row)
    '7 payments to this payee in the last hour; usually 0'
    >>> phrase("payee_is_entity", row)
    "the payee's type is not known"
    """
    feature = REGISTRY[feature_index(name)]
    value = row[feature_index(name)]
    if name in FLAGS:
        yes, no, unknown = FLAGS[name]
        return (unknown if math.isnan(value) else yes if value else no) or _plain(feature, value)
    if math.isnan(value):
        return MISSING.get(name, f"not known: {feature.meaning}")
    if name == "weekday_ist":
        return f"made on a {_DAYS[int(value) % 7]}"
    prefix = name.removesuffix(f"_{feature.window}")
    if prefix in _PACED:
        return _paced(prefix, feature.window, row)
    return render(PHRASES[name], row) if name in PHRASES else _plain(feature, value)


def _paced(prefix: str, window: str, row: Sequence[float]) -> str:
    """Say a count or sum of a window, and what this account's own 30 days would have put there."""
    text, form, age_name = _PACED[prefix]
    value = form(row[feature_index(f"{prefix}_{window}")])
    told = singular(f"{text.format(value)} in the last {_WINDOW_WORDS[window]}")
    month, age = row[feature_index(f"{prefix}_30d")], row[feature_index(age_name)]
    if window == "30d" or not math.isfinite(month) or not math.isfinite(age) or age < 2 * _WINDOW_DAYS[window]:
        return told
    usual = month * _WINDOW_DAYS[window] / min(age, 30.0)
    return f"{told}; usually {form(round(usual))}"


def _plain(feature: Feature, value: float) -> str:
    """Fall back to the registry's own words."""
    return f"{feature.meaning}: {say(value, 'number')} {feature.unit}".strip()
