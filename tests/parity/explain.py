"""Why a decision differs between the recorded order and the file's: something came later than its time says.

A payment sees what came before it and is of an earlier time. By event time that is all that is of an earlier time; in
the recorded order it lacks what was worked after it all the same. So every difference needs, on its payer's or its
payee's account, a payment or verdict that was worked after one of a later time. The two are told apart: a verdict is
copied into the payments' log when it arrives, behind whatever waits there. And one on a payment that was rejected is
known to the workers alone: a file has labels of its rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from replay.recorded import NO_PLACE, read_recorded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from features.transaction import Transaction, Verdict

#: Order in its log, event or label time.
Worked = tuple[int, int]


PAYEE = "payments to or by one payee, from two payer partitions, were worked in another order than their times"
PAYER = "a payment of the payer arrived after one of a later time"
REJECTED = "a verdict on the payer's or payee's payments is of one that was rejected, for which the file has no row"
VERDICT = "a verdict on the payer's or payee's payments arrived behind payments of after it was known"
UNEXPLAINED = "unexplained"


def explain(export: Path, differing: Mapping[str, Collection[str]]) -> Counter[str]:
    """Count differing payments by what explains them; UNEXPLAINED stands for a fault of ours.

    `differing` says by transaction id which features differ; a verdict explains those that are made of verdicts.
    """
    paid, judged = _Accounts(), _Accounts()
    payments: dict[str, Transaction] = {}
    verdicts_said: list[Verdict] = []
    for row, place, verdicts in read_recorded(export):
        txn = row.transaction
        payments[txn.transaction_id] = txn
        paid.payers[txn.payer_vpa].append((place.payer_offset, txn.event_time_ms))
        paid.payees[txn.payee_vpa].append((place.payee_order, txn.event_time_ms))
        paid.payees[txn.payer_vpa].append((place.debit_order, txn.event_time_ms))
        for placed in verdicts:
            known_ms = placed.verdict.label_time_ms
            judged.payers[placed.verdict.payer_vpa].append((placed.payer_offset, known_ms))
            judged.payees[placed.verdict.payee_vpa].append((placed.payee_order, known_ms))
            verdicts_said.append(placed.verdict)
    of_payments, of_all = paid.overtaken(), paid.with_others(judged).overtaken()
    rejected = _Late(set(), set())
    for verdict in verdicts_said:
        if verdict.transaction_id not in payments:
            rejected.payers.add(verdict.payer_vpa)
            rejected.payees.add(verdict.payee_vpa)
    return Counter(
        _reason(payments[identity], names, of_payments, of_all, rejected) for identity, names in differing.items()
    )


def _reason(txn: Transaction, features: Collection[str], of_payments: _Late, of_all: _Late, rejected: _Late) -> str:
    if not of_verdicts(features):
        if txn.payee_vpa in of_payments.payees:
            return PAYEE
        if txn.payer_vpa in of_payments.payers:
            return PAYER
    for late, reason in ((rejected, REJECTED), (of_all, VERDICT)):
        if txn.payer_vpa in late.payers or txn.payee_vpa in late.payees:
            return reason
    return UNEXPLAINED


def of_verdicts(features: Collection[str]) -> bool:
    """Tell whether all of these features are made of verdicts."""
    return bool(features) and all("fraud" in name or "judged" in name or "verdict" in name for name in features)


class _Late(NamedTuple):
    """Accounts on which something was worked after something of a later, or the same, time."""

    payers: set[str]
    payees: set[str]


class _Accounts:
    """What was worked on each account."""

    def __init__(self) -> None:
        self.payers: dict[str, list[Worked]] = defaultdict(list)
        self.payees: dict[str, list[Worked]] = defaultdict(list)

    def with_others(self, others: _Accounts) -> _Accounts:
        """Return both together."""
        both = _Accounts()
        for one in (self, others):
            for account, worked in one.payers.items():
                both.payers[account] += worked
            for account, worked in one.payees.items():
                both.payees[account] += worked
        return both

    def overtaken(self) -> _Late:
        """Return who was overtaken."""
        return _Late(_overtaken(self.payers), _overtaken(self.payees))


def _overtaken(accounts: dict[str, list[Worked]]) -> set[str]:
    """Return the accounts on which something was worked after something of a later, or the same, time."""
    found = set()
    for account, worked in accounts.items():
        newest_ms = -1
        for order, time_ms in sorted(worked):
            if order != NO_PLACE and time_ms < newest_ms:
                found.add(account)
                break
            newest_ms = max(newest_ms, time_ms)
    return found
