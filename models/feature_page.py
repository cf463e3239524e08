"""docs/features.md: the registry as a page for people, and what each feature is worth where that was measured.

The page is a function of the registry and of the files that `prahari models worth` wrote; a test fails when it is
stale, and `prahari models features` writes it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from features.vector import FAMILIES, FEATURE_COUNT, FEATURE_SCHEMA, PAYER_FEATURE_COUNT, REGISTRY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PAGE = "features.md"
WORTH = "worth"
"""The folder beside the page that holds what was measured, a JSON file each."""

_HEAD = """# Features

{count} numbers are known of each payment, strictly before its event time T: windows are [T - w, T), and a verdict is
known from its label time on. {payer} come from the payer's account (stage payer), {payee} from the payee's (stage
payee). What is not known (no history, or an optional field that was not given) is NaN, never zero. Days and hours are
Indian. The list is `features/vector.py`, its schema `{schema}`; models fit rows of the same schema only.

This page is made by `prahari models features --out docs/features.md`; a test fails when it is stale.
`tests/features/oracle.py` has the naive truth of every feature, and hypothesis holds both equal.
"""

_WORTH = """
## What they are worth

Measured on payments later than all that was learned from ({slices}). A family is taken away before learning, from the
rules and the isolation forest too: the loss is what nothing else could replace. It can be negative: what is of no use
costs a little. How much of it is chance shows where a family knows nothing: terminals of the handbook never pay, so
what `payee passing on` loses there comes from the dice of the fit. Recall is that of the highest 0.5 % of each day,
beside the most that any ranking could reach.
"""

_EACH = """
## Every feature

The last columns are the average precision that a model loses when the feature is that of another payment: alone, and
together with the other windows of the same quantity. `-`: made after that was measured.
"""


def read_worth(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what was measured, by the name of its file."""
    return {path.stem: msgspec.json.decode(path.read_bytes()) for path in sorted(folder.glob("*.json"))}


def page(measured: dict[str, dict[str, Any]]) -> str:
    """Return the page."""
    payee = FEATURE_COUNT - PAYER_FEATURE_COUNT
    head = _HEAD.format(count=FEATURE_COUNT, payer=PAYER_FEATURE_COUNT, payee=payee, schema=FEATURE_SCHEMA)
    parts = [head]
    if measured:
        tested = (
            f"{name}: {one['payments']['tested']:,} with {one['payments']['frauds']:,} frauds"
            for name, one in measured.items()
        )
        parts += [_WORTH.format(slices="; ".join(tested)), *_commands(measured), _families(measured)]
    parts += [_EACH, _every(measured)]
    return "\n".join(parts) + "\n"


def _commands(measured: dict[str, dict[str, Any]]) -> list[str]:
    lines = [f"{command}" for one in measured.values() for command in one["commands"]]
    return ["```", *lines, "```", ""]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    """Return a Markdown table; columns from `left` on are numbers."""
    rule = "|" + "|".join("---" if at < left else "---:" for at in range(len(columns))) + "|"
    return "\n".join([f"| {' | '.join(columns)} |", rule, *(f"| {' | '.join(row)} |" for row in rows)])


def _families(measured: dict[str, dict[str, Any]]) -> str:
    columns = ["without", "features"]
    for name in measured:
        columns += [f"{name}: AP", "lost", "AUC", "recall"]
    rows = [["(everything)", str(FEATURE_COUNT), *(cell for one in measured.values() for cell in _full(one))]]
    for family, members in FAMILIES.items():
        cells = (cell for one in measured.values() for cell in _against(one["families"].get(family), one["full"]))
        rows.append([family, str(len(members)), *cells])
    return _table(columns, rows, 1)


def _full(one: dict[str, Any]) -> list[str]:
    full = one["full"]
    recall = f"{full['recall']:.1%} of {full['recall_ceiling']:.1%}"
    return [f"{full['average_precision']:.4f}", "", f"{full['auc']:.4f}", recall]


def _against(found: dict[str, float] | None, full: dict[str, float]) -> list[str]:
    if found is None:
        return ["-"] * 4
    lost = full["average_precision"] - found["average_precision"]
    return [f"{found['average_precision']:.4f}", f"{lost:+.4f}", f"{found['auc']:.4f}", f"{found['recall']:.1%}"]


def _every(measured: dict[str, dict[str, Any]]) -> str:
    columns = ["feature", "meaning", "unit", "window", "stage", "fraud it is for"]
    columns += [f"{name}: alone, with its windows" for name in measured]
    rows = []
    for feature in REGISTRY:
        lost = [one["features"].get(feature.name) for one in measured.values()]
        window = feature.window or "-"
        rows.append(
            [f"`{feature.name}`", feature.meaning, feature.unit, window, feature.stage, feature.fraud]
            + [f"{one['alone']:+.4f}, {one['with_its_windows']:+.4f}" if one else "-" for one in lost]
        )
    return _table(columns, rows, 6)
