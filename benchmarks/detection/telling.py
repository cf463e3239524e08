"""Detection results as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD = (
    "| data, learned from, tested on | ranked by | AUC | AP | precision at 100 payments a day | at 100 cards a day |",
    "|---|---|---:|---:|---:|---:|",
)


def table(results: Sequence[dict[str, Any]]) -> str:
    """Return one line per ranking of each result; precision stands beside its ceiling."""
    lines = list(_HEAD)
    for one in results:
        for span, part in one["spans"].items():
            about = (
                f"{one['set']}, {one['learn_days']} d with {one['learned']['frauds']:,} frauds, {one['test_days']} d, "
                f"{span}: {part['payments']:,} with {part['frauds']:,} frauds"
            )
            for name, found in part["rankings"].items():
                lines.append(_line(about, name, found))
                about = ""
    return "\n".join(lines)


def _line(about: str, name: str, found: dict[str, float]) -> str:
    payments = f"{found['precision_100']:.3f} of {found['precision_100_ceiling']:.3f}"
    cards = f"{found['card_precision_100']:.3f} of {found['card_precision_100_ceiling']:.3f}"
    return f"| {about} | {name} | {found['auc']:.4f} | {found['average_precision']:.4f} | {payments} | {cards} |"
