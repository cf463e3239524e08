"""The evidence of an alert: earlier payments to the same payee, the strongest five, whatever part they stand in."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.events import payment_event, to_events, verdict_event
from features.evidence import Before, Evidence, words
from features.hashing import party_hash
from features.layout import NEVER
from features.payee import PAYEES
from features.processed import Lane
from features.transaction import Transaction, Verdict
from tests.features.oracle import DAY, HOUR, MINUTE
from tests.features.oracle_judged import known_frauds
from tests.features.test_every_feature import busy_life
from tests.features.worlds import START, verdict_on

MONTH = 30 * DAY

Life = list[Transaction | Verdict]


def paid(number: int, time_ms: int, payer: str, rupees: int, status: str | None = None) -> Transaction:
    """Return a payment to the one payee of these tests."""
    return Transaction(f"t{number}", time_ms, rupees * 100, payer, "me@x", status=status)


def evidence(life: Life, cut: int = 0) -> list[Evidence]:
    """Return the evidence for the last payment of a life whose part begins at `cut`."""
    events = to_events(
        [
            payment_event(one, 0, party_hash(one.payer_vpa))
            if isinstance(one, Transaction)
            else verdict_event(one, 0, party_hash(one.payer_vpa))
            for one in life
        ]
    )
    known = PAYEES.process([b""], events[:cut])
    part = events[cut:]
    return Before(known.states, part, np.array([len(part) - 1]), [Lane(len(part), known.watermark_ms)]).evidence([0])[0]


def test_what_is_told_is_why_an_earlier_payment_speaks_for_fraud() -> None:
    """A new payer within a day, the same amount, the same payer, the last hour, a known fraud: a word each."""
    known = paid(0, START, "a@p", 10)
    life: Life = [
        known,
        verdict_on(known, START + DAY),
        paid(1, START + 2 * DAY, "b@p", 20, "FAILED"),
        paid(2, START + 2 * DAY + HOUR, "a@p", 30),
        paid(3, START + 2 * DAY + 90 * MINUTE, "c@p", 500),
        paid(4, START + 2 * DAY + 2 * HOUR, "c@p", 30),
    ]

    assert [(one.amount_paise, words(one.marks)) for one in evidence(life)] == [
        (500_00, ["new_payer", "same_payer", "last_hour"]),
        (30_00, ["same_amount", "last_hour"]),
        (20_00, ["new_payer", "failed"]),
        (10_00, ["known_fraud"]),
    ]


def test_the_strongest_five_are_kept_and_told_newest_first() -> None:
    """Of many new payers the newest stay, and an older known fraud before any of them."""
    known = paid(0, START, "a@p", 10)
    life: Life = [known, verdict_on(known, START + MINUTE)]
    life += [paid(number, START + number * HOUR, f"new{number}@p", number) for number in range(1, 10)]
    life.append(paid(99, START + 9 * HOUR + MINUTE, "me2@p", 77))

    assert [one.amount_paise // 100 for one in evidence(life)] == [9, 8, 7, 6, 10]


def test_nothing_at_or_after_the_payment_is_evidence() -> None:
    """A payment of the same millisecond and a verdict of later say nothing yet."""
    earlier = paid(1, START, "a@p", 10)
    life: Life = [
        earlier,
        paid(2, START + 2 * DAY, "b@p", 20),
        verdict_on(earlier, START + 3 * DAY),
        paid(3, START + 2 * DAY, "c@p", 20),
    ]

    assert evidence(life) == []


def naive(life: Life) -> list[Evidence]:
    """Return what `evidence` should, by scans of the whole list."""
    *earlier, now = life
    assert isinstance(now, Transaction)
    time_ms = now.event_time_ms
    frauds = known_frauds([one for one in earlier if isinstance(one, Verdict)], time_ms)
    fraud_keys = {(one.event_time_ms, one.amount_paise) for one in frauds}
    seen: list[Transaction] = []
    found = []
    for one in earlier:
        if isinstance(one, Verdict):
            continue
        new = not any(
            one.event_time_ms - MONTH <= other.event_time_ms < one.event_time_ms and other.payer_vpa == one.payer_vpa
            for other in seen
        )
        seen.append(one)
        age_ms = time_ms - one.event_time_ms
        if not 0 < age_ms <= MONTH:
            continue
        marks = 16 * ((one.event_time_ms, one.amount_paise) in fraud_keys) + 32 * (one.status == "FAILED")
        if age_ms <= DAY:
            marks += 8 * (one.amount_paise == now.amount_paise) + 4 * new
            marks += 2 * (one.payer_vpa == now.payer_vpa) + (age_ms <= HOUR)
        found.append(Evidence(one.event_time_ms, one.amount_paise, party_hash(one.payer_vpa), marks))
    found.sort(key=lambda one: one.time_ms)
    order = {id(one): place for place, one in enumerate(found)}
    told = [one for one in found if one.marks & 31]
    strongest = sorted(told, key=lambda one: (-(one.marks & 31), -order[id(one)]))[:5]
    return sorted(strongest, key=lambda one: -order[id(one)])


@given(seed=st.integers(0, 10_000), end=st.integers(20, 200), share=st.floats(0, 1))
def test_it_is_what_a_scan_of_the_list_finds_wherever_the_part_begins(seed: int, end: int, share: float) -> None:
    """Same answer for any cut, on lives with late payments, repeated amounts and verdicts."""
    life = busy_life("payee", seed)
    end = max(place for place in range(end) if isinstance(life[place], Transaction))
    life = life[: end + 1]

    assert naive(life) == evidence(life, int(share * end)) == evidence(life)


def test_accounts_of_a_part_do_not_mix() -> None:
    """Two payees in turn, several payments asked for: each answer is of its own account, in the order asked."""
    times = [START + number * MINUTE for number in range(6)]
    rows = [
        payment_event(paid(number, time_ms, f"{number}@p", number + 1), number % 2, number + 1)
        for number, time_ms in enumerate(times)
    ]
    before = Before([b"", b""], to_events(rows), np.arange(6), [Lane(6, NEVER)])

    assert [[one.payer for one in found] for found in before.evidence([0, 1, 2, 5])] == [[], [], [1], [4, 2]]
