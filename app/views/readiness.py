"""What `/ready` says of a worker."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Readiness:
    """Why a worker does not take records yet (empty if it does), and what it works on."""

    reason: str = ""
    partitions: dict[str, list[int]] = field(default_factory=dict)
    lag: dict[str, int] = field(default_factory=dict)
    model_version: str | None = None
    rules_version: str | None = None
