"""Control records among the payments of a payee partition: they take force at their place, however the log is cut."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.alignment import Aligner
from agents.beside import beside_json
from agents.bundle import control_bundle
from agents.control_record import compiled_rules
from agents.controlled import Controlled, Deciding
from agents.delivery import PartitionTask
from agents.in_force import InForce, fold_all
from agents.payee import PayeeLogic, applied_control
from agents.payer import PayerLogic
from agents.ports import Chunk, Outgoing, Output, one_by_one
from agents.run import decode_run
from models.scoring import Scorer
from rules import DEFAULT_RULES, load_rules, parse_rules
from rules.shadow import ShadowRules
from tables.partition import TablePartition
from tables.store import PartitionStore
from tests.agents.controls import RULES, control, listed, rules
from tests.agents.stages import DictTable, Record, all_in_one, payment, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DEFAULT = Scorer(load_rules(DEFAULT_RULES), None)
HEAVY = RULES.replace("weight: 40", "weight: 90")


async def resolve(in_force: InForce) -> Deciding:
    """Resolve rules, and a challenger that says its model's version as a probability."""
    live = DEFAULT.rules if in_force.rules is None else compiled_rules(in_force.rules)
    staged = None if in_force.rules_shadow is None else compiled_rules(in_force.rules_shadow)
    challenger = None if in_force.challenger is None else lambda rows: [0.25] * len(rows)
    return Deciding(Scorer(live, None), challenger, ShadowRules(live, staged) or None, in_force.rate_ppm)


async def opened(table: DictTable, log: Sequence[bytes]) -> PayeeLogic:
    """Open a payee stage as a worker does: what is in force is folded from the log up to what is applied."""
    last = applied_control(table.applied)
    in_force = fold_all(InForce(), list(enumerate(log))[: last + 1])
    return PayeeLogic(1, table, Controlled(in_force, await resolve(in_force), resolve))


async def log_of(*items: bytes | int) -> tuple[list[Record], list[bytes]]:
    """Return records of `transactions-by-payee`: payments by number, control records by value; and `control`."""
    payers = DictTable()
    controls: list[bytes] = []
    records: list[Record] = []
    logic = PayerLogic(0, payers, Aligner(lambda: 0.0), all_in_one)
    for offset, item in enumerate(items):
        if isinstance(item, bytes):
            records.append(Record(offset, control_bundle([len(controls)], [item])))
            controls.append(item)
        else:
            sent = await run(logic, payers, [Record(offset, payment(item, device_id="phone"))])
            records.append(Record(offset, sent[0].value))
    return records, controls


def decisions(outputs: list[Outgoing]) -> list[dict[str, Any]]:
    """Return the decisions among outputs."""
    return [json.loads(output.value) for output in outputs if output.topic == "decisions"]


def candidates(outputs: list[Outgoing]) -> list[int]:
    """Return the sequences of what may become an alert."""
    runs = [decode_run(output.value) for output in outputs if output.topic == "candidates"]
    return [candidate.sequence for one in runs for candidate in one.candidates]


async def test_rules_take_force_between_two_payments() -> None:
    """In one chunk: what came before is decided by the old rules, what comes after by the new ones."""
    records, controls = await log_of(1, rules(), 2, rules(HEAVY), rules(None), 3)
    table = DictTable()
    outputs = await run(await opened(table, controls), table, records)

    told = [(d["control_offset"], d["rule_score"], d["rules"], d["rules_version"]) for d in decisions(outputs)]
    assert told == [
        (-1, 0, [], DEFAULT.rules.version),
        (0, 40, ["ANY_AMOUNT"], parse_rules(RULES).version),
        (2, 0, [], DEFAULT.rules.version),
    ]


_ITEMS = st.lists(
    st.one_of(
        st.integers(0, 30),
        st.sampled_from(
            [
                rules(),
                rules(HEAVY),
                rules(None),
                rules(HEAVY, kind="rules_shadow"),
                listed("block", "shop@ybl"),
                listed("none", "shop@ybl"),
                listed("allow", "phone", subject="device"),
                control("alert_rate", rate_ppm=100_000),
                control("challenger", model_version="logistic"),
            ]
        ),
    ),
    min_size=1,
    max_size=14,
)


@settings(deadline=None, max_examples=60)
@given(_ITEMS, st.lists(st.integers(1, 5), max_size=8), st.sets(st.integers(0, 8)))
async def test_neither_cuts_nor_restarts_change_a_byte(
    items: list[bytes | int], sizes: list[int], restarts: set[int]
) -> None:
    """However the log is cut into chunks, and wherever a worker begins anew: the same decisions."""
    records, controls = await log_of(*dict.fromkeys(items))
    whole, pieces = DictTable(), DictTable()
    expected = [o.value for o in await run(await opened(whole, controls), whole, records) if o.topic == "decisions"]
    logic, got, rest = await opened(pieces, controls), [], records
    for number, size in enumerate([*sizes, len(records)]):
        got += [o.value for o in await run(logic, pieces, rest[:size]) if o.topic == "decisions"]
        rest = rest[size:]
        if number in restarts:
            logic = await opened(pieces, controls)

    assert got == expected


async def test_a_blocked_payee_is_a_hit_of_weight_100_and_an_allowed_one_is_never_a_candidate() -> None:
    """Blocked: risk over 90 whatever the rules say. Allowed and snoozed: decided as ever, and silent."""
    block, allow = listed("block", "Shop@ybl"), listed("allow", "shop@ybl")
    snooze = listed("snooze", "phone", subject="device", until="2026-01-01T05:30:05+05:30")
    records, controls = await log_of(1, block, 2, allow, 3, listed("none", "shop@ybl"), snooze, 4, 6)
    table = DictTable()
    outputs = await run(await opened(table, controls), table, records)

    told = [(d["rules"], d["rule_score"], d["risk_tier"], d.get("listed")) for d in decisions(outputs)]
    assert told == [
        ([], 0, "LOW", None),
        (["LISTED_PAYEE"], 100, "CRITICAL", "block"),
        ([], 0, "LOW", "allow"),
        ([], 0, "LOW", "snooze"),
        (["PAYER_VELOCITY"], 30, "MEDIUM", None),
    ]
    assert candidates(outputs) == [0, 1, 4]


async def test_what_is_on_trial_is_told_and_weighs_nothing() -> None:
    """Rules in the shadow and a challenger stand in the decision beside the verdict."""
    trial = [rules(HEAVY, kind="rules_shadow"), control("challenger", model_version="logistic")]
    records, controls = await log_of(1, *trial, 2, rules(HEAVY), 3)
    table = DictTable()
    outputs = await run(await opened(table, controls), table, records)

    told = [(d["rule_score"], d.get("shadow_rules"), d.get("challenger_probability")) for d in decisions(outputs)]
    assert told == [(0, None, None), (0, ["ANY_AMOUNT"], 0.25), (90, None, 0.25)]


class Unwritten:
    """A changelog that nobody reads."""

    async def write(self, changes: Mapping[bytes, bytes | None]) -> int:
        """Take the changes."""
        return len(changes)


async def test_a_stage_that_waits_for_a_model_can_be_given_up(tmp_path: Path) -> None:
    """A rebalance does not wait for an artifact; the record is put in force by whoever comes next."""
    waiting = asyncio.Event()

    async def never(_: InForce) -> Deciding:
        waiting.set()
        await asyncio.Event().wait()
        raise AssertionError

    records, _ = await log_of(1, rules(), 2)
    store = PartitionStore(tmp_path / "payees-1")
    table = TablePartition(store, Unwritten(), cache_bytes=10_000)
    logic = PayeeLogic(1, table, Controlled(InForce(), Deciding(DEFAULT), never))
    sent: list[Outgoing] = []

    async def send(outputs: Sequence[Output]) -> Any:
        sent.extend(one_by_one(outputs))
        return asyncio.sleep(0)

    def fatal(where: str, error: BaseException) -> None:
        raise AssertionError(where) from error

    task = PartitionTask("payee[1]", logic, table, send, fatal, commit_linger_s=0.0)
    task.start()
    task.deliver(Chunk(records, lambda: None))
    async with asyncio.timeout(60):
        await waiting.wait()
        await task.finish()

    assert [decision["transaction_id"] for decision in decisions(sent)] == ["t1"]
    assert applied_control(table.applied) == -1


async def test_a_model_that_cannot_be_had_ends_the_stage_instead_of_another_deciding() -> None:
    """The error goes to whoever runs the stage; nothing after the record is decided."""

    async def missing(_: InForce) -> Deciding:
        raise LookupError("not here")

    records, _ = await log_of(1, rules(), 2)
    table = DictTable()
    outputs: list[Outgoing] = []
    logic = PayeeLogic(1, table, Controlled(InForce(), Deciding(DEFAULT), missing))
    with pytest.raises(LookupError):
        outputs += await run(logic, table, records)

    assert applied_control(table.applied) == -1


def test_a_decision_without_anything_beside_it_says_no_more_than_before() -> None:
    """Without challenger, trial or list nothing is computed."""
    assert beside_json(Deciding(DEFAULT), np.zeros((2, 3)), None) is None
