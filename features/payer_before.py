"""What a payer did before a payment, for people: how fast, how much, to whom, and what looks like trying out.

Read off the payment's own row of features, so it is what was decided on, strictly before T, and costs no state.
"""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from features.vector import WINDOWS, feature_index

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNTED = {
    "tiny_1h": "payer_tiny_count_1h",
    "failed_24h": "payer_failed_count_24h",
    "new_payees_1h": "payer_new_payees_1h",
    "new_payees_24h": "payer_new_payees_24h",
}
MEASURED = {
    "seconds_since_last": "payer_seconds_since_last",
    "mean_amount_30d": "payer_amount_mean_30d",
    "seconds_since_payee": "payer_seconds_since_payee",
}


def payer_before(row: Sequence[float]) -> dict[str, Any]:
    """Return windows, counts and times of a row of F features as JSON values; None is not known.

    >>> from features.vector import FEATURE_COUNT
    >>> row = [0.0] * FEATURE_COUNT
    >>> row[feature_index("payer_failed_count_24h")] = 2.0
    >>> payer_before(row)["failed_24h"], payer_before(row)["windows"]["5m"]
    (2, {'payments': 0, 'amount': 0.0, 'distinct_payees': 0})
    """
    return {
        "windows": {
            window: {
                "payments": _count(row, f"payer_txn_count_{window}"),
                "amount": _number(row, f"payer_amount_sum_{window}"),
                "distinct_payees": _count(row, f"payer_distinct_payees_{window}"),
            }
            for window in WINDOWS
        },
        **{name: _count(row, feature) for name, feature in COUNTED.items()},
        **{name: _number(row, feature) for name, feature in MEASURED.items()},
    }


def _number(row: Sequence[float], feature: str) -> float | None:
    value = float(row[feature_index(feature)])
    return None if isnan(value) else round(value, 2)


def _count(row: Sequence[float], feature: str) -> int | None:
    value = row[feature_index(feature)]
    return None if isnan(value) else int(value)
