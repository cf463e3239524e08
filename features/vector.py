"""The one list of features: what each number of a row means, its unit and window, and which fraud it is for.

A row is `payer.read(...) + payee.read(...)`, floats in the order of REGISTRY; NaN is "not known" (no history, or an
optional field that was not given), never zero. Rules, models and documents take names and order from here and nowhere
else. To add a feature, add it here and to its stage's `read`: FEATURE_SCHEMA then changes, and workers refuse models
trained on another list. All features are known strictly before the payment's event time T: windows are [T - w, T).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

WINDOWS = ("5m", "1h", "24h", "7d", "30d")
_SCHEMA_CHARS = 12


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of the row: `unit` is what it counts in, `stage` who knows it, `fraud` what it helps to see."""

    name: str
    meaning: str
    unit: str
    window: str
    stage: str
    fraud: str


def _windowed(stage: str, prefix: str, meaning: str, unit: str, fraud: str) -> tuple[Feature, ...]:
    return tuple(
        Feature(f"{prefix}_{window}", f"{meaning} within {window} before", unit, window, stage, fraud)
        for window in WINDOWS
    )


def _payer(name: str, meaning: str, unit: str, window: str, fraud: str) -> Feature:
    return Feature(name, meaning, unit, window, "payer", fraud)


def _payee(name: str, meaning: str, unit: str, window: str, fraud: str) -> Feature:
    return Feature(name, meaning, unit, window, "payee", fraud)


_FLAG = "1 yes, 0 no"
_PAYMENT = (
    _payer("amount_rupees", "amount of this payment", "rupees", "", "digital arrest, takeover"),
    _payer("amount_is_round", "the amount is a whole multiple of 100 rupees", _FLAG, "", "scams by instruction"),
    _payer("hour_ist", "hour of the day in India, with its fraction", "hours, 0 to 24", "", "late night takeover"),
    _payer("weekday_ist", "day of the week in India, Monday is 0", "0 to 6", "", "habit"),
    _payer("txn_is_collect", "the payee asked for the money (COLLECT)", _FLAG, "", "collect scam"),
)
_PAYER_WINDOWS = (
    *_windowed("payer", "payer_txn_count", "payments by this payer", "payments", "velocity takeover"),
    *_windowed("payer", "payer_amount_sum", "rupees paid by this payer", "rupees", "amount burst"),
    *_windowed("payer", "payer_distinct_payees", "different payees of this payer", "payees", "layering"),
)
_PAYER_OWN = (
    _payer("payer_amount_over_mean_30d", "amount over this payer's mean", "ratio", "30d", "takeover, digital arrest"),
    _payer("payer_amount_over_max_30d", "amount over this payer's largest", "ratio", "30d", "takeover, digital arrest"),
    _payer("payer_seconds_since_last", "time since this payer's last payment", "seconds", "", "dormant awakening"),
    _payer("payer_age_days", "time since this payer's first known payment", "days", "", "throw-away accounts"),
    _payer("payee_is_new", "this payer did not pay this payee before", _FLAG, "30d", "QR swap, any scam"),
    _payer("payer_txn_count_to_payee_30d", "payments by this payer to this payee", "payments", "30d", "any scam"),
    _payer("payer_seconds_since_payee", "time since this payer last paid this payee", "seconds", "30d", "any scam"),
    _payer("payer_new_payees_1h", "payments to payees new to this payer", "payments", "1h", "takeover"),
    _payer("payer_new_payees_24h", "payments to payees new to this payer", "payments", "24h", "takeover"),
    _payer("device_is_new", "the device is not among this payer's newest 4", _FLAG, "30d", "SIM swap, takeover"),
    _payer("payer_devices_30d", "devices of this payer, 4 at most", "devices", "30d", "device farm"),
    _payer("payer_failed_count_24h", "failed payments by this payer", "payments", "24h", "takeover, probing"),
    _payer("payer_tiny_count_1h", "payments of at most 10 rupees by this payer", "payments", "1h", "probe-then-large"),
    _payer(
        "payer_fraud_verdicts_30d", "fraud verdicts on this payer's payments", "verdicts", "30d", "repeated victims"
    ),
)
_PAYEE_WINDOWS = (
    *_windowed("payee", "payee_txn_count", "payments to this payee", "payments", "mule fan-in"),
    *_windowed("payee", "payee_amount_sum", "rupees paid to this payee", "rupees", "mule fan-in"),
    *_windowed("payee", "payee_distinct_payers", "different payers of this payee", "payers", "mule fan-in"),
)
_PAYEE_OWN = (
    _payee("payer_is_new_to_payee", "this payee was not paid by this payer before", _FLAG, "30d", "mule fan-in"),
    _payee("payee_new_payers_1h", "payments by payers new to this payee", "payments", "1h", "mule fan-in"),
    _payee("payee_new_payers_24h", "payments by payers new to this payee", "payments", "24h", "mule fan-in"),
    _payee(
        "payee_new_payer_share_24h", "share of payments by payers new to this payee", "0 to 1", "24h", "mule fan-in"
    ),
    _payee("payee_amount_over_mean_30d", "amount over this payee's mean", "ratio", "30d", "fake merchant"),
    _payee("payee_amount_over_max_30d", "amount over this payee's largest", "ratio", "30d", "fake merchant"),
    _payee("payee_same_amount_count_24h", "payments of this very amount", "payments", "24h", "fake merchant, collect"),
    _payee("payee_seconds_since_last", "time since this payee was last paid", "seconds", "", "dormant awakening"),
    _payee("payee_age_days", "time since this payee was first paid", "days", "", "throw-away mules"),
    _payee("payee_fraud_verdicts_30d", "fraud verdicts on payments to this payee", "verdicts", "30d", "known mules"),
    _payee("payee_is_entity", "the payee is a merchant, not a person", _FLAG, "", "fake merchant, hard negatives"),
)

REGISTRY: tuple[Feature, ...] = _PAYMENT + _PAYER_WINDOWS + _PAYER_OWN + _PAYEE_WINDOWS + _PAYEE_OWN
FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in REGISTRY)
PAYER_FEATURE_COUNT = sum(feature.stage == "payer" for feature in REGISTRY)
FEATURE_COUNT = len(REGISTRY)
FEATURE_SCHEMA = sha256("\n".join(f"{feature.name}\t{feature.meaning}" for feature in REGISTRY).encode()).hexdigest()[
    :_SCHEMA_CHARS
]
"""Changes whenever a name, a meaning or the order does: a model fits a row only under the same schema."""

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
