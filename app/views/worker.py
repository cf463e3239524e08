"""What the views know of the worker that serves them: its open partitions, its peers, whether it is ready.

The one place among the views that knows Faust: tests put another in its place.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aiohttp import web
from faust.types import TP

from app.scoring import load_scorer
from app.views.catch_up import CatchUp, applied_offset
from app.views.peers import reachable
from app.views.readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.delivery import PartitionTask
    from agents.ports import Outgoing
    from app.faust_app import PrahariApp
    from app.metrics.names import Metrics
    from app.score.admissions import Admissions
    from app.score.waiters import Waiters
    from app.settings import Settings
    from models.artifact import Model
    from models.scoring import Scorer
    from rules import RuleSet

logger = logging.getLogger(__name__)

_LOG_ENDS_S = 0.8


class Worker:
    """The worker, as its views see it."""

    def __init__(self, app: PrahariApp) -> None:
        self._app = app
        self._catch_up = CatchUp(self._log_ends, time.monotonic)

    @property
    def settings(self) -> Settings:
        """Our settings."""
        return self._app.prahari

    @property
    def client_options(self) -> dict[str, Any]:
        """What a Kafka client is made with."""
        return self._app.client_options

    @property
    def metrics(self) -> Metrics:
        """What this worker counts."""
        return self._app.metrics

    @cached_property
    def partitions(self) -> int:
        """How many partitions the topics keyed by account have."""
        return int(self._app.conf.topic_partitions)

    @property
    def stopping(self) -> bool:
        """Whether the process is on its way out."""
        return bool(self._app.should_stop)

    def now_ms(self) -> int:
        """Return the wall clock: a view without `?at=` asks for now."""
        return time.time_ns() // 1_000_000

    def open_partitions(self, topic: str) -> dict[int, PartitionTask]:
        """Return what is open here of a topic, named without the deployment's prefix."""
        return self._app.stages.tasks(self.settings.topic_prefix + topic)

    def open_partition(self, topic: str, partition: int) -> PartitionTask | None:
        """Return one partition of a topic, named without the deployment's prefix; None where it is not open here."""
        return self._app.stages.task(self.settings.topic_prefix + topic, partition)

    async def caught_up(self, topic: str, tasks: dict[int, PartitionTask]) -> frozenset[int]:
        """Return which of these open partitions have applied all that their log held when first asked of."""
        return await self._catch_up.reached(topic, tasks)

    def peers(self) -> list[str]:
        """Return the URLs of the other workers, as the last assignment named them."""
        members = self._app.assignor.external_topic_distribution
        others = sorted(set(members) - {str(self._app.conf.canonical_url)})
        return [reachable(self.settings, url) for url in others]

    @property
    def admissions(self) -> Admissions:
        """What the budget made of payments, where it runs here."""
        return self._app.admissions

    @property
    def waiters(self) -> Waiters:
        """Who waits for decisions on this worker."""
        return self._app.waiters

    async def send(self, output: Outgoing) -> None:
        """Append to a topic, together with others; returns when the brokers have it."""
        await self._app.outbox.put(output)

    def rules(self) -> RuleSet:
        """Return the rules in force."""
        return self.scorer().rules

    def model(self) -> Model | None:
        """Return the model in force, or None where the rules decide alone."""
        return self.scorer().model

    def scorer(self) -> Scorer:
        """Return what decides here, in the partition furthest in `control`; before one is open, what settings say."""
        deciding = self._app.control_plane.newest()
        return load_scorer(self.settings.rules, self.settings.model_dir) if deciding is None else deciding.scorer

    def drift(self) -> dict[str, float]:
        """Return how far what the model in force scores here lies from its training, by input and for the score."""
        deciding = self._app.control_plane.newest()
        return {} if deciding is None else self._app.control_plane.drift.of(deciding.scorer.model)

    def owner(self, topic: str, partition: int) -> str | None:
        """Return the URL of the other worker that has a partition; None where it is here, or nobody is known to."""
        if self.open_partition(topic, partition) is not None:
            return None
        own, name = str(self._app.conf.canonical_url), self.settings.topic_prefix + topic
        for url, topics in self._app.assignor.external_topic_distribution.items():
            if url != own and partition in topics.get(name, ()):
                return reachable(self.settings, url)
        return None

    def readiness(self) -> Readiness:
        """Return what this worker works on, and why it is not ready if it is not."""
        assigned: dict[str, list[int]] = {}
        for tp in sorted(self._app.assignor.assigned_actives()):
            assigned.setdefault(tp.topic.removeprefix(self.settings.topic_prefix), []).append(tp.partition)
        found = Readiness(self._not_ready(assigned), assigned)
        if not found.reason:
            found.lag = {topic: lag for topic in assigned if (lag := self._lag(topic)) is not None}
        if self.open_partitions("transactions-by-payee"):
            scorer = self.scorer()  # loaded when they were opened
            found.model_version = scorer.model.version if scorer.model else None
            found.rules_version = scorer.rules.version
        return found

    def _not_ready(self, assigned: dict[str, list[int]]) -> str:
        app = self._app
        if self.stopping:
            return "the worker is stopping"
        completed = app.tables.recovery.completed.is_set()
        if not assigned and not completed:
            return "no partitions are assigned yet"
        closed = [
            f"{topic}[{partition}]"
            for topic, partitions in assigned.items()
            for partition in set(partitions) - set(self.open_partitions(topic))
        ]
        if closed:
            return f"not restored yet: {', '.join(sorted(closed))}"
        if app.rebalancing or not completed:
            return "partitions are being assigned anew"
        return ""

    def lag(self, topic: str, partition: int) -> int | None:
        """Return how many records an open partition is behind, or None where that is not known."""
        task = self.open_partitions(topic)[partition]
        try:
            end = self._app.consumer.highwater(self._tp(topic, partition))
        except Exception:  # noqa: BLE001 - aiokafka asserts; a partition moved while we asked
            return None
        if end is None or not hasattr(task.table, "applied"):
            return None
        return max(0, int(end) - applied_offset(task) - 1)

    def _lag(self, topic: str) -> int | None:
        """Return how many records the open partitions of a topic are behind, or None where that is not known."""
        lags = [self.lag(topic, partition) for partition in self.open_partitions(topic)]
        known = [lag for lag in lags if lag is not None]
        return sum(known) if len(known) == len(lags) else None

    async def _log_ends(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Ask the broker where logs end now; none of them where it does not say."""
        try:
            tps = [self._tp(topic, partition) for partition in partitions]
            ends = await asyncio.wait_for(self._app.consumer.highwaters(*tps), _LOG_ENDS_S)
        except Exception as exc:  # noqa: BLE001 - whatever Faust's consumer thread raises: the answer is "not known"
            logger.warning("the broker did not say where %s ends: %r", topic, exc)
            return {}
        return {tp.partition: end for tp, end in ends.items()}

    def _tp(self, topic: str, partition: int) -> Any:
        return TP(self.settings.topic_prefix + topic, partition)


WORKER = web.AppKey("worker", Worker)
