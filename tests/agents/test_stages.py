"""What each stage makes of records, with a dictionary for its table and a list for its outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.alignment import Aligner
from agents.budget import REPORT_INTERVAL_S, BudgetLogic
from agents.bundle import CONTROL_SOURCE, Kind, decode_bundle
from agents.controlled import Controlled
from agents.forward import forward_control, forward_labels
from agents.payee import PayeeLogic
from agents.payer import BACKLOG_RECORDS, PayerLogic
from agents.ports import KIND_HEADER, KIND_VERDICT, KIND_WARM_UP, OFFSET_HEADER, Chunk, Hold, Outgoing, Part, one_by_one
from agents.run import OUTSIDE_BUDGET, Candidate, decode_run
from features.clock import DAY_MS
from features.hashing import party_hash
from features.vector import feature_index
from models.scoring import Scorer
from rules import load_rules
from tests.agents.controls import control, rules
from tests.agents.stages import T0_MS, DictTable, Record, all_in_one, payment, run

SCORER = Scorer(load_rules(Path("rules/rules.yaml")), None)
VERDICT = {"is_fraud": 1, "label_time": T0_MS + 2_000, "source": "bank"}


def payer_stage(table: DictTable, aligner: Aligner | None = None) -> PayerLogic:
    """Return a payer stage whose payees all live in partition 1."""
    return PayerLogic(0, table, aligner or Aligner(lambda: 0.0), all_in_one)


def payee_stage(table: DictTable) -> PayeeLogic:
    """Return a payee stage of partition 1 that decides by the default rules."""
    return PayeeLogic(1, table, Controlled.fixed(SCORER))


def items(outputs: list[Outgoing]) -> list[Any]:
    """Return the items of all bundles among the outputs."""
    bundles = [decode_bundle(output.value) for output in outputs if output.topic == "transactions-by-payee"]
    return [item for bundle in bundles for item in bundle.items()]


async def test_payments_go_on_with_what_was_known_before_them() -> None:
    """The second payment of a payer sees the first, and nothing of itself."""
    table = DictTable()
    outputs = await run(payer_stage(table), table, [Record(7, payment(1)), Record(8, payment(2))])

    first, second = items(outputs)
    count = 5 + 0  # registry order: five features of the payment, then payer_txn_count_5m
    assert [(item.offset, item.features[count]) for item in (first, second)] == [(7, 0.0), (8, 1.0)]


async def test_what_is_applied_is_skipped() -> None:
    """After a crash the stage goes on where its state says, whatever it is given again."""
    table = DictTable()
    records = [Record(number, payment(number)) for number in range(6)]
    await run(payer_stage(table), table, records[:4])
    outputs = await run(payer_stage(table), table, records)

    assert [item.offset for item in items(outputs)] == [4, 5]


async def test_a_repeat_changes_nothing_and_a_conflicting_one_is_rejected() -> None:
    """Same id and content is the same payment; other content under the same id is not a payment."""
    table = DictTable()
    records = [Record(0, payment(1)), Record(1, payment(1)), Record(2, payment(1, amount=9.0))]
    outputs = await run(payer_stage(table), table, records)

    assert [item.offset for item in items(outputs)] == [0]
    rejected = [json.loads(output.value) for output in outputs if output.topic == "rejected"]
    assert [(value["reason"], value["source_offset"]) for value in rejected] == [("conflicting_duplicate", 2)]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "invalid_json"),
        (None, "tombstone"),
        (payment(1, amount=-5), "amount_out_of_range"),
        (payment(1, event_time=T0_MS + DAY_MS), "future_event_time"),
        (b"\xff\xfe", "invalid_json"),
        (b"[" * 60_000, "invalid_json"),
    ],
)
async def test_what_cannot_be_decided_goes_to_rejected_with_its_reason(value: bytes | None, reason: str) -> None:
    """The stream goes on, and the original can be found again."""
    table = DictTable()
    outputs = await run(payer_stage(table), table, [Record(3, value), Record(4, payment(2))])

    rejected = json.loads(outputs[0].value)
    place = (rejected["reason"], rejected["source_topic"], rejected["source_partition"], rejected["source_offset"])
    assert (reason, "transactions", 0, 3) == place
    assert [item.offset for item in items(outputs)] == [4]


async def test_verdicts_and_warm_up_payments_are_told_apart_by_their_header() -> None:
    """A verdict travels on as one; a warm-up payment is marked and never late."""
    table = DictTable()
    old = T0_MS - 90 * DAY_MS
    records = [
        Record(0, payment(1, event_time=old), headers=((KIND_HEADER, KIND_WARM_UP),)),
        Record(1, payment(1, **VERDICT), headers=((KIND_HEADER, KIND_VERDICT),)),
        Record(2, payment(2, event_time=old)),
    ]
    warm, verdict, late = items(await run(payer_stage(table), table, records))

    assert [warm.kind, verdict.kind, late.kind] == [Kind.WARM_UP, Kind.VERDICT, Kind.LATE]


async def test_a_stage_that_drains_a_backlog_waits_for_the_others() -> None:
    """It goes on to a second past the smallest head, then holds until that one moves."""
    table = DictTable()
    aligner = Aligner(lambda: 0.0)
    aligner.begin(3, T0_MS + 1_000)
    logic = payer_stage(table, aligner)
    chunk = Chunk([Record(n, payment(n)) for n in range(5)], lambda: None, behind=BACKLOG_RECORDS + 1)
    parts = logic.parts(chunk)
    first = await anext(parts)
    held = await anext(parts)

    assert isinstance(first, Part)
    assert [item.offset for item in items(list(one_by_one(first.outputs)))] == [0, 1, 2]
    assert isinstance(held, Hold)
    aligner.move(3, T0_MS + 9_000)
    await held.until
    last = await anext(parts)
    assert isinstance(last, Part)
    assert [item.offset for item in items(list(one_by_one(last.outputs)))] == [3, 4]


async def bundles(records: list[Record]) -> list[Record]:
    """Return what the payer stage puts out for these records, as records of `transactions-by-payee`."""
    table = DictTable()
    outputs = await run(payer_stage(table), table, records)
    return [Record(n, o.value) for n, o in enumerate(o for o in outputs if o.topic == "transactions-by-payee")]


async def test_every_payment_becomes_one_decision_in_the_payers_partition() -> None:
    """Decisions carry their place, their features and the versions in force; a run goes to the budget."""
    source = await bundles([Record(n, payment(n)) for n in range(3)])
    table = DictTable()
    outputs = await run(payee_stage(table), table, source)

    decisions = [json.loads(output.value) for output in outputs if output.topic == "decisions"]
    assert [(d["payer_offset"], d["partition"], d["sequence"]) for d in decisions] == [(0, 1, 0), (1, 1, 1), (2, 1, 2)]
    assert {(0, b"ravi@okaxis")} == {(o.partition, o.key) for o in outputs if o.topic == "decisions"}
    assert {("none", SCORER.rules.version, False)} == {
        (d["model_version"], d["rules_version"], d["late"]) for d in decisions
    }
    run_sent = decode_run(next(output.value for output in outputs if output.topic == "candidates"))
    assert (run_sent.payee_partition, run_sent.first_sequence, len(run_sent.days)) == (1, 0, 3)


async def test_a_payee_counts_each_payment_found_to_be_fraud() -> None:
    """Verdicts on two payments are two, and the same one again is none, on both sides alike."""
    records = [Record(n, payment(n)) for n in range(2)]
    records += [Record(2 + n, payment(n // 2, **VERDICT), headers=((KIND_HEADER, KIND_VERDICT),)) for n in range(4)]
    source = await bundles([*records, Record(9, payment(3))])
    table = DictTable()
    outputs = await run(payee_stage(table), table, source)

    last = [json.loads(output.value) for output in outputs if output.topic == "decisions"][-1]["features"]
    assert [last[feature_index(f"{side}_fraud_verdicts_30d")] for side in ("payer", "payee")] == [2, 2]


async def test_bundles_cut_anew_are_skipped_item_by_item() -> None:
    """A replaying payer stage cuts other bundles; each item is decided once all the same."""
    records = [Record(n, payment(n)) for n in range(6)]
    table = DictTable()
    first = await bundles(records[:4])
    again = [Record(10 + r.offset, r.value) for r in await bundles(records)]
    outputs = await run(payee_stage(table), table, first)
    outputs += await run(payee_stage(table), table, first + again)

    decisions = [json.loads(output.value) for output in outputs if output.topic == "decisions"]
    assert list(range(6)) == [decision["payer_offset"] for decision in decisions]
    assert list(range(6)) == [decision["sequence"] for decision in decisions]


@given(st.lists(st.integers(1, 7), min_size=1, max_size=12))
async def test_a_result_never_depends_on_chunk_boundaries(sizes: list[int]) -> None:
    """However the log is cut, decisions, candidates with their evidence and state are the same bytes."""
    records = [Record(n, payment(n, payer_vpa=f"p{n % 3}@x")) for n in range(sum(sizes))]

    async def decide(cuts: list[list[Record]]) -> tuple[list[bytes], bytes, int]:
        payers, payees = DictTable(), DictTable()
        payer_logic, payee_logic = payer_stage(payers), payee_stage(payees)
        decisions: list[bytes] = []
        candidates: list[Candidate] = []
        for cut in cuts:
            sent = await run(payer_logic, payers, cut)
            bundle = [Record(n, o.value) for n, o in enumerate(sent, cut[0].offset * 100)]
            outputs = await run(payee_logic, payees, bundle)
            decisions += [o.value for o in outputs if o.topic == "decisions"]
            candidates += [one for o in outputs if o.topic == "candidates" for one in decode_run(o.value).candidates]
        return decisions, msgspec.msgpack.encode(candidates), payee_logic.applied.sequence

    cuts, rest = [], records
    for size in sizes:
        cuts.append(rest[:size])
        rest = rest[size:]
    assert await decide([records]) == await decide(cuts)


async def test_late_and_warm_up_payments_stay_outside_the_budget() -> None:
    """A late payment is decided and not counted; a warm-up payment is neither."""
    old = T0_MS - 90 * DAY_MS
    source = await bundles(
        [
            Record(0, payment(1, event_time=old), headers=((KIND_HEADER, KIND_WARM_UP),)),
            Record(1, payment(2, event_time=old)),
            Record(2, payment(3)),
        ]
    )
    table = DictTable()
    outputs = await run(payee_stage(table), table, source)

    decisions = [json.loads(output.value) for output in outputs if output.topic == "decisions"]
    assert [(d["payer_offset"], d["late"]) for d in decisions] == [(1, True), (2, False)]
    days = decode_run(next(o.value for o in outputs if o.topic == "candidates")).days
    assert OUTSIDE_BUDGET == days[0] != days[1]


def budget_stage(table: DictTable, rate_ppm: int = 500_000) -> BudgetLogic:
    """Return a budget stage whose reasons are one word."""
    return BudgetLogic(
        table,
        rate_ppm,
        lambda _rows, candidates, _versions: [[{"code": "x", "text": "because"}] for _ in candidates],
        clock=lambda: 0.0,
        report_later=lambda _: None,
    )


async def test_repeated_runs_are_counted_once_and_alerts_stay_within_the_limit() -> None:
    """The budget goes by sequence: what it counted is skipped, whatever way it comes again."""
    source = await bundles([Record(n, payment(n)) for n in range(8)])
    payees = DictTable()
    sent = [o for o in await run(payee_stage(payees), payees, source) if o.topic == "candidates"]
    table = DictTable()
    outputs = await run(budget_stage(table), table, [Record(0, sent[0].value)])
    outputs += await run(budget_stage(table), table, [Record(0, sent[0].value), Record(1, sent[0].value)])

    reports = [json.loads(o.value) for o in outputs if o.topic == "alert-budget"]
    alerts = [json.loads(o.value) for o in outputs if o.topic == "alerts"]
    assert max(report["seen"] for report in reports) == 8
    assert len({alert["alert_id"] for alert in alerts}) == len(alerts) <= 4
    assert all(alert["reasons"] == [{"code": "x", "text": "because"}] for alert in alerts)


async def test_the_days_numbers_are_asked_for_once_however_many_runs_come_meanwhile() -> None:
    """And asked for again where the chunk without records comes too early; the last numbers always get there."""
    source = await bundles([Record(n, payment(n)) for n in range(3)])
    payees, now_s, asked = DictTable(), [0.0], list[float]()
    runs = [o.value for o in await run(payee_stage(payees), payees, source) if o.topic == "candidates"] * 2
    budget = BudgetLogic(DictTable(), 0, None, clock=lambda: now_s[0], report_later=asked.append)

    async def told(records: list[Record]) -> list[int]:
        parts = [part async for part in budget.parts(Chunk(records, lambda: None)) if isinstance(part, Part)]
        return [json.loads(o.value)["seen"] for part in parts for o in one_by_one(part.outputs)]

    budget._reported_at_s = 0.0
    assert await told([Record(0, runs[0])]) == await told([Record(1, runs[1])]) == []
    assert asked == [REPORT_INTERVAL_S]
    now_s[0] = REPORT_INTERVAL_S * 0.9
    assert await told([]) == []
    assert len(asked) == 2
    now_s[0] = REPORT_INTERVAL_S
    assert await told([]) == [3]


async def test_an_alert_shows_the_earlier_payments_to_its_payee() -> None:
    """Times, amounts, who by a hash and what each is; the payment itself is none of them."""
    source = await bundles([Record(n, payment(n, payer_vpa=f"p{n}@x", amount=10 + n % 2)) for n in range(3)])
    payees, table = DictTable(), DictTable()
    sent = [o for o in await run(payee_stage(payees), payees, source) if o.topic == "candidates"]
    outputs = await run(budget_stage(table, 1_000_000), table, [Record(0, sent[0].value)])
    last = [json.loads(o.value) for o in outputs if o.topic == "alerts"][-1]

    assert last["transaction_id"] == "t2"
    assert [(one["event_time"], one["amount"], one["what"]) for one in last["evidence"]] == [
        ("2026-01-01T05:30:01.000+05:30", 11.0, ["new_payer", "last_hour"]),
        ("2026-01-01T05:30:00.000+05:30", 10.0, ["same_amount", "new_payer", "last_hour"]),
    ]
    assert f"{party_hash('p1@x'):010x}" == last["evidence"][0]["payer_hash"]


async def test_an_alert_shows_what_its_payer_did_before() -> None:
    """Two probes of a few rupees, each to another payee, then the payment itself, which is none of it."""
    sent = [payment(n, payee_vpa=f"s{n}@x", amount=5 + n) for n in range(2)]
    source = await bundles([Record(n, value) for n, value in enumerate([*sent, payment(2, amount=9_000)])])
    payees, table = DictTable(), DictTable()
    runs = [o for o in await run(payee_stage(payees), payees, source) if o.topic == "candidates"]
    outputs = await run(budget_stage(table, 1_000_000), table, [Record(0, runs[0].value)])
    before = [json.loads(o.value) for o in outputs if o.topic == "alerts"][-1]["payer_before"]

    assert before["windows"]["5m"] == {"payments": 2, "amount": 11.0, "distinct_payees": 2}
    assert (before["tiny_1h"], before["failed_24h"], before["new_payees_24h"]) == (2, 0, 2)
    assert (before["seconds_since_last"], before["mean_amount_30d"]) == (1.0, 5.5)
    assert before["seconds_since_payee"] is None


def test_labels_are_copied_into_the_payers_log_and_what_is_none_is_rejected() -> None:
    """The verdict keeps its bytes, gets its mark, and says where it was."""
    outputs = forward_labels([Record(7, payment(1, **VERDICT)), Record(8, b"{}")], 2)

    assert [(o.topic, o.partition) for o in outputs] == [("transactions", 2), ("rejected", 2)]
    assert outputs[0].headers == ((KIND_HEADER, KIND_VERDICT), (OFFSET_HEADER, b"7"))


def test_control_records_go_into_every_payee_partition() -> None:
    """One log, one order: a switch stands where it takes effect."""
    outputs = forward_control([Record(5, rules()), Record(6, None), Record(7, b"{}")], 3)

    assert [(o.topic, o.partition) for o in outputs] == [
        *(("transactions-by-payee", partition) for partition in range(3)),
        *(("rejected", 0), ("rejected", 0)),
    ]
    bundle = decode_bundle(outputs[0].value)
    assert ([CONTROL_SOURCE], [5], [rules()]) == (list(bundle.payer_partitions()), bundle.offsets, bundle.controls)
    reasons = [json.loads(output.value)["reason"] for output in outputs[3:]]
    assert reasons == ["tombstone", "invalid_field"]


async def test_an_alert_rate_switches_at_its_place_among_the_candidates() -> None:
    """The rate survives a restart, a record given again changes nothing, and None goes back to the settings."""
    source = await bundles([Record(n, payment(n)) for n in range(8)])
    payees = DictTable()
    sent = [o for o in await run(payee_stage(payees), payees, source) if o.topic == "candidates"]
    doubled, back = control("alert_rate", rate_ppm=1_000_000), control("alert_rate", rate_ppm=None)
    rate, no_rate = (forward_control([Record(n, value)], 1)[-1] for n, value in ((4, doubled), (5, back)))
    table = DictTable()
    await run(budget_stage(table, 250_000), table, [Record(0, sent[0].value)])
    changed = budget_stage(table, 250_000)
    await run(changed, table, [Record(1, rate.value, headers=rate.headers)])
    restarted = budget_stage(table, 250_000)
    rates = [changed.budget.ledger.rate_ppm, restarted.budget.ledger.rate_ppm]
    again = [Record(2, no_rate.value, headers=no_rate.headers), Record(3, rate.value, headers=rate.headers)]
    await run(restarted, table, again)

    assert (rate.topic, rate.partition) == ("candidates", 0)
    assert rates == [1_000_000, 1_000_000]
    assert restarted.budget.ledger.rate_ppm == 250_000
