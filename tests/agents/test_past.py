"""Payments of the past that come while a worker runs are worked on in the order of their times; nobody waits long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from agents.alignment import Aligner
from agents.leased import AHEAD_MIN
from agents.others import HEARD_FOR_S
from agents.past import LINGER_S, PAST_MS
from agents.payer import PayerApplied
from agents.ports import KIND_HEADER, KIND_WARM_UP
from tests.agents.stages import T0_MS, Record, payment
from tests.agents.test_alignment import Clock
from tests.agents.test_together import Payers, keep, log, paid

if TYPE_CHECKING:
    from agents.ports import Outgoing

DAY_MS = 86_400_000


class Played:
    """Two payer partitions of a worker to which a history is played in, a day late."""

    def __init__(self, late_ms: int = DAY_MS) -> None:
        self.clock = Clock()
        self.aligner = Aligner(self.clock, lambda: T0_MS + late_ms)
        self.payers = Payers(2, self.aligner)
        self.woken = 0
        self.payers.stage.wake = self._wake

    def _wake(self) -> None:
        self.woken += 1

    async def give(self, partition: int, seconds: list[int], first: int = 0) -> list[tuple[int, int]]:
        """Give a partition payments of these seconds, its log's last; return what is put out, by its place."""
        numbers = range(first, first + len(seconds))
        records = log(partition, numbers, dict(zip(numbers, seconds, strict=True)))
        return _places(await self.payers.give({partition: records}))

    async def pass_by(self, seconds: float) -> list[tuple[int, int]]:
        """Let time pass, and return what is put out then."""
        self.clock.now_s += seconds
        outputs: list[Outgoing] = []
        async for some in self.payers.stage.parts({}):
            outputs += keep(some, self.payers.tables)
        return _places(outputs)


def _places(outputs: list[Outgoing]) -> list[tuple[int, int]]:
    return [(one.source, one.offset) for one in paid(outputs)]


async def test_the_first_payments_of_the_past_wait_for_a_partition_that_may_be_brought_some_too() -> None:
    """When it is, both go on in the order of time."""
    played = Played()

    assert await played.give(0, [10, 20]) == []
    assert await played.give(1, [5, 15]) == [(1, 0), (0, 0), (1, 1)]


async def test_a_partition_that_is_brought_none_holds_for_a_moment_only() -> None:
    """Then the others go on, and wait for it no more."""
    played = Played()
    await played.give(0, [10, 20])

    assert await played.pass_by(LINGER_S / 2) == []
    assert await played.pass_by(LINGER_S) == [(0, 0), (0, 1)]
    assert await played.give(0, [30], first=2) == [(0, 2)]


async def test_a_partition_at_its_logs_end_holds_for_a_moment_after_it_went_on_last() -> None:
    """More of the past is on its way to it."""
    played = Played()
    await played.give(0, [10])
    await played.give(1, [5, 15])
    await played.give(0, [16], first=1)
    await played.pass_by(LINGER_S * 0.9)

    assert await played.give(1, [40], first=2) == []
    assert await played.give(0, [45], first=2) == [(1, 2)]
    assert await played.pass_by(LINGER_S) == [(0, 2)]


async def test_records_that_are_out_of_place_do_not_let_a_partition_hold_for_longer() -> None:
    """A shuffled history moves no head, however much of it comes: nobody waits for its end."""
    played = Played()
    await played.give(1, [30])
    await played.pass_by(LINGER_S)
    assert await played.give(0, [50]) == []
    found = []
    for number in range(1, 5):
        found += await played.pass_by(LINGER_S / 3)
        await played.give(1, [3], first=number)

    assert found == [(0, 0)]
    assert await played.give(0, [60], first=1) == [(0, 1)]


async def test_payments_that_are_made_now_wait_for_nobody() -> None:
    """Up to a minute of age they are."""
    played = Played(late_ms=PAST_MS)

    assert await played.give(0, [10, 20]) == [(0, 0), (0, 1)]
    assert not played.aligner.past.lingering


async def test_a_late_payment_among_those_made_now_changes_nothing() -> None:
    """The partition stands in the present."""
    played = Played(late_ms=PAST_MS + 30_000)
    await played.give(0, [40])

    assert await played.give(0, [1], first=1) == [(0, 1)]
    assert not played.aligner.catching_up(0)


async def test_a_partition_that_stands_in_the_present_holds_nobody() -> None:
    """It is not brought the past: it has gone on since."""
    played = Played(late_ms=PAST_MS + 10_000)
    await played.give(1, [60])

    assert await played.give(0, [5]) == [(0, 0)]


def test_a_worker_that_is_brought_the_past_waits_for_the_others_for_a_moment() -> None:
    """They may be brought some too, and say so."""
    clock = Clock()
    aligner = Aligner(clock, lambda: T0_MS)
    aligner.expect([1])
    aligner.hear({}, caught_up=[1])
    aligner.begin_past(0, 5_000)

    assert aligner.bound_ms(0) is not None
    clock.now_s += LINGER_S + 0.01
    assert aligner.bound_ms(0) is None


def test_what_another_worker_said_lately_counts_when_the_past_comes() -> None:
    """Only those of which nothing is known hold wholly."""
    clock = Clock()
    aligner = Aligner(clock, lambda: T0_MS)
    aligner.expect([1])
    aligner.hear({1: 7_000})
    clock.now_s += HEARD_FOR_S / 2
    aligner.begin_past(0, 5_000)

    assert aligner.bound_ms(0) == 8_000


async def test_a_worker_that_hears_of_the_past_elsewhere_lingers_where_it_has_none_yet() -> None:
    """It tells so, leaves soon, and is not asked again at once."""
    played = Played()
    played.aligner.hear({2: 5_000})

    assert sorted(played.aligner.durable_heads) == [0, 1]
    assert played.woken == 1
    await played.pass_by(LINGER_S)
    assert not played.aligner.durable_heads
    assert played.aligner.caught_up == {0, 1}
    played.aligner.hear({3: 5_000})
    assert not played.aligner.durable_heads
    played.clock.now_s += HEARD_FOR_S
    played.aligner.hear({2: 9_000})
    assert sorted(played.aligner.durable_heads) == [0, 1]


async def test_a_partition_that_is_brought_more_has_its_moment_anew() -> None:
    """It counts from the last payment that was newer than all before."""
    played = Played()
    await played.give(0, [10])
    await played.give(1, [10])
    await played.pass_by(LINGER_S * 0.7)
    await played.give(0, [11], first=1)
    await played.pass_by(LINGER_S * 0.7)

    assert [played.aligner.catching_up(partition) for partition in (0, 1)] == [True, False]
    await played.pass_by(LINGER_S)
    assert not played.aligner.past.lingering


async def test_a_partition_that_left_is_to_leave_no_more() -> None:
    """Who comes back has a moment of its own."""
    played = Played()
    await played.give(0, [10])
    played.payers.stage.lanes[0].caught_up()
    played.payers.stage.lanes[1].caught_up()

    assert not played.aligner.past.lingering


async def test_a_backlogs_end_among_payments_of_the_past_is_left_in_a_moment() -> None:
    """Whoever plays it in may not be done; one whose newest payment is of now leaves at once."""
    played = Played()
    played.aligner.begin(0, T0_MS)
    await played.give(0, [10])

    assert played.aligner.catching_up(0)
    await played.pass_by(LINGER_S)
    assert not played.aligner.catching_up(0)


async def test_a_lease_is_calm_as_soon_as_a_logs_end_is_reached() -> None:
    """Lingering puts nothing out: a kill then should find a short one."""
    played = Played()
    lane = played.payers.stage.lanes[0]
    played.aligner.begin(0, T0_MS)
    lane.lease.covers(3_000)
    lane.applied.watermark_ms = T0_MS
    lane.reached_end()

    assert played.aligner.catching_up(0)
    assert msgspec.msgpack.decode(lane.lease.sealed(None), type=PayerApplied).leased_until == 3_000 + AHEAD_MIN


async def test_a_warm_up_waits_for_nobody() -> None:
    """It decides nothing, and states are by time."""
    played = Played()
    record = Record(0, payment(0), headers=((KIND_HEADER, KIND_WARM_UP),))
    await played.payers.give({0: [record]})

    assert not played.aligner.catching_up(0)
    assert played.payers.stage.lanes[0].kept is None


async def test_who_waits_is_woken_when_a_partition_is_to_leave() -> None:
    """Nothing else may come that would."""
    played = Played()
    await played.give(0, [10])
    held = played.payers.stage.held()

    assert held is not None
    played.clock.now_s += LINGER_S
    await asyncio.wait_for(held, 30)
    assert await played.pass_by(0) == [(0, 0)]
