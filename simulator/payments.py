"""Payments as columns of numbers, and the helpers that lay several payments out per case."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from simulator.dice import Bools, Floats, Ids, Ints, Numbers, as_ints

if TYPE_CHECKING:
    from collections.abc import Sequence

OWN = -1
"""In `device` and `place`: the payer's own, at that time."""

MODES = ("QR", "INTENT", "VPA", "PHONE", "COLLECT", "MANDATE")
QR, INTENT, VPA, PHONE, COLLECT, MANDATE = range(len(MODES))


@dataclass(slots=True)
class Payments:
    """Payments, one per index: accounts are numbers (see accounts.py), amounts paise, times epoch ms."""

    time_ms: Ints
    payer: Ints
    payee: Ints
    amount_paise: Ints
    mode: Ints
    failed: Bools
    device: Ints
    place: Ints
    fraud: Ints
    case: Ints

    def __len__(self) -> int:
        return len(self.time_ms)

    def take(self, index: Ints | Bools | slice) -> Payments:
        """Return the payments at `index`, in its order."""
        return Payments(*(getattr(self, column.name)[index] for column in fields(Payments)))


def pay(
    time_ms: Ints,
    payer: Ids,
    payee: Ids,
    rupees: Numbers,
    *,
    mode: Ids = QR,
    failed: Bools | bool = False,
    device: Ids = OWN,
    place: Ids = OWN,
    case: Ids = 0,
) -> Payments:
    """Return payments; single values are spread over all of them, amounts become paise."""
    count = len(time_ms)
    paise = np.maximum(1, np.round(np.asarray(rupees, dtype=np.float64) * 100)).astype(np.int64)

    def column(values: Ids) -> Ints:
        return np.broadcast_to(as_ints(values), (count,)).copy()

    wrong = np.broadcast_to(np.asarray(failed, dtype=np.bool_), (count,)).copy()
    nothing = np.zeros(count, dtype=np.int64)
    return Payments(
        column(time_ms), column(payer), column(payee), column(paise), column(mode), wrong,
        column(device), column(place), nothing, column(case),
    )  # fmt: skip


def concat(parts: Sequence[Payments]) -> Payments:
    """Return all parts one after the other; at least one part is needed."""
    return Payments(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Payments)))


def nothing() -> Payments:
    """Return no payments."""
    empty = np.zeros(0, dtype=np.int64)
    return pay(empty, empty, empty, empty.astype(np.float64))


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases of one kind: their numbers, and the IST day (days since 1970) on which each begins."""

    number: Ints
    day: Ints

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True, slots=True)
class Steps:
    """The payments of cases, flat: `row` is the case's index, `step` counts from 0 within the case up to `size`."""

    row: Ints
    step: Ints
    number: Ints
    day: Ints
    size: Ints

    def of(self, per_case: Ints) -> Ints:
        """Return a case's whole number for each of its payments."""
        return per_case[self.row]

    def running(self, gaps: Floats) -> Floats:
        """Return the running sum of `gaps` within each case, 0 at its first payment.

        >>> expand(Cases(np.arange(2), np.arange(2)), np.array([3, 2])).running(np.full(5, 7.0)).tolist()
        [0.0, 7.0, 14.0, 0.0, 7.0]
        """
        gaps = np.where(self.step == 0, 0.0, gaps)
        total = np.cumsum(gaps)
        before = total[self.step == 0]
        running: Floats = total - before[self.row]
        return running


def expand(cases: Cases, sizes: Ints) -> Steps:
    """Return `sizes[i]` payments for case i, every size at least 1."""
    row = np.repeat(np.arange(len(cases)), sizes)
    first = np.cumsum(sizes) - sizes
    step = np.arange(len(row)) - first[row]
    return Steps(row, step, cases.number[row], cases.day[row], sizes[row])
