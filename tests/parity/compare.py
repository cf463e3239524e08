"""Holds what workers decided against a replay of their export: every feature, score, rule, risk and alert."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backtest.decide import Decider
from backtest.plan import Plan
from features.vector import FEATURE_NAMES
from tests.topics import read_topic

if TYPE_CHECKING:
    from pathlib import Path

    from models.scoring import Scorer

COMPARED = ("fraud_probability", "rule_score", "rules", "risk", "risk_tier", "features")
Place = tuple[int, int]


@dataclass
class Decisions:
    """Decisions by payer partition and offset, and the ids of alerts."""

    by_place: dict[Place, dict[str, Any]] = field(default_factory=dict)
    alerts: set[str] = field(default_factory=set)

    def differing(self, other: Decisions) -> dict[Place, list[str]]:
        """Return what differs in each decision that is not the same in both; a missing one differs as a whole."""
        found = {}
        for place in self.by_place.keys() | other.by_place.keys():
            one, two = self.by_place.get(place), other.by_place.get(place)
            if one is None or two is None:
                found[place] = ["missing"]
            elif names := [name for name in COMPARED if one[name] != two[name]]:
                found[place] = names
        return found


async def live(bootstrap: str, prefix: str) -> Decisions:
    """Read what workers wrote; repeats of a decision must be the same to the byte."""
    decisions = Decisions()
    values: dict[Place, set[bytes]] = defaultdict(set)
    for record in await read_topic(bootstrap, prefix + "decisions"):
        values[record.partition, json.loads(record.value)["payer_offset"]].add(record.value)
    for place, written in values.items():
        assert len(written) == 1, f"the repeats of {place} are not the same to the byte"
        decision = json.loads(next(iter(written)))
        decisions.by_place[place] = {name: decision[name] for name in COMPARED} | {"id": decision["transaction_id"]}
    decisions.alerts = {json.loads(r.value)["alert_id"] for r in await read_topic(bootstrap, prefix + "alerts")}
    return decisions


def replayed(export: Path, scorer: Scorer, *, recorded: bool, partitions: int = 4) -> Decisions:
    """Decide an export again, in its recorded order or by event time."""
    decisions = Decisions()
    for block in Decider(Plan(export, partitions=partitions, recorded=recorded), scorer).blocks():
        parts = zip(block.rows, block.places, block.features, block.scores, block.alerted, strict=True)
        for row, place, features, score, alerted in parts:
            where = (-1, len(decisions.by_place)) if place is None else (place.payer_partition, place.payer_offset)
            decisions.by_place[where] = {
                "id": row.transaction.transaction_id,
                "fraud_probability": score.fraud_probability,
                "rule_score": score.rule_score,
                "rules": list(score.rules),
                "risk": score.risk,
                "risk_tier": score.tier,
                "features": [None if value != value else value for value in features.tolist()],  # noqa: PLR0124 - NaN
            }
            if alerted:
                decisions.alerts.add(row.transaction.transaction_id)
    return decisions


def by_id(decisions: Decisions) -> dict[str, dict[str, Any]]:
    """Return decisions by transaction id, for replays whose rows have no place."""
    return {decision["id"]: decision for decision in decisions.by_place.values()}


def changed(one: dict[str, dict[str, Any]], two: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """Return by id which features differ of what is decided in both, and differently."""
    return {
        identity: [
            name
            for name, left, right in zip(
                FEATURE_NAMES, one[identity]["features"], two[identity]["features"], strict=True
            )
            if left != right
        ]
        for identity in one.keys() & two.keys()
        if any(one[identity][name] != two[identity][name] for name in COMPARED)
    }
