"""The load of the benchmarks: repeatable, valid, and as skewed as it says."""

from __future__ import annotations

from collections import Counter

from benchmarks.load import Payments, Plan, World, payment_number, transaction_id
from features.transaction import Transaction, parse_transaction
from simulator.murmur import murmur2_positive

PLAN = Plan(30_000, first_ms=1_750_000_000_000, payers=2_000, payees=800)


def all_payments(plan: Plan) -> Payments:
    whole = Payments([], [], [], [])
    for chunk in World(plan).payments():
        whole.keys.extend(chunk.keys)
        whole.hashes.extend(chunk.hashes)
        whole.values.extend(chunk.values)
        whole.stamps_ms.extend(chunk.stamps_ms)
    return whole


def parsed(payments: Payments) -> list[Transaction]:
    return [parse_transaction(value, stamp) for value, stamp in zip(payments.values, payments.stamps_ms, strict=True)]


def test_the_same_plan_gives_the_same_bytes() -> None:
    """A figure can be made again on the same load; another seed is another load."""
    again = Plan(30_000, first_ms=1_750_000_000_000, payers=2_000, payees=800)
    other = Plan(30_000, first_ms=1_750_000_000_000, payers=2_000, payees=800, seed=2)

    assert all_payments(again) == all_payments(PLAN)
    assert all_payments(other).values != all_payments(PLAN).values


def test_every_payment_is_accepted_and_has_an_id_of_its_own() -> None:
    """The decisions to wait for are as many as the payments sent."""
    transactions = parsed(all_payments(PLAN))

    numbers = [payment_number(txn.transaction_id) for txn in transactions]
    assert list(range(PLAN.transactions)) == numbers
    assert transaction_id(PLAN.seed, 77) == transactions[77].transaction_id


def test_records_are_keyed_by_payer_and_carry_its_hash() -> None:
    """They stand in the partitions in which a stock Kafka producer would put them."""
    payments = all_payments(PLAN)

    assert [txn.payer_vpa.encode() for txn in parsed(payments)] == payments.keys
    assert murmur2_positive(payments.keys).tolist() == payments.hashes


def test_time_passes_at_the_rate_of_the_plan() -> None:
    """A backlog of 8,000 payments a second spans 30,000 / 8,000 seconds, and no event comes after its record."""
    payments = all_payments(PLAN)

    assert payments.stamps_ms[-1] - payments.stamps_ms[0] == 3_749
    assert sorted(payments.stamps_ms) == payments.stamps_ms
    assert all(txn.event_time_ms <= at for txn, at in zip(parsed(payments), payments.stamps_ms, strict=True))


def test_a_whale_takes_its_share_and_the_rest_is_long_tailed() -> None:
    """One payee takes 5 % or a little more; most payees are seen, few often."""
    counts = Counter(txn.payee_vpa for txn in parsed(all_payments(PLAN)))

    (_, whale), (_, second) = counts.most_common(2)
    assert 0.045 < whale / PLAN.transactions < 0.075
    assert second < whale / 3
    assert len(counts) > PLAN.payees * 0.9
