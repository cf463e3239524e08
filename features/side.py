"""One side of payments, payer or payee, as everybody calls it: states are bytes, folded a part at a time.

`process` is what stages and replay call: bytes of a part's accounts in, a row per payment and new bytes out, with all
of the work between compiled. The functions for one payment (`read`, `fold`, ...) are `process` of a part of one.
Not for several threads at once: a side has one arena.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from features import expiry
from features.arena import load_accounts, shrink_accounts, store_accounts
from features.blocks import blocks, renumber, renumbered
from features.errors import StateCodecError
from features.events import debit_event, payment_event, to_events, verdict_event
from features.fields import check_kept_ranges
from features.hashing import party_hash
from features.idle import put_kept, take_kept, without_idle_debits
from features.layout import NEVER, new_arena
from features.packing import VERSION, bytes_max
from features.pieces import cut
from features.processed import Lane, Processed
from features.summary import summarise
from features.words import WORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from features.events import Events
    from features.sketch import Shape
    from features.transaction import Transaction, Verdict

# Outcomes of `process`.
NEW = 0
SAME = 1
CONFLICT = 2

_ARENA_MIN = 64


class Seen(Enum):
    """Whether a payment was folded before: never, with the same content, or with another."""

    NEW = NEW
    SAME = SAME
    CONFLICT = CONFLICT


class Side:
    """Payers or payees: their kernel, the width of their rows, and room to work in."""

    def __init__(
        self, name: str, shape: Shape, width: int, run: Callable[..., int], *, verdicts: int, has_keys: bool
    ) -> None:
        self.name = name
        self.width = width
        self.verdicts = verdicts
        self._shape = shape
        self._run = run
        self._bytes_max = bytes_max(shape, verdicts, has_keys=has_keys)
        self._arena = new_arena(_ARENA_MIN)
        self._room = np.empty(_ARENA_MIN * self._bytes_max + WORD_BYTES, np.uint8)

    def empty(self) -> bytes:
        """Return the state of an account never seen."""
        return b""

    def process(self, states: Sequence[bytes], events: Events, watermark_ms: int = NEVER) -> Processed:
        """Read and fold events in order; each names its account by its place in `states`.

        `watermark_ms` is the newest event time that was accepted before: what cannot be read any more as of it is
        given up first, so that no answer tells whether a sweep came by.

        Raises StateCodecError for bytes that are no account of this version.
        """
        return self.process_lanes(states, events, [Lane(len(events), watermark_ms)])

    def process_lanes(self, states: Sequence[bytes], events: Events, lanes: Sequence[Lane]) -> Processed:
        """Do what `process` does for the events of several partitions, one behind the other; they share no account."""
        kept = without_idle_debits(states, events)
        return self._process(states, events, lanes) if kept is None else self._some(states, events, kept, lanes)

    def _process(self, states: Sequence[bytes], events: Events, lanes: Sequence[Lane]) -> Processed:
        rows, outcomes = np.empty((len(events), self.width)), np.empty(len(events), np.int64)
        after, newest_ms = list(states), [lane.watermark_ms for lane in lanes]
        for block in blocks(lanes):
            begin, end = block[0].begin, block[-1].end
            whole = end - begin == len(events)
            places, own = (range(len(states)), events) if whole else renumbered(events[begin:end])
            self.load([after[place] for place in places])
            for lane, start, stop in block:
                run = own[start - begin : stop - begin], rows[start:stop], outcomes[start:stop], newest_ms[lane]
                newest_ms[lane] = int(self._run(self._arena, *run))
            for place, state in zip(places, self._stored(len(places)), strict=True):
                after[place] = state
        return Processed(rows, outcomes, after, newest_ms)

    def _some(
        self, states: Sequence[bytes], events: Events, kept: NDArray[np.bool_], lanes: Sequence[Lane]
    ) -> Processed:
        """Process those of the events that may change anything, and give back the other accounts as they were."""
        some, ends = take_kept(events, kept, np.array([lane.end for lane in lanes], np.int64))
        places = renumber(some).tolist()
        fewer = [Lane(end, lane.watermark_ms) for end, lane in zip(ends.tolist(), lanes, strict=True)]
        done = self._process([states[place] for place in places], some, fewer)
        rows, outcomes, after = np.empty((len(events), self.width)), np.empty(len(events), np.int64), list(states)
        put_kept(kept, (done.rows, done.outcomes), rows, outcomes)
        for place, state in zip(places, done.states, strict=True):
            after[place] = state
        return Processed(rows, outcomes, after, done.watermarks_ms)

    def load(self, states: Sequence[bytes]) -> NDArray[np.int64]:
        """Unpack states and return the arena that holds them, until the next call."""
        count = len(states)
        if count > len(self._arena):
            # 20 KiB an account: no more than a block has, which comes at the latest in a first backlog.
            self._arena = new_arena(count)
            self._room = np.empty(count * self._bytes_max + WORD_BYTES, np.uint8)
        ends = np.fromiter(map(len, states), np.int64, count).cumsum()
        wrong = load_accounts(
            np.frombuffer(b"".join(states) + bytes(WORD_BYTES), np.uint8), ends, self._shape, self._arena
        )
        if wrong >= 0:
            got = states[wrong]
            raise StateCodecError(
                f"needed a {self.name} state of version {VERSION}, got {len(got)} bytes of version {got[0]}: run the "
                "version that wrote it, or, if it is damaged, delete the table directory: it is restored from the log"
            )
        return self._arena

    def _stored(self, count: int) -> list[bytes]:
        ends = np.empty(count, np.int64)
        store_accounts(self._arena, self._shape, self._room, ends)
        return cut(self._room, ends)

    def read(self, state: bytes, txn: Transaction) -> list[float]:
        """Return this side's features of a payment from what came before it; changes nothing."""
        row: list[float] = self._one(state, txn).rows[0].tolist()
        return row

    def fold(self, state: bytes, txn: Transaction) -> bytes:
        """Return the state with a payment taken in; a repeat changes nothing.

        Raises ValueError for a payment outside the ranges that parsing guarantees.
        """
        check_kept_ranges(txn.event_time_ms, txn.amount_paise)
        return self._one(state, txn).states[0]

    def seen_before(self, state: bytes, txn: Transaction) -> Seen:
        """Tell whether the state has folded this payment's id, and whether with the same content."""
        return Seen(int(self._one(state, txn).outcomes[0]))

    def fold_debit(self, state: bytes, txn: Transaction) -> bytes:
        """Return a payee's state with a payment by the account itself taken in; most change nothing."""
        return self.process([state], to_events([debit_event(txn, 0)])).states[0]

    def fold_verdict(self, state: bytes, verdict: Verdict) -> bytes:
        """Return the state with a verdict taken in; the same verdict again changes nothing."""
        return self.process([state], to_events([verdict_event(verdict, 0, self._other(verdict))])).states[0]

    def shrink(self, state: bytes, now_ms: int) -> bytes:
        """Return the state without what can be read no more at `now_ms`, the newest event time."""
        expiry.shrink(self.load([state])[0], now_ms)
        return self._stored(1)[0]

    def shrink_all(self, states: Sequence[bytes], now_ms: int) -> list[bytes]:
        """Return states without what can be read no more at `now_ms`; `empty()` where nothing is left."""
        self.load(states)
        shrink_accounts(self._arena, len(states), now_ms)
        return self._stored(len(states))

    def may_vanish(self, state: bytes, now_ms: int) -> bool:
        """Tell whether nothing of the state can be read any more: its record may be deleted."""
        return bool(expiry.may_vanish(self.load([state])[0], now_ms))

    def summary(self, state: bytes, now_ms: int) -> dict[str, Any]:
        """Return windows at `now_ms` and the newest payments, for people; the other side in them is a hash."""
        return summarise(self.load([state])[0], self._shape, now_ms, "payee" if self.name == "payer" else "payer")

    def _one(self, state: bytes, txn: Transaction) -> Processed:
        return self.process([state], to_events([payment_event(txn, 0, self._other(txn))]))

    def _other(self, record: Transaction | Verdict) -> int:
        return party_hash(record.payee_vpa if self.name == "payer" else record.payer_vpa)
