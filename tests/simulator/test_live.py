"""The living world: the people of the history, at the asked rate and share of fraud, never twice the same ids."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest

from features.errors import RejectedTransaction
from features.transaction import parse_transaction
from simulator.accounts import PEOPLE_MAX
from simulator.faults import Faults
from simulator.frauds import FRAUDS
from simulator.live import LivePlan, live_population, live_world
from simulator.livestream import live_records
from simulator.payments import Payments, concat
from tests.simulator.making import make

if TYPE_CHECKING:
    from simulator.records import Records

START_MS = 1_780_000_000_000
PLAN = LivePlan(seed=1, start_ms=START_MS, rate=500.0, people=2000)


def stream(seconds: int, start_ms: int = START_MS, rate: float = 500.0) -> Payments:
    """Return a live world's first payments."""
    count = int(seconds * rate)
    blocks = islice(live_world(1, start_ms, rate=rate, people=2000), count // 250 + 1)
    return concat([block.payments for block in blocks]).take(slice(0, count))


def records(plan: LivePlan, faults: Faults, blocks: int) -> list[Records]:
    """Return the first blocks of a plan's records."""
    return list(islice(live_records(plan, live_population(plan), faults, lambda: START_MS + 60_000), blocks))


def test_the_living_world_repeats_itself() -> None:
    """Same seed, same start: the same payments."""
    one, two = stream(4), stream(4)

    assert one.payee.tolist() == two.payee.tolist()
    assert one.amount_paise.tolist() == two.amount_paise.tolist()
    assert one.time_ms.tolist() == two.time_ms.tolist()


def test_payments_are_evenly_spaced_from_the_start() -> None:
    """At 500 a second, one each 2 ms."""
    assert (START_MS + 2 * np.arange(2000)).tolist() == stream(4).time_ms.tolist()


def test_the_people_are_those_of_the_history() -> None:
    """Whoever warmed up on a history of that seed knows nearly every payer."""
    known = set(make(60_000, 30, people=2000).frame["payer_vpa"])
    payers = [json.loads(value)["payer_vpa"] for value in records(PLAN, Faults(), 4)[-1].value]

    assert np.mean([payer in known for payer in payers]) > 0.9


def test_fraud_has_its_share_from_the_first_second() -> None:
    """A stream opens in the middle of life; over two minutes every fraud shows up."""
    payments = stream(120)
    fraud = payments.fraud > 0

    assert 0.02 < fraud[: 5 * 500].mean() < 0.055
    assert abs(fraud.mean() - 0.036) < 0.004
    assert set(range(len(FRAUDS) + 1)) == set(payments.fraud.tolist())


def test_nobody_lives_faster_than_the_stream_needs() -> None:
    """Within ten seconds at 100 a second, nearly every ordinary payer pays once and no small shop is mobbed."""
    payments = stream(10, rate=100.0)
    payers = payments.payer[(payments.fraud == 0) & (payments.payer < PEOPLE_MAX)]
    counts = np.unique(payers, return_counts=True)[1]

    assert (counts == 1).mean() > 0.7
    assert counts.max() <= 5


def test_a_later_stream_shares_no_ids_and_no_cases() -> None:
    """Two streams of one seed, begun at different moments, do not collide in the payers' states."""
    one, two = (records(LivePlan(1, start, 500.0, 2000), Faults(), 2) for start in (START_MS, START_MS + 5000))
    ids = [{json.loads(value)["transaction_id"] for block in blocks for value in block.value} for blocks in (one, two)]

    assert not ids[0] & ids[1]


def test_live_values_are_valid_and_told_apart_only_by_the_truth() -> None:
    """Each parses, its event time is when it is due, and truth names each once, frauds as frauds."""
    for block in records(PLAN, Faults(), 3):
        parsed = [parse_transaction(value, START_MS + 100_000) for value in block.value]
        truth = [json.loads(line) for line in block.truth]

        assert [txn.event_time_ms for txn in parsed] == (START_MS + block.due_ms).tolist()
        assert [txn.transaction_id for txn in parsed] == [line["transaction_id"] for line in truth]
        assert block.fraud.tolist() == [line["is_fraud"] == 1 for line in truth]
        assert [txn.payer_vpa.encode() for txn in parsed] == block.key
        assert not any(b"fraud" in value for value in block.value)


def test_an_unpaced_stream_is_never_ahead_of_its_clock() -> None:
    """Its event times grow and end at the clock's time."""
    block = records(LivePlan(1, START_MS, 0.0, 2000), Faults(), 1)[0]
    times = [parse_transaction(value, START_MS + 100_000).event_time_ms for value in block.value]

    assert times == sorted(times)
    assert times[-1] < START_MS + 60_000


def test_faults_of_a_stream_stay_within_their_shares() -> None:
    """Repeats come after their original with the same id; broken ones are about as many as asked for."""
    blocks = records(PLAN, Faults(late=0.05, duplicate=0.05, corrupt=0.05), 8)
    sent = [value for block in blocks for value in block.value]
    told = [line for block in blocks for line in block.truth if line]

    assert 1.02 < len(sent) / len(told) < 1.08
    sound, behind = [], 0
    for block in blocks:
        for value, due in zip(block.value, block.due_ms.tolist(), strict=True):
            try:
                txn = parse_transaction(value, START_MS + 10**9)
            except RejectedTransaction:  # counting what is broken is the point
                continue
            sound.append(txn.transaction_id)
            behind += txn.event_time_ms < START_MS + due - 60_000
    assert 0.02 < 1 - len(sound) / len(sent) < 0.08
    assert 0.02 < behind / len(sound) < 0.08


@pytest.mark.parametrize("rate", [0.5, 3.0, 50.0, 20_000.0])
def test_any_rate_gives_whole_blocks(rate: float) -> None:
    """Slow or fast, a block is a few hundred to some thousand payments."""
    block = next(live_world(3, START_MS, rate=rate, people=300))

    assert 256 <= len(block.payments) <= 16_384
