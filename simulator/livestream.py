"""Live payments as Kafka records, faults included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from simulator import table
from simulator.faults import spoil_value
from simulator.live import LiveBlock, LivePlan, live_blocks
from simulator.records import TRANSACTIONS, Records, json_values, keys_and_hashes, truth_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simulator.dice import Dice, Ints
    from simulator.faults import Faults
    from simulator.world import World


def live_records(plan: LivePlan, world: World, faults: Faults, clock_ms: Callable[[], int]) -> Iterator[Records]:
    """Yield blocks of records without end, due when the plan's rate says; without a rate, at the clock's time."""
    before = plan.start_ms
    for block in live_blocks(plan, world):
        if not plan.rate:
            now = max(before, clock_ms())
            block.payments.time_ms = np.linspace(before, now, len(block.ids), endpoint=False).astype(np.int64)
            before = now
        yield encode(plan, world.dice, block, faults)


def encode(plan: LivePlan, dice: Dice, block: LiveBlock, faults: Faults) -> Records:
    """Return the records of one block."""
    payments, ids = block.payments, block.ids
    frame = table.transactions(dice, payments, ids, salt=plan.start_ms)
    event_ms = payments.time_ms - faults.behind_ms(dice, ids) if faults.any else payments.time_ms
    frame = frame.with_columns(pl.lit("INR").alias("currency"), table.time_strings(event_ms).alias("event_time"))
    fraud = payments.fraud > 0
    keys, hashes = keys_and_hashes(frame["payer_vpa"])
    records = Records(
        topic=[TRANSACTIONS] * len(ids),
        key=keys,
        hash=hashes,
        value=json_values(frame),
        due_ms=payments.time_ms - plan.start_ms,
        stamp_ms=None,
        truth=truth_lines(frame["transaction_id"], pl.Series(fraud), table.fraud_types(payments.fraud)),
        fraud=fraud,
    )
    return _with_faults(records, dice, ids, faults) if faults.any else records


def _with_faults(records: Records, dice: Dice, ids: Ints, faults: Faults) -> Records:
    """Return the records with some broken and some repeated, within their block."""
    rows, after, conflicting = faults.repeated(dice, ids)
    due_ms = np.concatenate([records.due_ms, np.minimum(records.due_ms[rows] + after, records.due_ms[-1])])
    ways = faults.spoiled(dice, ids).tolist()
    values = [spoil_value(value, way) for value, way in zip(records.value, ways, strict=True)]
    for row, differs in zip(rows.tolist(), conflicting.tolist(), strict=True):
        values.append(values[row].replace(b'"amount":', b'"amount":1') if differs else values[row])
    order = np.argsort(due_ms, kind="stable")
    source = np.concatenate([np.arange(len(ids), dtype=np.int64), rows])[order].tolist()
    first = order < len(ids)
    return Records(
        topic=[TRANSACTIONS] * len(order),
        key=[records.key[row] for row in source],
        hash=[records.hash[row] for row in source],
        value=[values[place] for place in order.tolist()],
        due_ms=due_ms[order],
        stamp_ms=None,
        truth=[records.truth[row] if new else b"" for row, new in zip(source, first.tolist(), strict=True)],
        fraud=records.fraud[source] & first,
    )
