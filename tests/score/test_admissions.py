"""What the budget made of payments: asked before, while and after it counts them."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from app.score.admissions import ADMITTED_MAX, Admission, Admissions


async def test_who_asks_too_early_waits() -> None:
    """And hears of its own payment only."""
    admissions = Admissions()
    admissions.begin({0: 10})
    waiting = [asyncio.create_task(admissions.wait(0, sequence, 5)) for sequence in (10, 12, 13)]
    await asyncio.sleep(0)

    admissions.counted(0, until=13, admitted={12}, threshold=lambda: 700)

    assert await waiting[0] == Admission(should_alert=False, threshold=700)
    assert await waiting[1] == Admission(should_alert=True, threshold=700)
    assert not waiting[2].done()
    waiting[2].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert not admissions._waiting[0]


async def test_what_was_counted_before_this_worker_began_is_not_guessed() -> None:
    """None at once, and not after a wait."""
    admissions = Admissions()
    admissions.begin({0: 10})

    assert await admissions.wait(0, 9, 60) is None
    assert admissions.before_our_time(0, 9)
    assert not admissions.before_our_time(1, 0)


async def test_a_wait_ends_and_leaves_nothing() -> None:
    """A payment that is never counted."""
    admissions = Admissions()

    assert await admissions.wait(0, 5, 0.01) is None
    assert not admissions._waiting[0]


@given(st.lists(st.tuples(st.integers(1, 5), st.sets(st.integers(0, 4))), max_size=60))
def test_answers_are_those_of_a_list(runs: list[tuple[int, set[int]]]) -> None:
    """Any cut into runs gives the same answers."""
    admissions = Admissions()
    truth: list[bool] = []
    admissions.begin({})
    for count, alerts in runs:
        first = len(truth)
        truth += [number in alerts for number in range(count)]
        admitted = {first + number for number in alerts if number < count}
        admissions.counted(3, until=len(truth), admitted=admitted, threshold=lambda: 1)

    found = [admissions.known(3, sequence) for sequence in range(len(truth))]
    assert [answer and answer.should_alert for answer in found] == truth
    assert admissions.known(3, len(truth)) is None


def test_admitted_ones_are_bounded() -> None:
    """A day of alerts costs no more than its newest few thousand."""
    admissions = Admissions()
    for number in range(ADMITTED_MAX * 2):
        admissions.counted(0, until=number + 1, admitted={number}, threshold=lambda: 1)

    assert len(admissions._admitted) == ADMITTED_MAX
