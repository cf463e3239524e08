"""Why a decision differs between the recorded order and the file's: something came later than its time says.

A payment sees what came before it and is of an earlier time. By event time that is all that is of an earlier time; in
the recorded order it lacks what was worked after it all the same. So every difference needs, on its payer's or its
payee's account, a payment or verdict that was worked after one of a later time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from replay.recorded import NO_PLACE, read_recorded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from features.transaction import Transaction

#: Order in its log, event or label time.
Worked = tuple[int, int]


def explain(export: Path, differing: Iterable[str]) -> Counter[str]:
    """Count differing payments (by id) by what explains them; `unexplained` stands for a fault of ours."""
    payers: dict[str, list[Worked]] = defaultdict(list)
    payees: dict[str, list[Worked]] = defaultdict(list)
    payments: dict[str, Transaction] = {}
    for row, place, verdicts in read_recorded(export):
        txn = row.transaction
        payments[txn.transaction_id] = txn
        payers[txn.payer_vpa].append((place.payer_offset, txn.event_time_ms))
        payees[txn.payee_vpa].append((place.payee_order, txn.event_time_ms))
        payees[txn.payer_vpa].append((place.debit_order, txn.event_time_ms))
        for placed in verdicts:
            known_ms = placed.verdict.label_time_ms
            payers[placed.verdict.payer_vpa].append((placed.payer_offset, known_ms))
            payees[placed.verdict.payee_vpa].append((placed.payee_order, known_ms))
    late_payers, late_payees = _overtaken(payers), _overtaken(payees)
    found: Counter[str] = Counter()
    for identity in differing:
        txn = payments[identity]
        if txn.payee_vpa in late_payees:
            found[
                "payments to or by one payee, from two payer partitions, were worked in another order than their times"
            ] += 1
        elif txn.payer_vpa in late_payers:
            found["a payment or verdict of the payer arrived after one of a later time"] += 1
        else:
            found["unexplained"] += 1
    return found


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
