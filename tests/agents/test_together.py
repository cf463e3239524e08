"""Partitions that are worked on together: each comes to what it would alone, and all go on in the order of time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.alignment import Aligner
from agents.bundle import Item, Kind, decode_bundle
from agents.controlled import Controlled
from agents.deciding import Decider
from agents.merging import earliest
from agents.others import ALIGNMENT_MS
from agents.payee import PayeeLogic, PayeeStage
from agents.payer import BACKLOG_RECORDS, PayerLogic
from agents.payer_stage import PayerStage
from agents.places import homes_in
from agents.ports import Chunk, Hold, Outgoing, Together, one_by_one
from models.scoring import Scorer
from rules.parse import DEFAULT_RULES, load_rules
from tests.agents.stages import T0_MS, DictTable, Record, payment, run

if TYPE_CHECKING:
    from collections.abc import Mapping

SCORER = Scorer(load_rules(DEFAULT_RULES), None)
HOMES = homes_in(2)
Log = list[Record]


class Payers:
    """Payer partitions of one worker."""

    def __init__(self, count: int, aligner: Aligner | None = None) -> None:
        self.tables = [DictTable() for _ in range(count)]
        self.aligner = aligner or Aligner(lambda: 0.0)
        self.stage = PayerStage(self.aligner, HOMES)
        for partition, table in enumerate(self.tables):
            self.stage.lanes[partition] = PayerLogic(partition, table, self.aligner, HOMES)

    async def give(self, logs: Mapping[int, Log], behind: int = 0) -> list[Outgoing]:
        """Give records to several partitions at once and return what all put out."""
        chunks = {partition: Chunk(log, lambda: None, behind) for partition, log in logs.items() if log}
        outputs: list[Outgoing] = []
        async for some in self.stage.parts(chunks):
            outputs += keep(some, self.tables)
        return outputs


def keep(some: Together | Hold, tables: list[DictTable]) -> list[Outgoing]:
    """Keep what parts changed, and return what they put out."""
    assert not isinstance(some, Hold)
    for partition, part in some.parts.items():
        tables[partition].keep(part)
        part.on_durable()
    return list(one_by_one(some.outputs))


def items(outputs: list[Outgoing]) -> dict[int, list[Item]]:
    """Return the items of all bundles, by payee partition in its order."""
    found: dict[int, list[Item]] = defaultdict(list)
    for output in outputs:
        if output.topic == "transactions-by-payee":
            found[output.partition] += decode_bundle(output.value).items()
    return found


def _bytes(item: Item) -> bytes:
    """Return an item so that missing features are equal."""
    return msgspec.msgpack.encode(item)


def log(partition: int, offsets: range, times: Mapping[int, int]) -> Log:
    """Return payments of a partition's accounts, each `times` seconds after the first of all."""
    return [
        Record(
            offset,
            payment(
                offset,
                transaction_id=f"{partition}-{offset}",
                payer_vpa=f"p{partition}{'x' * (offset % 2)}@b",
                payee_vpa=f"shop{'x' * (offset % 3 % 2)}@ybl",
                event_time=T0_MS + 1_000 * times[offset],
            ),
        )
        for offset in offsets
    ]


_TIMES = st.lists(st.lists(st.integers(0, 40), max_size=14), min_size=2, max_size=4)


@settings(deadline=None, max_examples=60)
@given(times=_TIMES, cut=st.integers(0, 14))
async def test_payers_know_together_what_they_know_alone(times: list[list[int]], cut: int) -> None:
    """Features, states and applied records of each partition are the same, whoever else is worked on with it."""
    together = Payers(len(times))
    logs = {at: log(at, range(len(own)), dict(enumerate(own))) for at, own in enumerate(times)}
    sent = await together.give({at: own[:cut] for at, own in logs.items()})
    sent += await together.give({at: own[cut:] for at, own in logs.items()})

    found = {(one.source, one.offset, one.kind): _bytes(one) for some in items(sent).values() for one in some}
    for at, own in logs.items():
        table = DictTable()
        alone = PayerLogic(at, table, Aligner(lambda: 0.0), HOMES)
        expected = [one for some in items(await run(alone, table, own)).values() for one in some]
        assert {(one.offset, one.kind): _bytes(one._replace(source=at)) for one in expected} == {
            (offset, kind): one for (source, offset, kind), one in found.items() if source == at
        }
        assert (table.states, table.applied) == (together.tables[at].states, together.tables[at].applied)


@settings(deadline=None, max_examples=60)
@given(times=_TIMES)
async def test_what_comes_together_goes_on_in_the_order_of_its_times(times: list[list[int]]) -> None:
    """Within a partition offsets rise; across partitions times do, a late payment counting as the one before it."""
    logs = {at: log(at, range(len(own)), dict(enumerate(own))) for at, own in enumerate(times)}
    sent = await Payers(len(times)).give(logs)

    counts_as = [np.maximum.accumulate(own).tolist() for own in times]
    for some in items(sent).values():
        order = [counts_as[one.source][one.offset] for one in some]
        assert order == sorted(order)
        for at in range(len(times)):
            offsets = [one.offset for one in some if one.source == at and one.kind is not Kind.DEBIT]
            assert offsets == sorted(offsets)


async def test_partitions_that_catch_up_wait_for_the_one_of_which_nothing_is_here_yet() -> None:
    """Its next records may be of any time after its last; when they come, all go on together."""
    aligner = Aligner(lambda: 0.0)
    payers = Payers(2, aligner)
    aligner.begin(1, T0_MS)
    behind = BACKLOG_RECORDS + 1
    first = await payers.give({0: log(0, range(4), {0: 0, 1: 1, 2: 2, 3: 9})}, behind)
    held = payers.stage.held()
    assert held is not None
    held.close()
    later = await payers.give({1: log(1, range(2), {0: 3, 1: 8})}, behind)

    assert [one.offset for one in paid(first)] == [0, 1]
    assert [(one.source, one.offset) for one in paid(later)] == [(0, 2), (1, 0), (1, 1), (0, 3)]
    assert aligner.bound_ms(0) == T0_MS + 8_000 + ALIGNMENT_MS


def paid(outputs: list[Outgoing]) -> list[Item]:
    """Return the payments among the items, in order of time."""
    found = [one for some in items(outputs).values() for one in some if one.kind is Kind.PAYMENT]
    return sorted(found, key=lambda one: one.content.event_time_ms)  # type: ignore[union-attr]


async def test_a_chunk_is_finished_with_its_last_part() -> None:
    """Also one of which everything was applied before."""
    payers = Payers(2)
    again = log(0, range(2), {0: 0, 1: 1})
    await payers.give({0: again})
    chunks = {0: Chunk(again, lambda: None), 1: Chunk(log(1, range(3), {0: 0, 1: 1, 2: 2}), lambda: None)}
    finished = [place async for some in payers.stage.parts(chunks) for place in some.finished]

    assert finished == list(chunks.items())


@settings(deadline=None, max_examples=40)
@given(times=_TIMES, cut=st.integers(0, 6))
async def test_payees_decide_together_what_they_decide_alone(times: list[list[int]], cut: int) -> None:
    """Decisions to the byte, runs for the budget, states and applied records; sequences are each partition's own."""
    logs = {at: log(at, range(len(own)), dict(enumerate(own))) for at, own in enumerate(times)}
    sent = [o for o in await Payers(len(times)).give(logs) if o.topic == "transactions-by-payee"]
    bundles: dict[int, Log] = {0: [], 1: []}
    for output in sent:
        bundles[output.partition].append(Record(len(bundles[output.partition]), output.value))
    tables = [DictTable(), DictTable()]
    stage = PayeeStage(Decider())
    for at, table in enumerate(tables):
        stage.lanes[at] = PayeeLogic(at, table, Controlled.fixed(SCORER))
    together: list[Outgoing] = []
    for some in ({at: own[:cut] for at, own in bundles.items()}, {at: own[cut:] for at, own in bundles.items()}):
        async for parts in stage.parts({at: Chunk(own, lambda: None) for at, own in some.items() if own}):
            together += keep(parts, tables)

    alone: list[Outgoing] = []
    for at, own in bundles.items():
        table = DictTable()
        logic = PayeeLogic(at, table, Controlled.fixed(SCORER))
        for piece in (own[:cut], own[cut:]):
            alone += await run(logic, table, piece) if piece else []
        assert (table.states, table.applied) == (tables[at].states, tables[at].applied)
    assert sorted(map(_told, together)) == sorted(map(_told, alone))


def _told(output: Outgoing) -> tuple[Any, ...]:
    return output.topic, output.partition, output.key or b"", output.value


async def test_a_partition_whose_rules_changed_is_decided_by_its_own() -> None:
    """Those worked on with it, which have not come to that place of their logs yet, by the old ones."""
    sent = await Payers(1).give({0: log(0, range(3), {0: 0, 1: 1, 2: 2})})
    bundles = {o.partition: Record(0, o.value) for o in sent if o.topic == "transactions-by-payee"}
    tables, stage = [DictTable(), DictTable()], PayeeStage(Decider())
    for at, table in enumerate(tables):
        controlled = Controlled.fixed(SCORER)
        controlled.in_force = controlled.in_force.__class__(offset=6 + at)
        stage.lanes[at] = PayeeLogic(at, table, controlled)
    outputs: list[Outgoing] = []
    async for parts in stage.parts({at: Chunk([one], lambda: None) for at, one in bundles.items()}):
        outputs += keep(parts, tables)

    told = [orjson.loads(o.value) for o in outputs if o.topic == "decisions"]
    assert {(one["partition"], one["control_offset"]) for one in told} == {(0, 6), (1, 7)}


@given(
    st.dictionaries(st.integers(0, 5), st.lists(st.integers(0, 30), max_size=9).map(sorted), min_size=1),
    st.dictionaries(st.integers(0, 5), st.integers(0, 30)),
    st.integers(1, 12),
)
def test_the_earliest_go_first_and_no_further_than_their_bounds(
    times: dict[int, list[int]], bounds: dict[int, int], count_max: int
) -> None:
    """As many as may, of all partitions; nothing that stays is earlier than what goes, unless its bound holds it."""
    counts, order = earliest({at: np.array(own, np.int64) for at, own in times.items()}, bounds, count_max)

    going = [time for at, own in times.items() for time in own[: counts[at]]]
    free = [time for at, own in times.items() for time in own if time <= bounds.get(at, 99)]
    assert [going[at] for at in order] == sorted(free)[:count_max]
