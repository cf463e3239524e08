"""Holds rows against the naive truth: to the last bit, but for ratios that the oracle works out in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.described import habits, judged
from features.vector import FEATURE_NAMES, PAYER_FEATURE_COUNT

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What is whole in what habits and judged payments are described by: counts, and seconds.
_WHOLE = frozenset({"verdicts", "payments", "seconds"})
ROUNDED = frozenset(
    feature.name
    for stage, other in (("payer", "payee"), ("payee", "payer"))
    for feature in (*habits(stage, other), *judged(stage))
    if feature.unit not in _WHOLE
)
_RELATIVE = 1e-9


def assert_same(side: str, expected: Sequence[float], actual: Sequence[float]) -> None:
    """Name every feature that differs; `side` is "payer", "payee", or "both" for whole rows."""
    names = {
        "payer": FEATURE_NAMES[:PAYER_FEATURE_COUNT],
        "payee": FEATURE_NAMES[PAYER_FEATURE_COUNT:],
        "both": FEATURE_NAMES,
    }[side]
    rows = zip(names, expected, actual, strict=True)
    differ = {name: (want, got) for name, want, got in rows if not _is_same(name, want, got)}
    assert not differ, differ


def _is_same(name: str, want: float, got: float) -> bool:
    if want == got or (np.isnan(want) and np.isnan(got)):
        return True
    return name in ROUNDED and bool(np.isclose(want, got, rtol=_RELATIVE, atol=_RELATIVE))
