"""A part comes to the same wherever it is cut into blocks, whichever lanes and accounts stand in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from features import blocks
from features.events import KIND, PAYMENT, debit_event, payment_event, to_events
from features.hashing import party_hash
from features.processed import Lane, Processed
from features.side import NEW
from tests.features.accounts import SIDES
from tests.features.oracle import MINUTE
from tests.features.worlds import START, payment

if TYPE_CHECKING:
    from features.events import Event


def part_of(side: str, count: int, lanes: int) -> tuple[np.ndarray, list[Lane], int]:
    """Return events over lanes, a few late and a third of a payee's debits, their lanes, and how many accounts."""
    rng, accounts = np.random.default_rng(7), 0
    events: list[Event] = []
    ends: list[Lane] = []
    for _ in range(lanes):
        own = accounts + rng.integers(0, 40, count)  # each account many times, in many blocks
        for at, account in enumerate(own.tolist()):
            time_ms = START + (at - int(rng.integers(0, 3)) * 5) * MINUTE
            txn = payment(len(events), time_ms, int(rng.integers(1, 9_999_999)))
            if side == "payee" and at % 3 == 0:
                events.append(debit_event(txn, account))
            else:
                events.append(payment_event(txn, account, party_hash(f"p{rng.integers(0, 9)}@y")))
        accounts += 40
        ends.append(Lane(len(events), START))
    return to_events(events), ends, accounts


def processed(side: str, part: tuple[np.ndarray, list[Lane], int], block: int) -> Processed:
    """Work on a part in blocks of so many events."""
    events, lanes, accounts = part
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks.blocks, "__defaults__", (block,))
        return SIDES[side].process_lanes([b""] * accounts, events, lanes)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("block", [1, 7, 100, 256])
def test_blocks_change_nothing(side: str, block: int) -> None:
    """Rows, outcomes, states and newest times are those of the part worked on whole."""
    part = part_of(side, count=210, lanes=3)
    whole, cut = processed(side, part, 10**6), processed(side, part, block)

    read = (whole.outcomes == NEW) & (part[0][:, KIND] == PAYMENT)
    np.testing.assert_array_equal(cut.rows[read], whole.rows[read])
    np.testing.assert_array_equal(cut.outcomes, whole.outcomes)
    assert cut.states == whole.states
    assert cut.watermarks_ms == whole.watermarks_ms
