"""The newest alerts of the deployment, each once, in a bounded list: what `/alerts` shows."""

from __future__ import annotations

from bisect import insort
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from app.views.tail import TopicTail
from features.errors import RejectedTransaction
from features.fields import to_time_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEPT_MAX = 1_000


class RecentAlerts:
    """Keeps the newest `KEPT_MAX` alerts by event time; an alert that is sent again after a crash stays one.

    >>> recent = RecentAlerts()
    >>> for alert_id, second in (("t1", 1), ("t2", 2), ("t1", 1)):
    ...     recent.add(b'{"alert_id":"%s","event_time":%d}' % (alert_id.encode(), second))
    >>> [alert["alert_id"] for alert in recent.newest(10)]
    ['t2', 't1']
    """

    def __init__(self) -> None:
        self.on_new: Callable[[dict[str, Any]], None] = lambda _: None
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
        self.on_new(alert)

    def get(self, alert_id: str) -> dict[str, Any] | None:
        """Return an alert that is kept, or None."""
        return self._by_id.get(alert_id)

    def newest(
        self, limit: int, *, before_ms: int | None = None, holds: Callable[[dict[str, Any]], bool] = lambda _: True
    ) -> list[dict[str, Any]]:
        """Return at most `limit` alerts that `holds` chooses, newest first, with an event time before `before_ms`."""
        alerts = (
            self._by_id[alert_id]
            for event_time_ms, alert_id in reversed(self._order)
            if before_ms is None or event_time_ms < before_ms
        )
        return list(islice(filter(holds, alerts), limit))


class AlertTail(TopicTail):
    """Keeps `recent` up to date from `run`, from a little before the log's end on."""

    def __init__(self, topic: str, partitions: int, client_options: Mapping[str, Any]) -> None:
        self.recent = RecentAlerts()
        super().__init__(topic, partitions, client_options, back=KEPT_MAX, take=self.recent.add)
