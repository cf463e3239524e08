"""The ways from payments to features: through the stages, through a replay, and through training's dataset.

Each takes a world and gives the features of its payments by transaction id, or, for training, by event time.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import numpy as np
import orjson
import polars as pl

from agents.alignment import Aligner
from agents.controlled import Controlled
from agents.payee import PayeeLogic
from agents.payer import PayerLogic
from agents.ports import KIND_HEADER, KIND_VERDICT
from features.transaction import Verdict
from models.scoring import Scorer
from models.train import Plan, gather
from replay.engine import Replay
from rules import DEFAULT_RULES, load_rules
from tests.agents.stages import DictTable, Record, all_in_one, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from agents.ports import Outgoing
    from features.transaction import Transaction
    from tests.leakage.worlds import Arrival

    Rows = dict[str, list[float]]
    Way = Callable[[list[Arrival], Path], Rows]

OPTIONAL = ("device_id", "payee_type", "txn_type", "status")


def through_stages(world: list[Arrival], _: Path) -> Rows:
    """Send records as they arrive through both stages and read the features off the decisions."""
    return asyncio.run(_through_stages(_records(world)))


async def _through_stages(records: list[Record]) -> Rows:
    payers, payees = DictTable(), DictTable()
    payer = PayerLogic(0, payers, Aligner(lambda: 0.0), all_in_one)
    payee = PayeeLogic(1, payees, Controlled.fixed(Scorer(load_rules(DEFAULT_RULES), None)))
    sent = await run(payer, payers, records)
    bundles = [output for output in sent if output.topic == "transactions-by-payee"]
    decided = await run(payee, payees, [Record(at, output.value) for at, output in enumerate(bundles)])
    return dict(map(_decision, (output for output in decided if output.topic == "decisions")))


def _decision(output: Outgoing) -> tuple[str, list[float]]:
    decision = orjson.loads(output.value)
    return decision["transaction_id"], [math.nan if value is None else value for value in decision["features"]]


def _records(world: list[Arrival]) -> list[Record]:
    """Return the log of `transactions`: payments by arrival, verdicts at their label times."""
    due = [(one.arrived_ms, at, _payment_json(one.txn), ()) for at, one in enumerate(world)]
    mark = ((KIND_HEADER, KIND_VERDICT),)
    for at, one in enumerate(world):
        if one.label_ms is not None:
            due.append((one.label_ms, len(world) + at, orjson.dumps(_verdict_fields(one)), mark))  # type: ignore[arg-type]
    due.sort(key=lambda record: record[:2])
    return [
        Record(offset, value, timestamp=arrived_ms, headers=headers)
        for offset, (arrived_ms, _, value, headers) in enumerate(due)
    ]


def _payment_json(txn: Transaction) -> bytes:
    return orjson.dumps({**_required(txn), **{name: getattr(txn, name) for name in OPTIONAL if getattr(txn, name)}})


def _required(txn: Transaction) -> dict[str, object]:
    fields = {name: getattr(txn, name) for name in ("transaction_id", "payer_vpa", "payee_vpa")}
    return {**fields, "event_time": txn.event_time_ms, "amount": txn.amount_paise / 100}


def _verdict_fields(one: Arrival) -> dict[str, object]:
    return {**_required(one.txn), "is_fraud": int(one.is_fraud), "label_time": one.label_ms, "source": "bank"}


def through_replay(world: list[Arrival], _: Path) -> Rows:
    """Fold payments as they arrive and verdicts at their label times."""
    due: list[tuple[int, int, Transaction | Verdict]] = [(one.arrived_ms, at, one.txn) for at, one in enumerate(world)]
    for at, one in enumerate(world):
        if one.label_ms is not None:
            txn = one.txn
            about = (txn.transaction_id, txn.event_time_ms, txn.amount_paise, txn.payer_vpa, txn.payee_vpa)
            due.append((one.label_ms, len(world) + at, Verdict(*about, one.is_fraud, one.label_ms, "bank")))
    due.sort(key=lambda record: record[:2])
    rows = Replay().rows([record for _, _, record in due])
    return {row.transaction.transaction_id: row.features.tolist() for row in rows}


def through_training(world: list[Arrival], folder: Path, until_ms: int | None = None) -> Rows:
    """Write a history file and gather what training would learn from, by event time and place among its equals."""
    rows: list[dict[str, object]] = [
        {
            **_required(one.txn),
            **{name: getattr(one.txn, name) for name in OPTIONAL},
            "is_fraud": int(one.is_fraud),
            "label_time": one.label_ms,
        }
        for one in sorted(world, key=lambda one: one.time_ms)
    ]
    path = folder / "history.parquet"
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(path)
    plan = Plan(path, folder, load_rules(DEFAULT_RULES), 1, None, until_ms, 0)
    dataset, _ = gather(plan, lambda _: None)
    named: Rows = {}
    labels = dataset.labels.tolist()
    for time_ms, row, label in zip(dataset.event_time_ms.tolist(), dataset.rows.tolist(), labels, strict=True):
        place = 0
        while f"{time_ms}/{place}" in named:
            place += 1
        named[f"{time_ms}/{place}"] = named[f"{time_ms}/last"] = row if until_ms is None else [*row, float(label)]
    return named


def differences(one: Rows, other: Rows, keys: set[str]) -> dict[str, list[int]]:
    """Return, of the rows named, those that differ, and in which columns; NaN equals NaN. A missing row differs."""
    found = {}
    for key in sorted(keys):
        if key not in one or key not in other:
            found[key] = [-1]
        elif not np.array_equal(one[key], other[key], equal_nan=True):
            left, right = np.array(one[key]), np.array(other[key])
            found[key] = np.flatnonzero(~((left == right) | (np.isnan(left) & np.isnan(right)))).tolist()
    return found
