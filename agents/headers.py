"""What a record of `transactions` says of itself in its headers: its kind, and where a verdict was in `labels`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.bundle import Kind
from agents.ports import KIND_HEADER, KIND_VERDICT, KIND_WARM_UP, OFFSET_HEADER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from agents.ports import Record


def kinds_of(records: Sequence[Record]) -> NDArray[np.int8]:
    """Return the `Kind` that each record says that it is; what says nothing is a payment."""
    kinds = np.full(len(records), Kind.PAYMENT, np.int8)
    for at, record in enumerate(records):
        if record.headers:
            kind = next((value for name, value in record.headers if name == KIND_HEADER), None)
            if kind == KIND_VERDICT:
                kinds[at] = Kind.VERDICT
            elif kind == KIND_WARM_UP:
                kinds[at] = Kind.WARM_UP
    return kinds


def labels_offset(record: Record) -> int | None:
    """Return where in `labels` a verdict stood; None where that is not said in a form that can be read."""
    value = next((value for name, value in record.headers if name == OFFSET_HEADER), b"")
    return int(value) if value.isdigit() else None
