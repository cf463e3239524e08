"""The same measurement on several worlds as Markdown: how much of a figure is the method, and how much is chance.

AUC is a mean over frauds, so it is told apart for those that nothing announces (compromised terminals before the first
verdict on them, which no ranking can know of) and for all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Cell = Callable[[dict[str, Any], str], float]

UNANNOUNCED = "compromised terminal"
_WHAT = ("AUC", "AP", "at 100 cards a day", "AUC, unannounced", "AUC, all others")


def seeds_table(results: Sequence[dict[str, Any]]) -> str:
    """Return a table a span, of results that differ in nothing but their seed: a line a world, and their mean."""
    spans = results[0]["spans"]
    names = " / ".join(next(iter(spans.values()))["rankings"])
    return "\n\n".join([f"Each cell: {names}.", *(_span(results, span) for span in spans)])


def _span(results: Sequence[dict[str, Any]], span: str) -> str:
    parts = [one["spans"][span] for one in results]
    names = list(parts[0]["rankings"])
    cells: list[Cell] = [_ranked(what) for what in ("auc", "average_precision", "card_precision_100")]
    if UNANNOUNCED in parts[0]["kinds"][names[0]]:
        cells += [_unannounced, _others]
    head = [span, "frauds", *_WHAT[: len(cells)]]
    lines = ["| " + " | ".join(head) + " |", "|---|---:" + "|---" * len(cells) + "|"]
    found = np.array([[[cell(part, name) for name in names] for cell in cells] for part in parts])
    for one, part, row in zip(results, parts, found, strict=True):
        lines.append(_line(f"seed {one['seed']}", f"{part['frauds']:,}", row))
    mean_frauds = np.mean([part["frauds"] for part in parts])
    return "\n".join([*lines, _line("mean", f"{mean_frauds:,.0f}", found.mean(0))])


def _ranked(what: str) -> Cell:
    return lambda part, name: float(part["rankings"][name][what])


def _unannounced(part: dict[str, Any], name: str) -> float:
    return float(part["kinds"][name][UNANNOUNCED]["unknown"]["auc"])


def _others(part: dict[str, Any], name: str) -> float:
    apart = part["kinds"][name][UNANNOUNCED]["unknown"]["frauds"]
    total = part["frauds"] * _ranked("auc")(part, name) - apart * _unannounced(part, name)
    return float(total / (part["frauds"] - apart))


def _line(world: str, frauds: str, row: np.ndarray) -> str:
    return f"| {world} | {frauds} | " + " | ".join(" / ".join(f"{value:.3f}" for value in cell) for cell in row) + " |"
