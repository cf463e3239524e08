"""What people made of alerts: the status of each, who gave it when, and how many of the judged ones were frauds.

The topic `case-events` is the audit trail: one record for each change, never rewritten. Every worker reads its newest
records and shows the same.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Literal

import msgspec

from features.errors import RejectedTransaction
from features.fields import to_time_ms

if TYPE_CHECKING:
    from collections.abc import Callable

CASES_MAX = 20_000
EVENTS_PER_CASE_MAX = 50

Status = Literal["open", "confirmed", "cleared"]


class CaseEvent(msgspec.Struct, frozen=True):
    """One change: `by` is the client's name, `at` RFC 3339."""

    alert_id: str
    status: Status
    by: str
    at: str
    note: str = ""


_decoder = msgspec.json.Decoder(CaseEvent)


class Cases:
    """The newest cases, each with its trail.

    >>> cases = Cases()
    >>> for second, status in enumerate(("confirmed", "cleared", "confirmed")):
    ...     event = CaseEvent("t1", status, "asha", f"2026-01-01T00:00:0{second}Z")
    ...     cases.add(msgspec.json.encode(event))
    >>> cases.status("t1"), cases.status("t2"), len(cases.trail("t1"))
    ('confirmed', 'open', 3)
    >>> cases.judged()
    {'judged': 1, 'confirmed': 1, 'cleared': 0, 'precision': 1.0}
    """

    def __init__(self) -> None:
        self.on_new: Callable[[CaseEvent], None] = lambda _: None
        self._trails: OrderedDict[str, list[CaseEvent]] = OrderedDict()
        self._counts = {"open": 0, "confirmed": 0, "cleared": 0}

    def add(self, value: bytes | None) -> None:
        """Take a record of the topic; one that is none of ours, or came before, is left out."""
        try:
            event = _decoder.decode(value or b"")
            to_time_ms(event.at, "at")
        except (msgspec.DecodeError, RejectedTransaction, RecursionError):
            return
        trail = self._trails.pop(event.alert_id, [])
        is_new = event not in trail
        if is_new:
            if trail:
                self._counts[trail[-1].status] -= 1
            self._counts[event.status] += 1
            trail.append(event)
            del trail[:-EVENTS_PER_CASE_MAX]
        self._trails[event.alert_id] = trail
        while len(self._trails) > CASES_MAX:
            _, dropped = self._trails.popitem(last=False)
            self._counts[dropped[-1].status] -= 1
        if is_new:
            self.on_new(event)

    def status(self, alert_id: str) -> Status:
        """Return what an alert is now."""
        trail = self._trails.get(alert_id)
        return trail[-1].status if trail else "open"

    def trail(self, alert_id: str) -> list[CaseEvent]:
        """Return who gave an alert which status when, oldest first."""
        return list(self._trails.get(alert_id, ()))

    def judged(self) -> dict[str, float | int | None]:
        """Return how many of the newest judged alerts were frauds."""
        confirmed, cleared = self._counts["confirmed"], self._counts["cleared"]
        judged = confirmed + cleared
        precision = confirmed / judged if judged else None
        return {"judged": judged, "confirmed": confirmed, "cleared": cleared, "precision": precision}
