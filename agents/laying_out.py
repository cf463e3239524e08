"""Lays out the items of a part of the payee stage, compiled: what happened to whom, and what is to be decided.

A payment with `BOTH_BIT` becomes two events: the payment, then the debit of its payer's account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from agents.bundle import Kind
from features.compiled import compiled, compiled_making_arrays
from features.events import AMOUNT_PAISE, BITS, BOTH_BIT, COLUMNS, DEBIT, KIND, PAYMENT, TIME_MS
from features.wire_spans import PAYEE, PAYER, SPANS, find_spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.events import Events
    from features.wire_json import Bytes

_PAYMENT, _LATE, _DEBIT = int(Kind.PAYMENT), int(Kind.LATE), int(Kind.DEBIT)

# The columns of `LaidOut.decided`.
BEGIN, END, OFFSET, AT_MS, PAISE, EVENT, ROW = range(7)
_DECIDED = 7


class Items(NamedTuple):
    """Items one behind the other, as their bundles have them; n of each but `contents`.

    `ends` are counted within each bundle, whose items end at `bundle_ends`.
    """

    contents: Bytes
    ends: NDArray[np.int64]
    bundle_ends: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    sources: NDArray[np.int32]
    offsets: NDArray[np.int64]
    events: Events


class LaidOut(NamedTuple):
    """What items came to: m events with where in the contents each one's account is, and d payments to decide.

    Of a partition, events and payments end at `lane_ends` [p, 2]; `decided` [7, d] are columns of numbers, `spans`
    [d, SPANS] where their texts are.
    """

    events: Events
    accounts: NDArray[np.int64]
    lane_ends: NDArray[np.int64]
    decided: NDArray[np.int64]
    spans: NDArray[np.int64]
    sources: NDArray[np.int32]
    late: NDArray[np.bool_]


def lay_out(items: Items, item_ends: NDArray[np.int64]) -> LaidOut:
    """Return what items came to; those of the partition at a place end where `item_ends` says."""
    return LaidOut(*_lay_out(*items, item_ends))


@compiled_making_arrays
def _lay_out(  # noqa: PLR0917 - compiled code takes its arrays one by one
    contents: Bytes,
    ends: NDArray[np.int64],
    bundle_ends: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    sources: NDArray[np.int32],
    offsets: NDArray[np.int64],
    items: Events,
    item_ends: NDArray[np.int64],
) -> tuple[
    Events,
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.int32],
    NDArray[np.bool_],
]:
    whole_ends, spans = np.empty(len(ends), np.int64), np.empty((len(ends), SPANS), np.int64)
    _add_up(ends, bundle_ends, whole_ends)
    find_spans(contents, whole_ends, spans)
    debits, decisions = _count(items, kinds)
    events, accounts = np.empty((len(items) + debits, COLUMNS), np.int64), np.empty((len(items) + debits, 2), np.int64)
    decided, own_spans = np.empty((_DECIDED, decisions), np.int64), np.empty((decisions, SPANS), np.int64)
    own_sources, late = np.empty(decisions, np.int32), np.empty(decisions, np.bool_)
    lane_ends = np.empty((len(item_ends), 2), np.int64)
    event = chosen = row = item = 0
    for lane in range(len(item_ends)):
        while item < item_ends[lane]:
            if kinds[item] in (_PAYMENT, _LATE):
                own_spans[chosen], own_sources[chosen], late[chosen] = spans[item], sources[item], kinds[item] == _LATE
                decided[BEGIN, chosen], decided[END, chosen] = whole_ends[item - 1] if item else 0, whole_ends[item]
                decided[OFFSET, chosen], decided[EVENT, chosen], decided[ROW, chosen] = offsets[item], event, row
                decided[AT_MS, chosen], decided[PAISE, chosen] = items[item, TIME_MS], items[item, AMOUNT_PAISE]
                chosen += 1
            row += kinds[item] != _DEBIT
            event = _put_events(items[item], spans[item], events, accounts, event)
            item += 1
        lane_ends[lane, 0], lane_ends[lane, 1] = event, chosen
    return events, accounts, lane_ends, decided, own_spans, own_sources, late


@compiled
def _add_up(ends: NDArray[np.int64], bundle_ends: NDArray[np.int64], whole_ends: NDArray[np.int64]) -> None:
    """Turn ends within each bundle into ends among all contents."""
    item = before = 0
    for bundle in range(len(bundle_ends)):
        while item < bundle_ends[bundle]:
            whole_ends[item] = before + ends[item]
            item += 1
        before = whole_ends[item - 1] if item else 0


@compiled
def has_both(event: Events) -> bool:
    """Tell whether the debit of a payment's payer's account follows it."""
    return bool(event[KIND] == PAYMENT and event[BITS] & BOTH_BIT != 0)


@compiled
def _count(items: Events, kinds: NDArray[np.uint8]) -> tuple[int, int]:
    """Return how many debits follow payments, and how many payments are to be decided."""
    debits = decisions = 0
    for item in range(len(items)):
        debits += has_both(items[item])
        decisions += kinds[item] in (_PAYMENT, _LATE)
    return debits, decisions


@compiled
def count_both(items: Events) -> int:
    """Return how many debits follow payments."""
    count = 0
    for item in range(len(items)):
        count += has_both(items[item])
    return count


@compiled
def _put_events(item: Events, span: NDArray[np.int64], events: Events, accounts: NDArray[np.int64], at: int) -> int:
    """Write the events of an item from a place on; return the place behind."""
    for column in range(COLUMNS):
        events[at, column] = item[column]
    accounts[at, 0], accounts[at, 1] = span[PAYEE], span[PAYEE + 1]
    if not has_both(item):
        return at + 1
    for column in range(COLUMNS):
        events[at + 1, column] = item[column]
    events[at + 1, KIND] = DEBIT
    accounts[at + 1, 0], accounts[at + 1, 1] = span[PAYER], span[PAYER + 1]
    return at + 2


@compiled
def join_rows(
    payer_rows: NDArray[np.float64],
    payee_rows: NDArray[np.float64],
    decided: NDArray[np.int64],
    rows: NDArray[np.float64],
) -> None:
    """Fill whole rows, the payer's features and then the payee's, of the payments of `LaidOut.decided`."""
    width = payer_rows.shape[1]
    for at in range(len(rows)):
        for column in range(width):
            rows[at, column] = payer_rows[decided[ROW, at], column]
        for column in range(payee_rows.shape[1]):
            rows[at, width + column] = payee_rows[decided[EVENT, at], column]
