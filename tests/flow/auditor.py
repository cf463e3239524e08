"""Says what a deployment's topics and tables had to be, from its logs alone, in the recorded order.

It takes `transactions` and the order of `transactions-by-payee` and `candidates` as recorded, folds naively with one
dictionary per table and no batches, caches or offsets of its own, and compares: decisions, alerts and final tables.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from agents.bundle import CONTROL_SOURCE, Kind, decode_bundle
from agents.control_record import compiled_rules
from agents.in_force import InForce, fold
from agents.ports import KIND_CONTROL, KIND_HEADER, KIND_VERDICT, KIND_WARM_UP, OFFSET_HEADER
from agents.run import OUTSIDE_BUDGET, decode_run
from budget.threshold import BudgetState
from features import payee, payer
from features.clock import ist_day, ist_minute
from features.errors import RejectedTransaction
from features.layout import NEVER
from features.side import Seen
from features.transaction import Transaction, is_late, parse_transaction, parse_verdict
from models.risk import combine
from models.scoring import Scorer
from tests.flow.overdue import place_of, worked_on
from tests.topics import read_topic

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Topics:
    """Everything a deployment wrote, as read back."""

    transactions: list[Any]
    bundles: list[Any]
    decisions: list[Any]
    candidates: list[Any]
    alerts: list[Any]
    rejected: list[Any]
    payers: list[Any]
    payees: list[Any]

    @classmethod
    async def read(cls, bootstrap: str, prefix: str) -> Topics:
        """Read the topics of a deployment whole."""
        names = ("transactions", "transactions-by-payee", "decisions", "candidates", "alerts", "rejected")
        tables = ("prahari-payers-changelog", "prahari-payees-changelog")
        return cls(*[await read_topic(bootstrap, prefix + name) for name in names + tables])


@dataclass
class Expected:
    """What the logs imply."""

    payer_rows: dict[tuple[int, int], tuple[Any, list[float], bool, bool]] = field(default_factory=dict)
    rejected: dict[tuple[int, int], str] = field(default_factory=dict)
    payers: dict[tuple[int, bytes], Any] = field(default_factory=dict)
    payees: dict[tuple[int, bytes], Any] = field(default_factory=dict)
    decisions: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    buckets: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    ids: dict[tuple[int, int], str] = field(default_factory=dict)
    newest_payer_ms: dict[int, int] = field(default_factory=lambda: defaultdict(lambda: NEVER))
    newest_payee_ms: dict[int, int] = field(default_factory=lambda: defaultdict(lambda: NEVER))

    def payer(self, key: tuple[int, bytes]) -> bytes:
        """Return a payer's state as it is read now: without what the partition's newest event time makes unreadable."""
        return payer.shrink(self.payers.get(key) or payer.empty(), self.newest_payer_ms[key[0]])

    def payee(self, key: tuple[int, bytes]) -> bytes:
        """Return a payee's state in the same way."""
        return payee.shrink(self.payees.get(key) or payee.empty(), self.newest_payee_ms[key[0]])


def expect(topics: Topics, scorer: Scorer) -> Expected:
    """Fold the logs naively."""
    expected = Expected()
    for record in worked_on(topics.transactions, topics.bundles):
        _payer(record, expected)
    _payees(topics, expected, scorer)
    return expected


def _payer(record: Any, expected: Expected) -> None:
    kind = dict(record.headers).get(KIND_HEADER)
    place = (record.partition, record.offset)
    try:
        if kind == KIND_VERDICT:
            verdict = parse_verdict(record.value, record.timestamp)
            key = (record.partition, verdict.payer_vpa.encode())
            expected.payers[key] = payer.fold_verdict(expected.payer(key), verdict)
            expected.payer_rows[place] = (verdict, [], False, False)
            return
        txn = parse_transaction(record.value, record.timestamp)
    except RejectedTransaction as exc:
        expected.rejected[place] = exc.reason
        return
    key = (record.partition, txn.payer_vpa.encode())
    state = expected.payer(key)
    seen = payer.seen_before(state, txn)
    if seen is Seen.CONFLICT:
        expected.rejected[place] = "conflicting_duplicate"
    elif seen is Seen.NEW:
        row = payer.read(state, txn)
        expected.payers[key] = payer.fold(state, txn)
        expected.newest_payer_ms[key[0]] = max(expected.newest_payer_ms[key[0]], txn.event_time_ms)
        warm_up = kind == KIND_WARM_UP
        expected.payer_rows[place] = (txn, row, warm_up, not warm_up and is_late(txn, record.timestamp))


def _payees(topics: Topics, expected: Expected, scorer: Scorer) -> None:
    done: set[tuple[int, int, int]] = set()
    homes: dict[str, int] = {}
    debited: set[tuple[int, int]] = set()
    sequences: dict[int, int] = defaultdict(int)
    in_force: dict[int, InForce] = defaultdict(InForce)
    for record in topics.bundles:
        bundle = decode_bundle(record.value)
        for item in bundle.items():
            if item.source == CONTROL_SOURCE:
                assert isinstance(item.content, bytes)
                in_force[record.partition] = fold(in_force[record.partition], item.offset, item.content)
                continue
            place = place_of(item)
            if (record.partition, *place) in done:
                continue
            done.add((record.partition, *place))
            content, row, warm_up, late = expected.payer_rows[place]
            if item.kind is Kind.DEBIT:
                debited.add(place)
                _debit(expected, homes, record.partition, content)
                continue
            assert homes.setdefault(content.payee_vpa, record.partition) == record.partition
            key = (record.partition, content.payee_vpa.encode())
            state = expected.payee(key)
            if item.kind is Kind.VERDICT:
                expected.payees[key] = payee.fold_verdict(state, content)
                continue
            assert msgspec.msgpack.encode(row) == msgspec.msgpack.encode(item.features), place
            full = row + payee.read(state, content)
            expected.payees[key] = payee.fold(state, content)
            expected.newest_payee_ms[key[0]] = max(expected.newest_payee_ms[key[0]], content.event_time_ms)
            if not warm_up:
                decided = (record.partition, sequences[record.partition])
                now = in_force[record.partition]
                _decide(expected, _scorer(scorer, now), place, decided, content, full, late)
                _list(expected.decisions[place], expected.buckets, decided, content, now)
                sequences[record.partition] += 1
            if item.both:
                debited.add(place)
                _debit(expected, homes, record.partition, content)
    paid = {place for place, (content, *_) in expected.payer_rows.items() if _takes_money(content)}
    assert paid == debited


def _takes_money(content: Any) -> bool:
    return isinstance(content, Transaction) and content.status != "FAILED"


def _debit(expected: Expected, homes: dict[str, int], partition: int, content: Any) -> None:
    """Fold a payment into what its payer's own account is as a payee: in the partition where that account is one."""
    assert homes.setdefault(content.payer_vpa, partition) == partition
    key = (partition, content.payer_vpa.encode())
    expected.payees[key] = payee.fold_debit(expected.payee(key), content)


def _scorer(default: Scorer, in_force: InForce) -> Scorer:
    """Return what decides under these rules; models are not audited here."""
    return default if in_force.rules is None else Scorer(compiled_rules(in_force.rules), default.model)


def _list(
    decision: dict[str, Any],
    buckets: dict[tuple[int, int], tuple[int, int]],
    decided: tuple[int, int],
    txn: Any,
    in_force: InForce,
) -> None:
    """Put into an expected decision what the lists say of it."""
    decision["control_offset"] = in_force.offset
    listing = in_force.lists.find(txn.payer_vpa, txn.payee_vpa, txn.device_id, txn.event_time_ms)
    if listing is None or not listing.blocked:
        return
    risk, tier, bucket = combine(decision["fraud_probability"], 100)
    decision.update(rules=[*decision["rules"], *listing.blocked], rule_score=100, risk=risk, risk_tier=tier)
    buckets[decided] = (buckets[decided][0], bucket)


def _decide(  # noqa: PLR0917 - one call, in order
    expected: Expected,
    scorer: Scorer,
    place: tuple[int, int],
    decided: tuple[int, int],
    txn: Any,
    row: list[float],
    late: bool,
) -> None:
    score = scorer.score(np.array([row]))[0]
    expected.decisions[place] = {
        "transaction_id": txn.transaction_id,
        "payer_vpa": txn.payer_vpa,
        "payee_vpa": txn.payee_vpa,
        "amount": txn.amount_paise / 100,
        "fraud_probability": score.fraud_probability,
        "rule_score": score.rule_score,
        "rules": list(score.rules),
        "risk": score.risk,
        "risk_tier": score.tier,
        "features": [None if value != value else value for value in row],  # noqa: PLR0124 - NaN is null
        "late": late,
        "payer_offset": place[1],
        "partition": decided[0],
        "sequence": decided[1],
    }
    expected.buckets[decided] = (OUTSIDE_BUDGET if late else ist_day(txn.event_time_ms), score.bucket)
    expected.ids[decided] = txn.transaction_id


def check(topics: Topics, expected: Expected, rate_ppm: int) -> None:
    """Hold everything that was written against what was expected."""
    _check_rejected(topics, expected)
    _check_decisions(topics, expected)
    _check_alerts(topics, expected, rate_ppm)
    _check_table(topics.payers, expected.payers, payer.shrink, expected.newest_payer_ms)
    _check_table(topics.payees, expected.payees, payee.shrink, expected.newest_payee_ms)


def _check_rejected(topics: Topics, expected: Expected) -> None:
    rejected = [json.loads(record.value) for record in topics.rejected]
    rejected = [value for value in rejected if value["source_topic"] == "transactions"]
    got = {(value["source_partition"], value["source_offset"]): value["reason"] for value in rejected}
    assert expected.rejected == got


def _check_decisions(topics: Topics, expected: Expected) -> None:
    got: dict[tuple[int, int], set[bytes]] = defaultdict(set)
    for record in topics.decisions:
        got[record.partition, json.loads(record.value)["payer_offset"]].add(record.value)
    assert expected.decisions.keys() == got.keys()
    for place, values in got.items():
        assert len(values) == 1, f"the repeats of {place} are not the same to the byte"
        decision = json.loads(next(iter(values)))
        wanted = expected.decisions[place]
        assert wanted == {name: decision[name] for name in wanted}


def _check_alerts(topics: Topics, expected: Expected, rate_ppm: int) -> None:
    budget = BudgetState(rate_ppm)
    following: dict[int, int] = defaultdict(int)
    wanted: list[str] = []
    control_offset = -1
    for record in topics.candidates:
        if dict(record.headers).get(KIND_HEADER) == KIND_CONTROL:
            offset = int(dict(record.headers)[OFFSET_HEADER])
            if offset <= control_offset:
                continue
            control_offset = offset
            put_ppm = json.loads(record.value)["rate_ppm"]
            budget.set_rate(rate_ppm if put_ppm is None else put_ppm)
            continue
        run = decode_run(record.value)
        minutes = {one.sequence: ist_minute(one.transaction.event_time_ms) for one in run.candidates}
        for index, (day, bucket) in enumerate(zip(run.days, run.buckets, strict=True)):
            decided = (run.payee_partition, run.first_sequence + index)
            if decided[1] < following[run.payee_partition]:
                continue
            assert decided[1] == following[run.payee_partition], f"a gap before {decided}"
            following[run.payee_partition] += 1
            assert expected.buckets[decided] == (day, bucket)
            minute = minutes.get(decided[1])
            seen = (day, bucket, False) if minute is None else (day, bucket, True, minute)
            if day != OUTSIDE_BUDGET and budget.observe(*seen):
                wanted.append(expected.ids[decided])
    by_id: dict[str, set[bytes]] = defaultdict(set)
    for record in topics.alerts:
        by_id[json.loads(record.value)["alert_id"]].add(record.value)
    assert sorted(wanted) == sorted(by_id)
    assert all(len(values) == 1 for values in by_id.values())
    for entry in budget.ledger.days.values():
        assert entry.alerted <= entry.accrued_ppm // 1_000_000


def _check_table(
    changelog: list[Any],
    expected: dict[tuple[int, bytes], bytes],
    shrink: Callable[[bytes, int], bytes],
    newest_ms: dict[int, int],
) -> None:
    """Hold a table's final states against the expected ones; both without what a sweep may or may not have taken."""
    final = {(record.partition, record.key): record.value for record in changelog if record.key[:1] != b"\x00"}
    for key in expected.keys() | final.keys():
        wanted, got = expected.get(key) or b"", final.get(key) or b""
        assert shrink(wanted, newest_ms[key[0]]) == shrink(got, newest_ms[key[0]]), key
