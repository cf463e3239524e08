"""A process of its own: compiles what the set-up compiles, works, and prints which functions compiled once more."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from numba.core.dispatcher import Dispatcher

from agents.alignment import Aligner
from agents.controlled import Controlled
from agents.payee import PayeeLogic
from agents.payer import PayerLogic
from agents.ports import KIND_HEADER, KIND_VERDICT
from app.compiling import compile_all
from features.payee import PAYEES
from features.payer import PAYERS
from models.scoring import Scorer
from rules import DEFAULT_RULES, load_rules
from tests.agents.stages import T0_MS, DictTable, Record, all_in_one, payment, run

VERDICT = {"is_fraud": 1, "label_time": T0_MS + 2_000, "source": "bank"}


def forms() -> dict[str, int]:
    """Return in how many forms each compiled function is there."""
    found: dict[str, int] = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in {"features", "rules", "models", "agents"}:
            for value in vars(module).values():
                if isinstance(value, Dispatcher):
                    found[f"{value.py_func.__module__}.{value.py_func.__qualname__}"] = len(value.signatures)
    return found


async def work() -> None:
    """Take payments and a verdict through both stages, look at the accounts, sweep them."""
    payers, payees = DictTable(), DictTable()
    records = [Record(number, payment(number, device_id="d1")) for number in range(40)]
    records.append(Record(40, payment(1, **VERDICT), headers=((KIND_HEADER, KIND_VERDICT),)))
    outputs = await run(PayerLogic(0, payers, Aligner(lambda: 0.0), all_in_one), payers, records)
    bundles = [Record(at, output.value) for at, output in enumerate(outputs)]
    scorer = Scorer(load_rules(Path(DEFAULT_RULES)), None)
    await run(PayeeLogic(1, payees, Controlled.fixed(scorer)), payees, bundles)
    sides: tuple[tuple[Any, DictTable], ...] = (PAYERS, payers), (PAYEES, payees)
    for side, table in sides:
        state = next(iter(table.states.values()))
        side.summary(state, T0_MS)
        side.shrink_all([state], T0_MS)
        side.may_vanish(state, T0_MS)


if __name__ == "__main__":
    compile_all()
    before = forms()
    asyncio.run(work())
    for function, count in forms().items():
        if count != before.get(function, 0):
            print(function)  # noqa: T201 - what the test reads
