"""The newest alerts of the deployment, each once, in a bounded list: what `/alerts` shows."""

from __future__ import annotations

from bisect import insort
from typing import Any

import orjson

from features.errors import RejectedTransaction
from features.fields import to_time_ms

KEPT_MAX = 200


class RecentAlerts:
    """Keeps the newest `KEPT_MAX` alerts by event time; an alert that is sent again after a crash stays one.

    >>> recent = RecentAlerts()
    >>> for alert_id, second in (("t1", 1), ("t2", 2), ("t1", 1)):
    ...     recent.add(b'{"alert_id":"%s","event_time":%d}' % (alert_id.encode(), second))
    >>> [alert["alert_id"] for alert in recent.newest(10)]
    ['t2', 't1']
    """

    def __init__(self) -> None:
        self._by_id: dict[str, dict[str, Any]] = {}
        self._order: list[tuple[int, str]] = []

    def add(self, value: bytes | None) -> None:
        """Take the value of a record of `alerts`; what is no alert is left out."""
        try:
            alert = orjson.loads(value or b"")
            alert_id, event_time_ms = str(alert["alert_id"]), to_time_ms(alert["event_time"], "event_time")
        except (ValueError, TypeError, KeyError, RejectedTransaction):
            return
        if alert_id in self._by_id:
            return
        self._by_id[alert_id] = alert
        insort(self._order, (event_time_ms, alert_id))
        if len(self._order) > KEPT_MAX:
            del self._by_id[self._order.pop(0)[1]]

    def newest(self, limit: int, *, before_ms: int | None = None, payer_vpa: str | None = None) -> list[dict[str, Any]]:
        """Return at most `limit` alerts, newest first, with an event time before `before_ms` and of one payer."""
        alerts = (
            self._by_id[alert_id]
            for event_time_ms, alert_id in reversed(self._order)
            if before_ms is None or event_time_ms < before_ms
        )
        chosen = [alert for alert in alerts if payer_vpa is None or alert.get("payer_vpa") == payer_vpa]
        return chosen[:limit]
