"""Partitions that drain a backlog stay within a second of each other, and nobody waits in a circle."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from agents.alignment import Aligner
from agents.others import ALIGNMENT_MS, HEARD_FOR_S, UNKNOWN_MS


class Clock:
    """Seconds that a test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_partition_alone_is_held_by_nobody() -> None:
    """Without others that catch up there is no bound."""
    aligner = Aligner(Clock())
    aligner.begin(0, 1_000)

    assert aligner.bound_ms(0) is None


def test_a_partition_with_an_unknown_head_holds_the_others() -> None:
    """Before its first record is known, nothing may run ahead of it."""
    aligner = Aligner(Clock())
    aligner.begin(0, 1_000)
    aligner.begin(1)

    assert aligner.bound_ms(0) == UNKNOWN_MS + ALIGNMENT_MS


def test_a_partition_that_caught_up_holds_nobody() -> None:
    """An empty partition has left."""
    aligner = Aligner(Clock())
    aligner.begin(0, 9_000)
    aligner.begin(1, 1_000)
    aligner.leave(1)

    assert aligner.bound_ms(0) is None


def test_heads_of_other_workers_hold_until_they_expire() -> None:
    """A worker that says nothing more stops holding after a while."""
    clock = Clock()
    aligner = Aligner(clock)
    aligner.begin(0, 9_000)
    aligner.hear({1: 2_000})

    assert aligner.bound_ms(0) == 2_000 + ALIGNMENT_MS
    clock.now_s = HEARD_FOR_S + 0.1
    assert aligner.bound_ms(0) is None


def test_partitions_of_others_are_waited_for_after_an_assignment() -> None:
    """A partition never heard of may be behind; it holds until its owner had time to restore it, and no longer."""
    clock = Clock()
    aligner = Aligner(clock)
    aligner.begin(0, 9_000)
    aligner.expect([1])

    assert aligner.bound_ms(0) == UNKNOWN_MS + ALIGNMENT_MS
    clock.now_s = HEARD_FOR_S + 0.1
    assert aligner.bound_ms(0) is None


def test_a_dead_workers_partitions_hold_where_they_stood_while_they_are_taken_over() -> None:
    """The time to restore them begins with the assignment, not with the last word of the dead."""
    clock = Clock()
    aligner = Aligner(clock)
    aligner.begin(0, 9_000)
    aligner.hear({1: 2_000})
    clock.now_s = HEARD_FOR_S - 0.1
    aligner.expect([1])

    clock.now_s = 2 * HEARD_FOR_S - 0.2
    assert aligner.bound_ms(0) == 2_000 + ALIGNMENT_MS


def test_who_caught_up_is_told_for_as_long_as_it_may_hold_others() -> None:
    """A worker that began to listen after the first telling would wait for nothing."""
    clock = Clock()
    aligner = Aligner(clock)
    aligner.begin(0, 9_000)
    aligner.leave(0)
    aligner.settle(0, None)

    clock.now_s = HEARD_FOR_S - 0.1
    assert aligner.caught_up == {0}
    clock.now_s = HEARD_FOR_S + 0.1
    assert aligner.caught_up == set()


def test_a_partition_given_up_holds_us_where_it_stood() -> None:
    """Until its new owner is heard of, its last head counts."""
    aligner = Aligner(Clock())
    aligner.begin(0, 9_000)
    aligner.begin(1, 3_000)
    aligner.forget(1)

    assert aligner.bound_ms(0) == 3_000 + ALIGNMENT_MS
    aligner.hear({}, caught_up=[1])
    assert aligner.bound_ms(0) is None


def test_only_a_partition_that_waits_for_another_is_held() -> None:
    """The one that all wait for must get on: if it does not, something is wrong with it."""
    aligner = Aligner(Clock())
    aligner.begin(0, 9_000)
    aligner.begin(1)

    assert [aligner.held(partition) for partition in (0, 1, 2)] == [True, False, False]


async def test_a_held_partition_looks_again_when_the_other_moves() -> None:
    """Also where that happens before the wait has begun."""
    aligner = Aligner(Clock())
    aligner.begin(0, 9_000)
    aligner.begin(1, 1_000)
    changed = aligner.changed()
    aligner.move(1, 8_000)

    await asyncio.wait_for(changed, timeout=0.5)


@given(st.lists(st.lists(st.integers(0, 50_000), min_size=1, max_size=30), min_size=1, max_size=4), st.data())
def test_every_backlog_drains_and_stays_aligned(logs: list[list[int]], data: st.DataObject) -> None:
    """Whatever the times and whoever is quickest: all is processed, no head runs a second ahead of the smallest."""
    aligner = Aligner(Clock())
    left = {number: list(log) for number, log in enumerate(logs)}
    for number in left:
        aligner.begin(number)
    while left:
        for number, log in left.items():
            aligner.move(number, log[0])
        bounds = {number: aligner.bound_ms(number) for number in left}
        free = [n for n, bound in bounds.items() if bound is None or aligner.heads[n] <= bound]
        number = data.draw(st.sampled_from(free))

        assert aligner.heads[number] - min(aligner.heads.values()) <= ALIGNMENT_MS
        left[number].pop(0)
        if not left[number]:
            del left[number]
            aligner.leave(number)
