"""What the logs imply, by lists and scans: no parser, window, codec, cache or offset of the engine is used.

`transactions` is taken as recorded; what is good is known from the load's header. The order in which payee partitions
took payments in is read from `transactions-by-payee`, the one thing that only the engine's own log says.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from agents.ports import KIND_HEADER, KIND_VERDICT
from tests.chaos.load import DAY_MS, EXPECT, GOOD
from tests.features.oracle import NaiveAccount

if TYPE_CHECKING:
    from collections.abc import Iterable

Place = tuple[int, int]
"""Partition and offset in `transactions`."""

FORGET_IDS_MS = 31 * DAY_MS
LATE_MS = 30 * DAY_MS
WINDOW_MS = 30 * DAY_MS
EXACT_BEHIND_MS = 14 * DAY_MS


@dataclass(frozen=True)
class Payment:
    """A payment as plain values; equal means the same content."""

    transaction_id: str
    event_time_ms: int
    amount_paise: int
    payer_vpa: str
    payee_vpa: str
    device_id: str | None
    payee_type: str | None
    txn_type: str | None
    status: str | None


@dataclass(frozen=True)
class Judged:
    """A verdict as plain values."""

    transaction_id: str
    event_time_ms: int
    amount_paise: int
    payer_vpa: str
    payee_vpa: str
    is_fraud: bool
    label_time_ms: int


@dataclass
class Account:
    """One side of one account: its payments and verdicts, and the ids it has seen."""

    side: str
    payments: NaiveAccount = field(init=False)
    ids: dict[str, Payment] = field(default_factory=dict)
    far_late_ms: list[int] = field(default_factory=list)
    newest_ms: int | None = None

    def __post_init__(self) -> None:
        self.payments = NaiveAccount(self.side)

    def judge(self, verdict: Judged) -> None:
        """Take a verdict in unless the nearest one before or after it on the same payment says the same."""
        mark = (verdict.label_time_ms, verdict.is_fraud)
        same = sorted(
            (known.label_time_ms, known.is_fraud)
            for known in self.payments.verdicts
            if known.transaction_id == verdict.transaction_id
        )
        before = [fraud for time_ms, fraud in same if (time_ms, fraud) <= mark][-1:]
        after = [fraud for time_ms, fraud in same if (time_ms, fraud) > mark][:1]
        if verdict.is_fraud in before + after or (not verdict.is_fraud and not before):
            return
        self.payments.fold_verdict(verdict)  # type: ignore[arg-type]  # the same names

    def row(self, payment: Payment) -> list[float]:
        """Return this side's features."""
        return self.payments.read(payment)  # type: ignore[arg-type]  # as above

    def debit(self, payment: Payment) -> None:
        """Take in a payment by the account itself."""
        self.payments.fold_debit(payment)  # type: ignore[arg-type]  # as above

    def sees_far_late(self, payment: Payment) -> bool:
        """Whether windows hold one so late that what came before it, and so whether its party was new, is forgotten."""
        end_ms = payment.event_time_ms
        return any(end_ms - WINDOW_MS <= time_ms < end_ms for time_ms in self.far_late_ms)

    def pay(self, payment: Payment, *, in_time: bool) -> None:
        """Take a payment in."""
        self.payments.fold(payment)  # type: ignore[arg-type]  # as above
        if not in_time:
            self.far_late_ms.append(payment.event_time_ms)
        self.newest_ms = max(payment.event_time_ms, self.newest_ms or 0)


@dataclass
class Wanted:
    """What a decision has to say; `exact` is False where windows are only approximate, far out of order."""

    payment: Payment
    late: bool
    row: list[float]
    exact: bool


@dataclass
class Truth:
    """What the logs imply."""

    payments: dict[Place, Wanted] = field(default_factory=dict)
    verdicts: dict[Place, Judged] = field(default_factory=dict)
    rejected: set[tuple[str, int, int]] = field(default_factory=set)
    conflicts: set[tuple[str, int, int]] = field(default_factory=set)
    order: dict[int, list[Place]] = field(default_factory=lambda: defaultdict(list))
    newest_ms: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))

    def in_time(self, side: str, partition: int, payment: Payment) -> bool:
        """Whether a payment is in time enough for windows to be exact; tells the partition of it."""
        newest_ms = max(self.newest_ms[side, partition], payment.event_time_ms)
        self.newest_ms[side, partition] = newest_ms
        return newest_ms - payment.event_time_ms <= EXACT_BEHIND_MS


def find_truth(transactions: Iterable[Any], labels: Iterable[Any], order: Iterable[tuple[int, Place, bool]]) -> Truth:
    """Fold both sides of every account; `order` gives payee partition, place and whether as a debit, with repeats."""
    truth = Truth()
    for record in labels:
        if dict(record.headers)[EXPECT] != GOOD:
            truth.rejected.add(("labels", record.partition, record.offset))
    payers: dict[tuple[int, str], Account] = {}
    for record in transactions:
        _take_payer(record, payers, truth)
    payees: dict[tuple[int, str], Account] = {}
    done: set[Place] = set()
    debited: set[Place] = set()
    for partition, place, as_debit in order:
        if place not in (debited if as_debit else done):
            (debited if as_debit else done).add(place)
            _take_payee(partition, place, payees, truth, as_debit=as_debit)
    paid = {place for place, wanted in truth.payments.items() if wanted.payment.status != "FAILED"}
    assert paid == debited, f"debits without a payment, or payments without: {sorted(paid ^ debited)[:3]}"
    missing = (truth.payments.keys() | truth.verdicts.keys()) - done
    assert not missing, f"{len(missing)} accepted records never reached a payee, such as {sorted(missing)[:3]}"
    return truth


def _take_payer(record: Any, payers: dict[tuple[int, str], Account], truth: Truth) -> None:
    place, headers = (record.partition, record.offset), dict(record.headers)
    if headers.get(KIND_HEADER) == KIND_VERDICT:
        verdict = _verdict(record.value)
        _account(payers, record.partition, verdict.payer_vpa, "payer").judge(verdict)
        truth.verdicts[place] = verdict
        return
    if headers[EXPECT] != GOOD:
        truth.rejected.add(("transactions", *place))
        return
    payment = _payment(record.value)
    account = _account(payers, record.partition, payment.payer_vpa, "payer")
    if account.newest_ms is not None and payment.event_time_ms - account.newest_ms > FORGET_IDS_MS:
        account.ids.clear()
    before = account.ids.get(payment.transaction_id)
    if before is None:
        row, in_time = account.row(payment), truth.in_time("payer", record.partition, payment)
        exact = in_time and not account.sees_far_late(payment)
        account.pay(payment, in_time=in_time)
        account.ids[payment.transaction_id] = payment
        truth.payments[place] = Wanted(payment, record.timestamp - payment.event_time_ms > LATE_MS, row, exact)
    elif before != payment:
        truth.conflicts.add(("transactions", *place))


def _take_payee(
    partition: int, place: Place, payees: dict[tuple[int, str], Account], truth: Truth, *, as_debit: bool
) -> None:
    if as_debit:
        payment = truth.payments[place].payment
        _account(payees, partition, payment.payer_vpa, "payee").debit(payment)
        return
    verdict = truth.verdicts.get(place)
    if verdict is not None:
        _account(payees, partition, verdict.payee_vpa, "payee").judge(verdict)
        return
    wanted = truth.payments[place]
    account = _account(payees, partition, wanted.payment.payee_vpa, "payee")
    wanted.row += account.row(wanted.payment)
    in_time = truth.in_time("payee", partition, wanted.payment)
    wanted.exact &= in_time and not account.sees_far_late(wanted.payment)
    account.pay(wanted.payment, in_time=in_time)
    truth.order[partition].append(place)


def _account(accounts: dict[tuple[int, str], Account], partition: int, vpa: str, side: str) -> Account:
    return accounts.setdefault((partition, vpa), Account(side))


def _payment(value: bytes) -> Payment:
    fields = json.loads(value)
    when = fields["event_time"]
    if isinstance(when, str):
        when = round(datetime.fromisoformat(when).timestamp() * 1000)
    return Payment(
        fields["transaction_id"],
        when,
        round(float(fields["amount"]) * 100),
        fields["payer_vpa"].lower(),
        fields["payee_vpa"].lower(),
        *(fields.get(name) for name in ("device_id", "payee_type", "txn_type", "status")),
    )


def _verdict(value: bytes) -> Judged:
    fields = json.loads(value)
    return Judged(
        fields["transaction_id"],
        fields["event_time"],
        round(float(fields["amount"]) * 100),
        fields["payer_vpa"],
        fields["payee_vpa"],
        fields["is_fraud"],
        fields["label_time"],
    )
