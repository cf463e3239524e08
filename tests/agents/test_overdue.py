"""Verdicts that came while payments waited take effect in the backlog where their label times come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.alignment import Aligner
from agents.bundle import Bundle, Kind, decode_bundle
from agents.controlled import Controlled
from agents.forward import forward_labels
from agents.overdue import Overdue, Span, verdicts_of
from agents.overdue_places import is_overdue, overdue_place, overdue_source
from agents.payee import PayeeLogic
from agents.payer import PayerApplied, PayerLogic
from features.vector import feature_index
from models.scoring import Scorer
from rules import DEFAULT_RULES, load_rules
from tests.agents.stages import T0_MS, DictTable, Record, all_in_one, payment, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.ports import Outgoing

PARTITION = 3
FIRST_LABEL = 40


def label(number: int, seconds: int, *, of: int = 0, is_fraud: int = 1) -> Record:
    """Return a record of `labels` that says of payment `of` what became known so many seconds after the first."""
    value = payment(of, is_fraud=is_fraud, label_time=T0_MS + 1_000 * seconds, source="bank")
    return Record(FIRST_LABEL + number, value)


class Backlog(NamedTuple):
    """Payments at these seconds, one offset apart, and what became known at those; the copies stand behind.

    `markers`: offsets without records before the backlog's end and behind it, as transactions leave them.
    """

    payments: list[int]
    labels: list[int]
    markers: tuple[int, int] = (0, 0)

    @property
    def until_offset(self) -> int:
        """The end of `transactions` when the partition was opened."""
        return len(self.payments) + self.markers[0]

    def log(self) -> list[Record]:
        """Return `transactions` as it is when the verdicts have been copied."""
        records = [
            Record(at, payment(at, event_time=T0_MS + 1_000 * seconds)) for at, seconds in enumerate(self.payments)
        ]
        copies = forward_labels(self.waiting(), PARTITION)
        return records + [
            Record(self.until_offset + self.markers[1] + at, copy.value, copy.key, headers=copy.headers)
            for at, copy in enumerate(copies)
        ]

    def waiting(self) -> list[Record]:
        """Return what `labels` holds."""
        return [label(number, seconds) for number, seconds in enumerate(self.labels)]

    def open(self, table: DictTable) -> PayerLogic:
        """Open the payer partition as a worker does, anew or after a crash."""
        logic = PayerLogic(PARTITION, table, Aligner(lambda: 0.0), all_in_one)
        span = Span(FIRST_LABEL, FIRST_LABEL + len(self.labels))
        noted = logic.applied.overdue or Overdue(self.until_offset, [span], len(self.labels))
        table.applied = logic.take_overdue(noted, verdicts_of(self.waiting()))
        return logic

    def expected(self) -> list[tuple[int, int]]:
        """Return the order in which a reader of the definition puts them: (source, offset or rank)."""
        order: list[tuple[int, int]] = []
        left = sorted((seconds, number) for number, seconds in enumerate(self.labels))
        for offset, paid in enumerate(self.payments):
            while left and left[0][0] < paid:
                left.pop(0)
                order.append((overdue_source(PARTITION), len(self.labels) - len(left) - 1))
            order.append((PARTITION, offset))
        return order + [(overdue_source(PARTITION), len(self.labels) - at) for at in range(len(left), 0, -1)]


def bundles(outputs: Sequence[Outgoing]) -> list[Bundle]:
    """Return the bundles among outputs."""
    return [decode_bundle(output.value) for output in outputs if output.topic == "transactions-by-payee"]


def places(outputs: Sequence[Outgoing]) -> list[tuple[int, int]]:
    """Return source and offset of each item, of overdue verdicts the rank."""
    return [
        (item.source, overdue_place(item.offset)[1] if is_overdue(item.source) else item.offset)
        for bundle in bundles(outputs)
        for item in bundle.items()
    ]


def first_of_each(found: Sequence[Any]) -> list[Any]:
    """Return what is left when repeats are dropped."""
    return list(dict.fromkeys(found))


async def test_a_verdict_takes_effect_before_the_first_payment_later_than_its_label_time() -> None:
    """At the very time it is not known yet; and what is later than all payments comes where the backlog ends."""
    backlog = Backlog(payments=[10, 20, 30, 40], labels=[20, 5, 99])
    table = DictTable()
    outputs = await run(backlog.open(table), table, backlog.log())

    verdict, before = overdue_source(PARTITION), PARTITION
    assert places(outputs) == [
        *[(verdict, 0), (before, 0), (before, 1), (verdict, 1), (before, 2), (before, 3), (verdict, 2)]
    ]


async def test_the_payer_is_known_for_a_fraud_from_its_label_time_on() -> None:
    """On both sides: the third payment knows of the fraud, the second does not, as in a replay of the file."""
    backlog = Backlog(payments=[0, 10, 20], labels=[15])
    table, payees = DictTable(), DictTable()
    outputs = await run(backlog.open(table), table, backlog.log())
    scorer = Scorer(load_rules(DEFAULT_RULES), None)
    source = [Record(at, o.value) for at, o in enumerate(o for o in outputs if o.topic == "transactions-by-payee")]
    decided = await run(PayeeLogic(1, payees, Controlled.fixed(scorer)), payees, source)

    rows = [msgspec.json.decode(o.value)["features"] for o in decided if o.topic == "decisions"]
    for side in ("payer", "payee"):
        assert [row[feature_index(f"{side}_fraud_verdicts_30d")] for row in rows] == [0, 0, 1]


async def test_copies_of_what_was_taken_are_passed_over_and_others_are_not() -> None:
    """Also after the next backlog took others; one that `labels` held before, or has since, counts where it stands."""
    table = DictTable()
    logic = Backlog([0, 10], [5]).open(table)
    logic.take_overdue(Overdue(9, [Span(40, 41), Span(60, 62)], 0), [])
    copies = [*forward_labels([label(0, 5), label(1, 6), label(20, 7), label(22, 8)], PARTITION)]
    records = [Record(at, copy.value, copy.key, headers=copy.headers) for at, copy in enumerate(copies)]
    outputs = await run(logic, table, records)

    assert [offset for _, offset in places(outputs)] == [1, 3]
    assert logic.applied.source_offset == 3


async def test_what_is_applied_names_the_last_record_and_the_verdicts_before_it() -> None:
    """A part may end behind a verdict; everything before the record that it stands before is applied then."""
    backlog = Backlog(payments=[10, 20], labels=[30])
    table = DictTable()
    await run(backlog.open(table), table, backlog.log()[:2])

    applied = msgspec.msgpack.decode(table.applied or b"", type=PayerApplied)
    assert (applied.source_offset, applied.overdue) == (1, Overdue(2, [Span(40, 41)], 1, 1))


async def test_the_backlog_ends_at_one_place_however_it_is_cut() -> None:
    """With or without the first record behind it in the chunk, an offset further on."""
    backlog = Backlog(payments=[10, 20], labels=[30], markers=(0, 1))
    found = []
    for cuts in ([3], [2, 3]):
        table, begin = DictTable(), 0
        logic, outputs = backlog.open(table), []
        for end in cuts:
            outputs += await run(logic, table, backlog.log()[begin:end])
            begin = end
        found.append([(item.source, item.offset) for bundle in bundles(outputs) for item in bundle.items()])

    assert found[0] == found[1]


async def test_a_backlog_that_begins_where_the_last_one_ended_puts_its_verdicts_behind() -> None:
    """Two verdicts came where the first ended, one before the very next record: each has an offset of its own."""
    table = DictTable()
    first = Backlog(payments=[10], labels=[20, 30])
    outputs = await run(first.open(table), table, first.log()[:1])
    logic = PayerLogic(PARTITION, table, Aligner(lambda: 0.0), all_in_one)
    assert logic.applied.overdue is not None
    logic.take_overdue(logic.applied.overdue.following(1, 2, Span(42, 43), 1), verdicts_of([label(2, 40)]))
    outputs += await run(logic, table, [Record(1, payment(1, event_time=T0_MS + 50_000))])

    found = [(item.source, item.offset) for bundle in bundles(outputs) for item in bundle.items()]
    assert [overdue_place(offset) for source, offset in found if is_overdue(source)] == [(1, 0), (1, 1), (1, 2)]
    assert logic.applied.overdue.applied == 1


def test_what_is_no_verdict_is_left_to_the_forwarder() -> None:
    """And verdicts come by their label times, those of one moment as they stand in `labels`."""
    records = [label(0, 9), Record(41, b"{"), label(2, 4), label(3, 4), Record(44, None)]

    assert [one.record.offset for one in verdicts_of(records)] == [42, 43, 40]


BACKLOGS = st.builds(
    Backlog,
    st.lists(st.integers(0, 12), min_size=1, max_size=12),
    st.lists(st.integers(0, 15), max_size=6),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
)


@given(backlog=BACKLOGS, data=st.data())
@settings(max_examples=200, deadline=None)
async def test_chunks_and_crashes_move_no_verdict(backlog: Backlog, data: st.DataObject) -> None:
    """Chunks may end anywhere, and a crash takes back to the last commit: the same items in the same places."""
    log, table = backlog.log(), DictTable()
    logic, outputs, at = backlog.open(table), [], 0
    saved = dict(table.states), table.applied
    for _ in range(40):
        if at == len(log):
            break
        end = data.draw(st.integers(at + 1, len(log)), "chunk until")
        outputs += await run(logic, table, log[at:end])
        at = end
        match data.draw(st.sampled_from(["go on", "commit", "crash"]), "then"):
            case "commit":
                saved = dict(table.states), table.applied
            case "crash":
                table = DictTable(saved[1])
                table.states = dict(saved[0])
                logic = backlog.open(table)
                at = sum(record.offset <= logic.applied.source_offset for record in log)
            case _:
                pass
    outputs += await run(logic, table, log[at:])

    exact = first_of_each([(item.source, item.offset) for bundle in bundles(outputs) for item in bundle.items()])
    assert first_of_each(places(outputs)) == backlog.expected()
    assert len(exact) == len(backlog.payments) + len(backlog.labels)
    of_verdicts = [offset for source, offset in exact if is_overdue(source)]
    assert of_verdicts == sorted(of_verdicts)
    kinds = {item.kind for bundle in bundles(outputs) for item in bundle.items() if is_overdue(item.source)}
    assert kinds <= {Kind.VERDICT}


class Outage(NamedTuple):
    """Payments and copies of verdicts as they stand in the log when an owner is killed.

    `copies` says before which payment each verdict's copy stands. The owner had committed what comes of `committed`
    records, put out what comes of `put_out`, and may have put out more, before `leased_until`.
    """

    payments: list[int]
    labels: list[int]
    copies: list[int]
    committed: int
    put_out: int
    leased_until: int

    def log(self) -> list[Record]:
        """Return `transactions`, copies among the payments."""
        waiting = Backlog(self.payments, self.labels).waiting()
        copies = [(place, copy) for place, copy in zip(self.copies, forward_labels(waiting, PARTITION), strict=True)]
        found: list[tuple[bytes, tuple[tuple[str, bytes], ...]]] = []
        for at, seconds in enumerate([*self.payments, None]):
            found += [(copy.value, copy.headers) for place, copy in copies if place == at]
            if seconds is not None:
                found.append((payment(at, event_time=T0_MS + 1_000 * seconds), ()))
        return [Record(at, value, headers=headers) for at, (value, headers) in enumerate(found)]


@st.composite
def outages(draw: st.DrawFn) -> Outage:
    """Draw an outage whose backlog reaches further than the lease."""
    payments = draw(st.lists(st.integers(0, 12), min_size=1, max_size=10))
    labels = draw(st.lists(st.integers(0, 15), min_size=1, max_size=5))
    copies = draw(st.lists(st.integers(0, len(payments)), min_size=len(labels), max_size=len(labels)))
    count = len(payments) + len(labels)
    committed, put_out, leased_until = sorted(draw(st.tuples(*[st.integers(0, count - 1)] * 3)))
    return Outage(payments, labels, copies, committed, put_out, leased_until)


def by_place(outputs: Sequence[Outgoing]) -> dict[tuple[int, int], str]:
    """Return all that bundles say, by source and offset, as text: it has numbers that are none."""
    return {(item.source, item.offset): repr(item) for bundle in bundles(outputs) for item in bundle.items()}


@given(outage=outages())
@settings(max_examples=200, deadline=None)
async def test_what_a_killed_owner_put_out_is_said_again_and_verdicts_begin_behind_its_lease(outage: Outage) -> None:
    """It did not know them: what its lease covers stays as it was, copies too, and behind that each has its place."""
    log, table = outage.log(), DictTable()
    killed = PayerLogic(PARTITION, table, Aligner(lambda: 0.0), all_in_one)
    before = await run(killed, table, log[: outage.committed])
    saved = dict(table.states), table.applied
    lost = await run(killed, table, log[outage.committed : outage.put_out])

    table = DictTable(saved[1])
    table.states = dict(saved[0])
    logic = PayerLogic(PARTITION, table, Aligner(lambda: 0.0), all_in_one)
    span = Span(FIRST_LABEL, FIRST_LABEL + len(outage.labels), outage.leased_until)
    waiting = Backlog(outage.payments, outage.labels).waiting()
    logic.take_overdue(Overdue(len(log), [span], len(waiting)), verdicts_of(waiting))
    again = await run(logic, table, log[outage.committed :])

    said = by_place(again)
    assert {place: said.get(place) for place in by_place(lost)} == by_place(lost)
    free = [record.offset for record in log if record.offset >= outage.leased_until]
    copied = {record.offset for record in log if record.headers}
    assert not copied & set(free) & {at for source, at in by_place([*before, *again]) if not is_overdue(source)}
    times_s = {at: msgspec.json.decode(log[at].value or b"").get("event_time", 0) for at in set(free) - copied}
    expected = sorted(
        next((at for at in sorted(times_s) if times_s[at] > T0_MS + 1_000 * seconds), len(log))
        for seconds in outage.labels
    )
    assert [overdue_place(offset)[0] for source, offset in said if is_overdue(source)] == expected
