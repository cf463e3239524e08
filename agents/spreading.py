"""Where what the payer stage computed goes, compiled: each payment to its payee, and to its payer's account as a debit.

A debit says when and how much, and nothing else; where payer and payee are of one partition the payment says it itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.bundle import Kind
from features.compiled import compiled, compiled_making_arrays
from features.events import AMOUNT_PAISE, BITS, BOTH_BIT, COLUMNS, DEBIT, KIND, PARTY, TIME_MS, pays
from features.side import CONFLICT, SAME

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.events import Events

_KIND_DEBIT = int(Kind.DEBIT)


@compiled_making_arrays
def spread(  # noqa: PLR0917 - compiled code takes its arrays one by one
    order: NDArray[np.int64],
    event_of: NDArray[np.int64],
    events: Events,
    outcomes: NDArray[np.int64],
    payer_homes: NDArray[np.int64],
    payee_homes: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Return the items of each payee partition, in order: of which record each is, whether a debit, and where they end.

    `order` [n] names records as they go on, `event_of` [n] is which event a record is, -1 for none. Sets `BOTH_BIT`.
    """
    ends = np.zeros(max(_largest(payer_homes), _largest(payee_homes)) + 2, np.int64)
    for record in range(len(event_of)):
        event = event_of[record]
        if _counts(event, outcomes):
            ends[payee_homes[record] + 1] += 1
            if pays(events[event]):
                if payer_homes[record] == payee_homes[record]:
                    events[event, BITS] |= BOTH_BIT
                else:
                    ends[payer_homes[record] + 1] += 1
    for partition in range(1, len(ends)):
        ends[partition] += ends[partition - 1]
    records, debits = np.empty(ends[-1], np.int64), np.zeros(ends[-1], np.bool_)
    for record in order:
        event = event_of[record]
        if _counts(event, outcomes):
            place = ends[payee_homes[record]]
            records[place] = record
            ends[payee_homes[record]] += 1
            if pays(events[event]) and payer_homes[record] != payee_homes[record]:
                place = ends[payer_homes[record]]
                records[place], debits[place] = record, True
                ends[payer_homes[record]] += 1
    return records, debits, ends[:-1]


@compiled
def _largest(numbers: NDArray[np.int64]) -> int:
    largest = -1
    for number in numbers:
        largest = max(largest, number)
    return largest


@compiled
def _counts(event: int, outcomes: NDArray[np.int64]) -> bool:
    """Tell whether a record can be read and is neither a repeat nor in conflict."""
    return bool(event >= 0 and outcomes[event] != SAME and outcomes[event] != CONFLICT)


@compiled_making_arrays
def items_of(  # noqa: PLR0917 - compiled code takes its arrays one by one
    at: tuple[NDArray[np.int64], NDArray[np.bool_]],
    event_of: NDArray[np.int64],
    events: Events,
    rows: NDArray[np.float64],
    parties: NDArray[np.int64],
    kinds: NDArray[np.int8],
) -> tuple[Events, NDArray[np.int8], NDArray[np.float64], NDArray[np.int64]]:
    """Return the tables of items `at` = (records, debits): events, kinds, rows of all but debits, rows up to each item.

    `parties` and `kinds` [n] are of records.
    """
    records, debits = at
    items, item_kinds = np.zeros((len(records), COLUMNS), np.int64), np.empty(len(records), np.int8)
    kept, row_ends = np.empty((len(records), rows.shape[1])), np.empty(len(records), np.int64)
    count = 0
    for place in range(len(records)):
        record = records[place]
        event = event_of[record]
        items[place, TIME_MS], items[place, AMOUNT_PAISE] = events[event, TIME_MS], events[event, AMOUNT_PAISE]
        if debits[place]:
            items[place, KIND], item_kinds[place] = DEBIT, _KIND_DEBIT
        else:
            items[place] = events[event]
            items[place, PARTY], item_kinds[place] = parties[record], kinds[record]
            kept[count] = rows[event]
            count += 1
        row_ends[place] = count
    return items, item_kinds, kept, row_ends
