"""What `/score` answers: the decision on a payment and what the budget made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.risk import share_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Verdict:
    """Enough to answer a repeat; `threshold` is a score bucket, None where it is not known any more."""

    transaction_id: str
    payee_vpa: str
    amount: float
    fraud_probability: float | None
    risk: int
    risk_tier: str
    rules: tuple[str, ...]
    should_alert: bool
    threshold: int | None

    @classmethod
    def of(cls, decision: Mapping[str, Any], *, should_alert: bool, threshold: int | None) -> Verdict:
        """Return the verdict that a decision of the topic and an answer of the budget come to."""
        return cls(
            decision["transaction_id"],
            decision["payee_vpa"],
            decision["amount"],
            decision["fraud_probability"],
            decision["risk"],
            decision["risk_tier"],
            tuple(decision["rules"]),
            should_alert,
            threshold,
        )

    def answer(self, latency_ms: float) -> dict[str, Any]:
        """Return the answer's fields."""
        return {
            "transaction_id": self.transaction_id,
            "fraud_probability": self.fraud_probability,
            "should_alert": self.should_alert,
            "threshold_used": None if self.threshold is None else share_of(self.threshold),
            "risk_tier": self.risk_tier,
            "latency_ms": round(latency_ms, 2),
            "risk": self.risk,
            "rules": list(self.rules),
        }


def undecided(transaction_id: str, latency_ms: float) -> dict[str, Any]:
    """Return the answer of a deployment that lets payments pass when it has no verdict in time."""
    return {
        "transaction_id": transaction_id,
        "fraud_probability": None,
        "should_alert": False,
        "threshold_used": None,
        "risk_tier": None,
        "latency_ms": round(latency_ms, 2),
        "risk": None,
        "rules": [],
        "failed_open": True,
    }
