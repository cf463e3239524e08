"""How long each topic keeps its records: what `docs/privacy.md` says and `erase` tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY_MS = 24 * 60 * 60 * 1000

KEEPS_DAYS: Mapping[str, int | None] = {
    "transactions": None,
    "labels": None,
    "transactions-by-payee": 7,
    "decisions": 7,
    "candidates": 7,
    "alerts": 90,
    "alert-budget": 90,
    "alerts-undelivered": 30,
    "case-events": 400,
    "control": None,
    "rejected": 30,
}
"""Days for which we create each topic to keep its records; None for all of them. docs/privacy.md says the same."""

COMPACTED_WITHIN_DAYS = 7
"""A changelog forgets what was overwritten or deleted in it within this time."""


def keep(days: int | None) -> dict[str, str]:
    """Return the settings of a topic that forgets by time alone."""
    return {"retention.ms": str(-1 if days is None else days * DAY_MS), "cleanup.policy": "delete"}
