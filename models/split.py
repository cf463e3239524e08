"""Temporal split: learn on the past, tune after it, measure after that, with a buffer between.

A buffer keeps one fraud's payments, minutes or days apart, from standing on both sides. It is as long as verdicts
take, so that what is measured could have been had on the day, unless the history is too short for that; never less
than 48 h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features.errors import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOUR_MS = 3_600_000
SHORTEST_BUFFER_MS = 48 * HOUR_MS
LEARN_SHARE = 0.7
TUNE_SHARE = 0.15
_SHORTEST_USABLE_MS = 24 * HOUR_MS


class Split(NamedTuple):
    """Row numbers to learn from, to tune on and to measure on, and the buffer between them in milliseconds."""

    learn: NDArray[np.intp]
    tune: NDArray[np.intp]
    test: NDArray[np.intp]
    buffer_ms: int


def choose_buffer(span_ms: int, label_delay_ms: int) -> int:
    """Choose the buffer for a span: the label delay where two of them leave half of the span, else 48 h.

    >>> choose_buffer(span_ms=90 * 24 * HOUR_MS, label_delay_ms=7 * 24 * HOUR_MS) // HOUR_MS
    168
    >>> choose_buffer(span_ms=14 * 24 * HOUR_MS, label_delay_ms=7 * 24 * HOUR_MS) // HOUR_MS
    48
    """
    wanted = max(SHORTEST_BUFFER_MS, label_delay_ms)
    return wanted if 4 * wanted <= span_ms else SHORTEST_BUFFER_MS


def split_by_time(event_time_ms: NDArray[np.int64], label_delay_ms: int) -> Split:
    """Split n rows by event time, in any order; raises TrainingError when the span is too short for two buffers."""
    if not len(event_time_ms):
        raise TrainingError("labelled payments were needed to train; got none: see --from, --until and the labels")
    first, last = int(event_time_ms.min()), int(event_time_ms.max())
    span = last - first + 1
    buffer = choose_buffer(span, label_delay_ms)
    usable = span - 2 * buffer
    if usable < _SHORTEST_USABLE_MS:
        needed = (2 * buffer + _SHORTEST_USABLE_MS) / (24 * HOUR_MS)
        raise TrainingError(
            f"labelled payments over at least {needed:.0f} days were needed for two buffers of {buffer // HOUR_MS} h; "
            f"got {span / (24 * HOUR_MS):.1f} days: use a longer history, an earlier --from or a later --until"
        )
    learn_end = first + int(usable * LEARN_SHARE)
    tune_start = learn_end + buffer
    tune_end = tune_start + int(usable * TUNE_SHARE)
    return Split(
        np.flatnonzero(event_time_ms < learn_end),
        np.flatnonzero((event_time_ms >= tune_start) & (event_time_ms < tune_end)),
        np.flatnonzero(event_time_ms >= tune_end + buffer),
        buffer,
    )
