"""Verdicts come where they became known: never earlier, never before a payment of the same time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from features.transaction import Transaction, Verdict
from replay.history import HistoryRow
from replay.verdicts import interleave_verdicts


def row(number: int, time_ms: int, delay_ms: int, *, is_fraud: bool | None = True) -> HistoryRow:
    """Return a payment with a verdict `delay_ms` later."""
    txn = Transaction(f"t{number}", time_ms, 100, "a@x", "b@y")
    return HistoryRow(txn, is_fraud, None if is_fraud is None else time_ms + delay_ms, None)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 30), st.sampled_from([True, False, None]))))
def test_a_verdict_follows_what_came_until_its_time_and_precedes_what_came_after(
    drawn: list[tuple[int, int, bool | None]],
) -> None:
    """The order is that of knowledge; payments keep theirs."""
    rows = [
        row(i, time, delay, is_fraud=fraud) for i, (time, delay, fraud) in enumerate(sorted(drawn, key=lambda d: d[0]))
    ]
    out = list(interleave_verdicts(rows))

    assert [r.transaction for r in rows] == [record for record in out if isinstance(record, Transaction)]
    for index, record in enumerate(out):
        if isinstance(record, Verdict):
            assert all(r.event_time_ms <= record.label_time_ms for r in out[:index] if isinstance(r, Transaction))
            assert all(r.event_time_ms > record.label_time_ms for r in out[index:] if isinstance(r, Transaction))


def test_no_verdict_later_than_the_end_is_told() -> None:
    """Training until a day must not learn what was found out after it."""
    rows = [row(0, 0, 5), row(1, 1, 50), row(2, 100, 0)]

    assert [r.transaction_id for r in interleave_verdicts(rows, until_ms=20) if isinstance(r, Verdict)] == ["t0"]


def test_a_verdict_that_clears_is_told_only_where_fraud_was_said() -> None:
    """Of a payment never suspected it changes nothing, and most verdicts of a history are such."""
    rows = [row(0, 0, 5, is_fraud=False), row(1, 1, 5), row(1, 2, 10, is_fraud=False), row(2, 100, 0)]
    told = [(r.transaction_id, r.is_fraud) for r in interleave_verdicts(rows) if isinstance(r, Verdict)]

    assert told == [("t1", True), ("t1", False)]
