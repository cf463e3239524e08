"""Reads the records of a chunk of `transactions` as columns: payments, verdicts, warm-up payments, and what is none.

A header tells them apart. Payments as most writers write them are read all at once (`features.wire_batch`); the others
one by one, by the function that judges what is wrong with a record. Both give the same columns.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from agents.bundle import Kind
from agents.headers import kinds_of
from features import wire_numbers as wire
from features.compiled import compiled_making_arrays
from features.errors import RejectedTransaction
from features.events import (
    AMOUNT_PAISE,
    BITS,
    COLUMNS,
    DEVICE,
    KEY,
    KIND,
    PARTY,
    PAYMENT,
    TIME_MS,
    payment_event,
    verdict_event,
)
from features.hashing import text_hash
from features.murmur import murmur2
from features.transaction import FUTURE_MS_MAX, LATE_MS, Transaction, parse_transaction, parse_verdict
from features.wire_batch import read_payments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from agents.places import Homes
    from agents.ports import Record
    from features.events import Events
    from features.transaction import Verdict

logger = logging.getLogger(__name__)

#: The kind of what cannot be read, or is passed over.
REJECTED = -1
#: The time of what has no say in time: a verdict and a rejection.
NO_TIME = -1
_PAYMENT, _LATE, _WARM_UP = int(Kind.PAYMENT), int(Kind.LATE), int(Kind.WARM_UP)

_encode = msgspec.msgpack.Encoder().encode


class Records:
    """n records as columns; of a rejected one only `records`, `kinds`, `times_ms` and `rejections` mean something.

    `events` [n, COLUMNS] hold the payee as the other side; `payers` are VPAs in lower case, `payer_parties` [n] their
    hashes, `payer_homes` and `payee_homes` [n] where both live as payees, `contents` the msgpack of each `Transaction`
    or `Verdict`; `rejections` says by place what is wrong, `overdue` names the places of overdue verdicts. `whole`:
    every record is to be folded, none rejected or passed over.
    """

    def __init__(self, records: Sequence[Record], homes: Homes) -> None:
        self.records = records
        count = len(records)
        self.kinds = kinds_of(records)
        self.rejections: dict[int, RejectedTransaction] = {}
        self.overdue: list[int] = []
        verdict = Kind.VERDICT
        values = [
            record.value if record.value and kind != verdict else b""
            for record, kind in zip(records, self.kinds.tolist(), strict=True)
        ]
        numbers, self.contents = read_payments(values)
        stamps_ms = np.fromiter([record.timestamp for record in records], np.int64, count)
        self.events, alone = _events_of(numbers, stamps_ms)
        spans = numbers[:, wire.PAYER_BEGIN :].tolist()
        self.payers = [content[begin:end] for content, (begin, end) in zip(self.contents, spans, strict=True)]
        for at in np.flatnonzero(alone).tolist():
            self._read_alone(at, numbers[at])
        self.whole = not self.rejections
        self.payer_parties = numbers[:, wire.PAYER_PARTY].copy()
        self.payer_homes, self.payee_homes = homes(numbers[:, wire.PAYER_HASH]), homes(numbers[:, wire.PAYEE_HASH])
        self.times_ms = _times_of(self.events, stamps_ms, self.kinds)

    @classmethod
    def of_overdue(cls, records: Sequence[Record], homes: Homes, label_times_ms: Sequence[int]) -> Records:
        """Return overdue verdicts, which have their turn in time (`agents.overdue`)."""
        read = cls(records, homes)
        read.times_ms = np.array(label_times_ms, np.int64)
        read.overdue = list(range(len(records)))
        return read

    @classmethod
    def joined(cls, pieces: Sequence[tuple[Records, int, int]]) -> Records:
        """Return the records of pieces (records, start, end), one behind the other."""
        whole, following = pieces[0][0], 0
        for read, start, end in pieces:
            following = end if read is whole and start == following else -1
        if following == len(whole):
            return whole
        joined, ends = cls.__new__(cls), np.cumsum([0] + [end - start for _, start, end in pieces]).tolist()
        joined.kinds = np.concatenate([read.kinds[start:end] for read, start, end in pieces])
        joined.times_ms = np.concatenate([read.times_ms[start:end] for read, start, end in pieces])
        joined.events = np.concatenate([read.events[start:end] for read, start, end in pieces])
        joined.records = [one for read, start, end in pieces for one in read.records[start:end]]
        joined.contents = [one for read, start, end in pieces for one in read.contents[start:end]]
        joined.payers = [one for read, start, end in pieces for one in read.payers[start:end]]
        joined.payer_parties = np.concatenate([read.payer_parties[start:end] for read, start, end in pieces])
        joined.payer_homes = np.concatenate([read.payer_homes[start:end] for read, start, end in pieces])
        joined.payee_homes = np.concatenate([read.payee_homes[start:end] for read, start, end in pieces])
        moved = [(read, start, end, by - start) for (read, start, end), by in zip(pieces, ends[:-1], strict=True)]
        joined.rejections = {
            at + by: error
            for read, start, end, by in moved
            for at, error in read.rejections.items()
            if start <= at < end
        }
        joined.whole = all(read.whole for read, _, _ in pieces)
        joined.overdue = [at + by for read, start, end, by in moved for at in read.overdue if start <= at < end]
        return joined

    def __len__(self) -> int:
        return len(self.records)

    def transaction_id(self, at: int) -> str:
        """Return the id in the content of a record that is not rejected."""
        return str(msgspec.msgpack.decode(self.contents[at])[0])

    def pass_over(self, at: int) -> None:
        """Let a record have no effect, and no rejection either."""
        self.kinds[at], self.whole = REJECTED, False

    def _read_alone(self, at: int, numbers: NDArray[np.int64]) -> None:
        """Read one record; never raises for what it holds."""
        record = self.records[at]
        try:
            if self.kinds[at] == Kind.VERDICT:
                verdict = parse_verdict(record.value, record.timestamp)
                self.events[at] = verdict_event(verdict, 0, self._put(at, verdict, numbers))
            else:
                txn = parse_transaction(record.value, record.timestamp)
                self.events[at] = payment_event(txn, 0, self._put(at, txn, numbers))
        except RejectedTransaction as exc:
            self._reject(at, exc)
        except (MemoryError, OSError):
            raise
        except Exception as exc:
            logger.exception("record @%d cannot be read", record.offset)
            self._reject(at, RejectedTransaction("internal_error", f"{type(exc).__name__} while reading the record"))

    def _put(self, at: int, content: Transaction | Verdict, numbers: NDArray[np.int64]) -> int:
        """Take a content and what its VPAs come to; return the payee's hash."""
        payer, payee = content.payer_vpa.encode(), content.payee_vpa.encode()
        self.contents[at], self.payers[at] = _encode(content), payer
        numbers[wire.PAYER_PARTY], numbers[wire.PAYER_HASH] = text_hash(payer), murmur2(payer)
        numbers[wire.PAYEE_HASH] = murmur2(payee)
        return text_hash(payee)

    def _reject(self, at: int, error: RejectedTransaction) -> None:
        self.kinds[at] = REJECTED
        self.rejections[at] = error


@compiled_making_arrays
def _events_of(numbers: NDArray[np.int64], stamps_ms: NDArray[np.int64]) -> tuple[Events, NDArray[np.bool_]]:
    """Return payments as events, and which records are to be read alone: not read yet, or of the future."""
    events, alone = np.zeros((len(numbers), COLUMNS), np.int64), np.empty(len(numbers), np.bool_)
    for at in range(len(numbers)):
        events[at, KIND] = PAYMENT
        events[at, TIME_MS], events[at, AMOUNT_PAISE] = numbers[at, wire.TIME_MS], numbers[at, wire.AMOUNT_PAISE]
        events[at, BITS], events[at, KEY] = numbers[at, wire.BITS], numbers[at, wire.KEY]
        events[at, DEVICE], events[at, PARTY] = numbers[at, wire.DEVICE], numbers[at, wire.PAYEE_PARTY]
        unread = numbers[at, wire.PAYER_BEGIN] == numbers[at, wire.PAYER_END]
        alone[at] = unread or numbers[at, wire.TIME_MS] - stamps_ms[at] > FUTURE_MS_MAX
    return events, alone


@compiled_making_arrays
def _times_of(events: Events, stamps_ms: NDArray[np.int64], kinds: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return the times of payments, warm-up ones too, `NO_TIME` for all else, and let late ones be of their kind."""
    times_ms = np.full(len(kinds), NO_TIME)
    for at in range(len(kinds)):
        if kinds[at] == _PAYMENT or kinds[at] == _WARM_UP:
            times_ms[at] = events[at, TIME_MS]
            if kinds[at] == _PAYMENT and stamps_ms[at] - times_ms[at] > LATE_MS:
                kinds[at] = _LATE
    return times_ms
