"""The one list of features: what each number of a row means, its unit and window, and which fraud it is for.

A row is `payer.read(...) + payee.read(...)`, floats in the order of REGISTRY; NaN is "not known" (no history, or an
optional field that was not given), never zero. Rules, models and documents take names and order from here and nowhere
else. To add a feature, add it here (or to `described`, if both sides have it) and to its stage's `read_row`:
FEATURE_SCHEMA then changes, and workers refuse models trained on another list. All features are known strictly before
the payment's event time T: windows are [T - w, T).
"""

from __future__ import annotations

from hashlib import sha256

from features.described import FLAG, SHARE, WINDOWS, Feature, habits, judged, passing, windowed

__all__ = (
    "FAMILIES",
    "FEATURE_COUNT",
    "FEATURE_NAMES",
    "FEATURE_SCHEMA",
    "PAYER_FEATURE_COUNT",
    "REGISTRY",
    "WINDOWS",
    "Feature",
)

_SCHEMA_CHARS = 12


def _payer(name: str, meaning: str, unit: str, window: str, fraud: str) -> Feature:
    return Feature(name, meaning, unit, window, "payer", fraud)


def _payee(name: str, meaning: str, unit: str, window: str, fraud: str) -> Feature:
    return Feature(name, meaning, unit, window, "payee", fraud)


_PAYMENT = (
    _payer("amount_rupees", "amount of this payment", "rupees", "", "digital arrest, takeover"),
    _payer("amount_is_round", "the amount is a whole multiple of 100 rupees", FLAG, "", "scams by instruction"),
    _payer("hour_ist", "hour of the day in India, with its fraction", "hours, 0 to 24", "", "late night takeover"),
    _payer("weekday_ist", "day of the week in India, Monday is 0", "0 to 6", "", "habit"),
    _payer("txn_is_collect", "the payee asked for the money (COLLECT)", FLAG, "", "collect scam"),
)
_PAYER_WINDOWS = (
    *windowed("payer", "payer_txn_count", "payments by this payer", "payments", "velocity takeover"),
    *windowed("payer", "payer_amount_sum", "rupees paid by this payer", "rupees", "amount burst"),
    *windowed("payer", "payer_distinct_payees", "different payees of this payer", "payees", "layering"),
)
_PAYER_HABITS, _PAYER_JUDGED = habits("payer", "payee"), judged("payer")
_PAYER_OWN = (
    _payer("payer_amount_over_mean_30d", "amount over this payer's mean", "ratio", "30d", "takeover, digital arrest"),
    _payer("payer_amount_over_max_30d", "amount over this payer's largest", "ratio", "30d", "takeover, digital arrest"),
    _payer("payer_seconds_since_last", "time since this payer's last payment", "seconds", "", "dormant awakening"),
    _payer("payer_age_days", "time since this payer's first known payment", "days", "", "throw-away accounts"),
    _payer("payee_is_new", "this payer did not pay this payee before", FLAG, "30d", "QR swap, any scam"),
    _payer("payer_txn_count_to_payee_30d", "payments by this payer to this payee", "payments", "30d", "any scam"),
    _payer("payer_seconds_since_payee", "time since this payer last paid this payee", "seconds", "30d", "any scam"),
    _payer("payer_new_payees_1h", "payments to payees new to this payer", "payments", "1h", "takeover"),
    _payer("payer_new_payees_24h", "payments to payees new to this payer", "payments", "24h", "takeover"),
    _payer("device_is_new", "this payer did not use this device before", FLAG, "30d", "SIM swap, takeover"),
    _payer("payer_devices_30d", "devices of this payer, 15 at most", "devices", "30d", "device farm"),
    _payer("payer_failed_count_24h", "failed payments by this payer", "payments", "24h", "takeover, probing"),
    _payer("payer_tiny_count_1h", "payments of at most 10 rupees by this payer", "payments", "1h", "probe-then-large"),
    _payer(
        "payer_fraud_verdicts_30d", "fraud verdicts on this payer's payments", "verdicts", "30d", "repeated victims"
    ),
    _payer("payer_approval_rate_7d", "share of this payer's payments that succeeded", SHARE, "7d", "takeover, probing"),
    _payer(
        "payer_approval_rate_30d", "share of this payer's payments that succeeded", SHARE, "30d", "takeover, probing"
    ),
    *_PAYER_HABITS,
    *_PAYER_JUDGED,
)
_PAYEE_WINDOWS = (
    *windowed("payee", "payee_txn_count", "payments to this payee", "payments", "mule fan-in"),
    *windowed("payee", "payee_amount_sum", "rupees paid to this payee", "rupees", "mule fan-in"),
    *windowed("payee", "payee_distinct_payers", "different payers of this payee", "payers", "mule fan-in"),
)
_PAYEE_HABITS, _PAYEE_JUDGED, _PAYEE_PASSING = habits("payee", "payer"), judged("payee"), passing()
_PAYEE_OWN = (
    _payee("payer_is_new_to_payee", "this payee was not paid by this payer before", FLAG, "30d", "mule fan-in"),
    _payee("payee_new_payers_1h", "payments by payers new to this payee", "payments", "1h", "mule fan-in"),
    _payee("payee_new_payers_24h", "payments by payers new to this payee", "payments", "24h", "mule fan-in"),
    _payee("payee_new_payer_share_24h", "share of payments by payers new to this payee", SHARE, "24h", "mule fan-in"),
    _payee("payee_amount_over_mean_30d", "amount over this payee's mean", "ratio", "30d", "fake merchant"),
    _payee("payee_amount_over_max_30d", "amount over this payee's largest", "ratio", "30d", "fake merchant"),
    _payee("payee_same_amount_count_24h", "payments of this very amount", "payments", "24h", "fake merchant, collect"),
    _payee("payee_seconds_since_last", "time since this payee was last paid", "seconds", "", "dormant awakening"),
    _payee("payee_age_days", "time since this payee was first paid", "days", "", "throw-away mules"),
    _payee("payee_fraud_verdicts_30d", "fraud verdicts on payments to this payee", "verdicts", "30d", "known mules"),
    _payee("payee_is_entity", "the payee is a merchant, not a person", FLAG, "", "fake merchant, hard negatives"),
    _payee("payee_txn_count_from_payer_30d", "payments by this payer to this payee", "payments", "30d", "mule fan-in"),
    _payee(
        "payee_seconds_since_payer", "time since this payee was last paid by this payer", "seconds", "30d", "any scam"
    ),
    *_PAYEE_PASSING,
    *_PAYEE_HABITS,
    *_PAYEE_JUDGED,
)

REGISTRY: tuple[Feature, ...] = _PAYMENT + _PAYER_WINDOWS + _PAYER_OWN + _PAYEE_WINDOWS + _PAYEE_OWN
FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in REGISTRY)
PAYER_FEATURE_COUNT = sum(feature.stage == "payer" for feature in REGISTRY)
FEATURE_COUNT = len(REGISTRY)
FEATURE_SCHEMA = sha256("\n".join(f"{feature.name}\t{feature.meaning}" for feature in REGISTRY).encode()).hexdigest()[
    :_SCHEMA_CHARS
]
"""Changes whenever a name, a meaning or the order does: a model fits a row only under the same schema."""


def _families() -> dict[str, tuple[str, ...]]:
    """Group the features by what they are made of; what is known only from verdicts stands together."""
    sides = (
        ("payer", _PAYER_WINDOWS, _PAYER_OWN, _PAYER_HABITS, _PAYER_JUDGED),
        ("payee", _PAYEE_WINDOWS, _PAYEE_OWN, _PAYEE_HABITS, _PAYEE_JUDGED),
    )
    parts: dict[str, tuple[Feature, ...]] = {"payment": _PAYMENT}
    for side, windows, own, usual, known in sides:
        verdicts = (*known, *(feature for feature in own if feature.name == f"{side}_fraud_verdicts_30d"))
        others = tuple(feature for feature in own if feature not in usual + verdicts + _PAYEE_PASSING)
        parts |= {f"{side} windows": windows, f"{side} state": others}
        parts |= {f"{side} habits": usual, f"{side} verdicts": verdicts}
    parts["payee passing on"] = _PAYEE_PASSING
    return {name: tuple(feature.name for feature in part) for name, part in parts.items()}


FAMILIES: dict[str, tuple[str, ...]] = _families()
"""Every feature in one family, for documents and for measuring what a family is worth."""

_INDEX = {name: index for index, name in enumerate(FEATURE_NAMES)}


def feature_index(name: str) -> int:
    """Return a feature's place in the row; raises KeyError that lists near names when there is no such feature.

    >>> feature_index("amount_rupees"), REGISTRY[feature_index("hour_ist")].unit
    (0, 'hours, 0 to 24')
    """
    try:
        return _INDEX[name]
    except KeyError as exc:
        near = [known for known in FEATURE_NAMES if name.split("_", maxsplit=1)[0] in known]
        raise KeyError(f"no feature is named {name!r}; names are in features/vector.py, near ones: {near}") from exc
