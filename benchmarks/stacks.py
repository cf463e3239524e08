"""To which part of a payment's way a sampled stack belongs: by the innermost frame of a file that has a part."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

OTHER = "other"
PAYER, PAYEE = "payer read and fold", "payee read and fold"
BUNDLES, DECISION, FRAMEWORK = "encode and decode bundles", "decision", "Faust, aiokafka, event loop"
#: Innermost frame first; the first fragment that a frame's path holds decides.
PARTS: tuple[tuple[str, str], ...] = (
    ("agents/reading.py", "parse"),
    ("agents/names.py", "parse"),
    ("features/transaction.py", "parse"),
    ("features/wire", "parse"),
    ("features/fields.py", "parse"),
    ("features/text.py", DECISION),
    ("agents/decision", DECISION),
    ("agents/deciding.py", DECISION),
    ("agents/decided.py", DECISION),
    ("agents/bundl", BUNDLES),
    ("agents/work.py", BUNDLES),
    ("/rules/", "rules"),
    ("agents/lists.py", "rules"),
    ("models/reasons.py", "reasons of alerts"),
    ("contributions (", "reasons of alerts"),
    ("models/trees.py", "LightGBM and isolation forest"),
    ("/models/", "calibration and risk"),
    ("/budget/", "budget"),
    ("agents/budget.py", "budget"),
    ("agents/run.py", "budget"),
    ("tables/changelog.py", "changelog"),
    ("tables/record_batch.py", "produce"),
    ("tables/store.py", "RocksDB"),
    ("tables/partition.py", "state cache"),
    ("aiokafka/producer", "produce"),
    ("app/outputs.py", "produce"),
    ("app/batching.py", "produce"),
    ("aiokafka/consumer", "fetch"),
    ("app/transport", "fetch"),
    ("agents/alignment.py", "alignment"),
    ("app/head_sharing.py", "alignment"),
    ("app/metrics", "metrics"),
    ("agents/payer", PAYER),
    ("agents/merging.py", PAYER),
    ("agents/payee.py", PAYEE),
    ("agents/delivery.py", "batch protocol"),
    ("agents/crew.py", "batch protocol"),
    ("/aiokafka/", FRAMEWORK),
    ("/faust/", FRAMEWORK),
    ("/mode/", FRAMEWORK),
    ("/asyncio/", FRAMEWORK),
)


def part_of(stack: str) -> str:
    """Return the part of a stack as py-spy writes it, outermost frame first, `function (path:line)` each.

    What both account stages share, such as the compiled features, belongs to the stage that called it.

    >>> part_of("run (/x/agents/payee.py:9);process (/x/features/side.py:3)")
    'payee read and fold'
    >>> part_of("run (/x/agents/payee.py:9);score (/x/models/scoring.py:5);margins (/x/models/trees.py:2)")
    'LightGBM and isolation forest'
    """
    for frame in reversed(stack.split(";")):
        for fragment, part in PARTS:
            if fragment in frame:
                return part
    return OTHER


def by_part(lines: Iterable[str]) -> Counter[str]:
    """Return samples by part; a line is a stack, a space, and how often it was seen."""
    found: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rstrip().rpartition(" ")
        if stack:
            found[part_of(stack)] += int(count)
    return found
