"""Reads a record of `transactions`: a payment, a verdict or a warm-up payment, told apart by a header, or none."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.ports import KIND_HEADER, KIND_VERDICT, KIND_WARM_UP
from features.errors import RejectedTransaction
from features.transaction import Transaction, Verdict, parse_transaction, parse_verdict

if TYPE_CHECKING:
    from agents.names import Name, Names
    from agents.ports import Record

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Parsed:
    """One record, read: what it is and whose, or why it is rejected.

    `event_time_ms` is None where it has no say in time: a verdict, a rejection, and a warm-up payment, which decides
    nothing and leaves the same state whichever partition's comes first (a payer's own keep their order).
    """

    record: Record
    content: Transaction | Verdict | RejectedTransaction
    payer: Name | None = None
    payee: Name | None = None
    warm_up: bool = False

    @property
    def event_time_ms(self) -> int | None:
        if self.warm_up or not isinstance(self.content, Transaction):
            return None
        return self.content.event_time_ms


def parse(record: Record, names: Names) -> Parsed:
    """Return what a record is; never raises for what it holds."""
    headers = record.headers
    kind = next((value for name, value in headers if name == KIND_HEADER), None) if headers else None
    try:
        content: Transaction | Verdict
        if kind == KIND_VERDICT:
            content = parse_verdict(record.value, record.timestamp)
        else:
            content = parse_transaction(record.value, record.timestamp, names.vpa)
        payer, payee = names.find(content.payer_vpa, "payer_vpa"), names.find(content.payee_vpa, "payee_vpa")
        return Parsed(record, content, payer, payee, kind == KIND_WARM_UP)
    except RejectedTransaction as exc:
        return Parsed(record, exc)
    except (MemoryError, OSError):
        raise
    except Exception as exc:
        logger.exception("record @%d cannot be read", record.offset)
        return Parsed(record, RejectedTransaction("internal_error", f"{type(exc).__name__} while reading the record"))
