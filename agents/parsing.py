"""Reads a record of `transactions`: a payment, a verdict or a warm-up payment, told apart by a header, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.ports import KIND_HEADER, KIND_VERDICT, KIND_WARM_UP
from features.errors import RejectedTransaction
from features.transaction import Transaction, Verdict, parse_transaction, parse_verdict

if TYPE_CHECKING:
    from agents.ports import Record


@dataclass(slots=True)
class Parsed:
    """One record, read: what it is, or why it is rejected.

    `event_time_ms` is None where it has no say in time: a verdict, a rejection, and a warm-up payment, which decides
    nothing and leaves the same state whichever partition's comes first (a payer's own keep their order).
    """

    record: Record
    content: Transaction | Verdict | RejectedTransaction
    warm_up: bool = False

    @property
    def event_time_ms(self) -> int | None:
        if self.warm_up or not isinstance(self.content, Transaction):
            return None
        return self.content.event_time_ms


def parse(record: Record) -> Parsed:
    """Return what a record is; never raises for what it holds."""
    kind = next((value for name, value in record.headers if name == KIND_HEADER), None)
    try:
        if kind == KIND_VERDICT:
            return Parsed(record, parse_verdict(record.value, record.timestamp))
        return Parsed(record, parse_transaction(record.value, record.timestamp), warm_up=kind == KIND_WARM_UP)
    except RejectedTransaction as exc:
        return Parsed(record, exc)
