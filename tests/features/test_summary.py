"""What people are shown of an account: windows at a moment and the newest ten payments, without names."""

from __future__ import annotations

import json

from features import payee, payer
from features.clock import format_event_time
from features.hashing import party_hash
from tests.features.oracle import DAY, HOUR
from tests.features.worlds import START, payment


def test_a_summary_tells_windows_and_payments() -> None:
    """Newest first, amounts in rupees, the other side as a hash."""
    state = payer.empty()
    for number in range(12):
        txn = payment(number, START + number * HOUR, 100 * (number + 1), payee_vpa=f"p{number % 3}@y", status="FAILED")
        state = payer.fold(state, txn)
    told = payer.summary(state, START + 12 * HOUR)

    assert told["windows"]["24h"] == {"payments": 12, "amount": 78.0, "distinct_payees": 3}
    assert told["windows"]["1h"] == {"payments": 1, "amount": 12.0, "distinct_payees": 1}
    assert (told["first_seen"], told["last_seen"]) == (format_event_time(START), format_event_time(START + 11 * HOUR))
    assert [one["amount"] for one in told["payments"]] == [float(number) for number in range(12, 2, -1)]
    assert told["payments"][0] == {
        "event_time": format_event_time(START + 11 * HOUR),
        "amount": 12.0,
        "payee_hash": f"{party_hash('p2@y'):010x}",
        "payee_was_new": False,
        "failed": True,
    }
    assert json.loads(json.dumps(told)) == told


def test_an_absent_account_has_nothing_to_tell() -> None:
    """Never seen, or silent for more than 400 days."""
    silent = payee.fold(payee.empty(), payment())

    assert payee.summary(silent, START + 401 * DAY) == payee.summary(payee.empty(), START)
    assert payee.summary(payee.empty(), START)["first_seen"] is None
