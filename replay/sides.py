"""The two halves of a replay apart: payers in their order, payees in theirs, as the two stages work.

`replay.engine` runs both at once, which is right where every log had the same order. The recorded order has two, and a
replay on several processes splits accounts of both sides; these need the halves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from features import payee, payer
from features.transaction import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from features.payee import PayeeState
    from features.payer import PayerState
    from features.transaction import Transaction

    Record = Transaction | Verdict


class PayerSide:
    """Accounts as payers, in memory."""

    def __init__(self) -> None:
        self.states: dict[str, PayerState] = {}
        self.duplicates = 0
        self.conflicts = 0

    def feed(self, records: Sequence[Record]) -> list[list[float] | None]:
        """Fold records; return the payer's features of each payment, none for a verdict, None for a repeat."""
        return [self._feed(record) for record in records]

    def _feed(self, record: Record) -> list[float] | None:
        state = self.states.get(record.payer_vpa)
        if state is None:
            state = payer.empty()
        if isinstance(record, Verdict):
            self.states[record.payer_vpa] = payer.fold_verdict(state, record)
            return []
        seen = payer.seen_before(state, record)
        if seen is not payer.Seen.NEW:
            self.duplicates += seen is payer.Seen.SAME
            self.conflicts += seen is payer.Seen.CONFLICT
            return None
        features = payer.read(state, record)
        self.states[record.payer_vpa] = payer.fold(state, record)
        return features


class PayeeSide:
    """Accounts as payees, in memory."""

    def __init__(self) -> None:
        self.states: dict[str, PayeeState] = {}

    def feed(self, records: Sequence[Record], payer_rows: Sequence[list[float]]) -> list[list[float]]:
        """Fold records that the payer's side accepted; return the whole row of each payment, none for a verdict."""
        return [self._feed(record, row) for record, row in zip(records, payer_rows, strict=True)]

    def _feed(self, record: Record, payer_row: list[float]) -> list[float]:
        state = self.states.get(record.payee_vpa)
        if state is None:
            state = payee.empty()
        if isinstance(record, Verdict):
            self.states[record.payee_vpa] = payee.fold_verdict(state, record)
            return []
        row = payer_row + payee.read(state, record)
        self.states[record.payee_vpa] = payee.fold(state, record)
        return row
