"""All topics of the flow: names, keys, partitions, retention; created up front, or checked where we may not create.

The partition count is part of the state: accounts live where their partition is. A cluster whose topics have another
count than `TOPIC_PARTITIONS` is refused, as is a changelog that forgets by time.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from app.retention import COMPACTED_WITHIN_DAYS, DAY_MS, KEEPS_DAYS, keep
from app.topic_configs import NOT_FAR_AHEAD, wrong_configs
from features.errors import TopicsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

logger = logging.getLogger(__name__)

_VISIBLE_TRIES = 50
_VISIBLE_POLL_S = 0.2
#: Times at which the broker took a record in: latency is measured by them, and retention and compaction go by them, so
#: that a worker with a wrong clock neither ages what it writes nor is refused.
_APPEND_TIME = {"message.timestamp.type": "LogAppendTime"}
#: What others write too; how late or early a payment is goes by their timestamps.
_INPUTS = frozenset({"transactions", "labels"})

TABLES = {"payers": "transactions", "payees": "transactions-by-payee", "budget": "candidates"}
"""Table by name, with the topic whose partitions it follows."""


SINGLE_PARTITION = frozenset(
    {"candidates", "alert-budget", "alerts-undelivered", "case-events", "control", "alignment"}
)
"""Topics whose order is one for the whole deployment."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic as it has to be; `config` holds what is set when we create it."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)
    compacted: bool = False


def topic_specs(partitions: int, prefix: str, app_id: str) -> list[TopicSpec]:
    """Return every topic of a deployment, changelogs included.

    >>> [spec.name for spec in topic_specs(4, "blue.", "blue.prahari")][:2]
    ['blue.transactions', 'blue.labels']
    """
    flow = {name: keep(days) for name, days in KEEPS_DAYS.items()}
    flow["alignment"] = {"retention.ms": "3600000", "cleanup.policy": "delete"}
    for name in flow:
        flow[name] |= NOT_FAR_AHEAD if name in _INPUTS else _APPEND_TIME
    counts = {name: 1 if name in SINGLE_PARTITION else partitions for name in flow}
    specs = [TopicSpec(prefix + name, counts[name], config) for name, config in flow.items()]
    # A directory is trusted for half of this (tables/opening.py): then Kafka still knows what was deleted.
    changelog = {
        "cleanup.policy": "compact",
        **_APPEND_TIME,
        "segment.bytes": str(64 * 1024 * 1024),
        "delete.retention.ms": str(DAY_MS),
        "max.compaction.lag.ms": str(COMPACTED_WITHIN_DAYS * DAY_MS),
    }
    specs += [
        TopicSpec(changelog_topic(app_id, table), counts[source], changelog, compacted=True)
        for table, source in TABLES.items()
    ]
    return specs


def changelog_topic(app_id: str, table: str) -> str:
    """Return the name of a table's changelog, as Faust would name it."""
    return f"{app_id}-{table}-changelog"


async def ensure_topics(
    specs: Sequence[TopicSpec],
    client_options: Mapping[str, Any],
    *,
    create: bool,
    replication_factor: int,
    min_insync_replicas: int,
) -> None:
    """Create what is missing and check what is there; raises `TopicsError` with everything that is wrong."""
    admin = AIOKafkaAdminClient(**client_options)
    await admin.start()
    try:
        missing = await _missing(admin, specs)
        refused: list[str] = []
        if missing and create:
            refused = await _create(admin, missing, replication_factor, min_insync_replicas)
            missing = await _missing_for_good(admin, specs) if not refused else await _missing(admin, specs)
        problems = [f"{spec.name}: missing, needs {_as_asked(spec)}" for spec in missing]
        problems += await _wrong(admin, [spec for spec in specs if spec not in missing])
    finally:
        await admin.close()
    if problems:
        why = f" (creating was refused: {'; '.join(refused)})" if refused else ""
        raise TopicsError(
            f"needed {len(specs)} topics as designed, got: {'; '.join(problems)}{why}. Create them so, or set another "
            "PRAHARI_TOPIC_PREFIX; a partition count cannot be changed under state."
        )


def _as_asked(spec: TopicSpec) -> str:
    config = ", ".join(f"{key}={value}" for key, value in spec.config.items())
    return f"{spec.partitions} partitions, {config}"


async def _missing(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> list[TopicSpec]:
    known = set(await admin.list_topics())
    return [spec for spec in specs if spec.name not in known]


async def _missing_for_good(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> list[TopicSpec]:
    """Return what is still missing when brokers had time to hear of what we, or another worker, just made."""
    for _ in range(_VISIBLE_TRIES):
        missing = await _missing(admin, specs)
        if not missing:
            break
        await asyncio.sleep(_VISIBLE_POLL_S)
    return missing


async def _create(
    admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec], replication_factor: int, min_insync_replicas: int
) -> list[str]:
    """Create topics and return what was refused; another worker that was faster is no refusal."""
    extra = {"min.insync.replicas": str(min_insync_replicas)}
    new = [
        NewTopic(spec.name, spec.partitions, replication_factor, topic_configs={**spec.config, **extra})
        for spec in specs
    ]
    try:
        response = await admin.create_topics(new)
    except (TopicAuthorizationFailedError, ClusterAuthorizationFailedError, KafkaError) as exc:
        return [repr(exc)]
    refused = []
    for name, code, *message in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            refused.append(f"{name}: {error.__name__} {message[0] if message else ''}")
        elif not code:
            logger.info("created topic %s", name)
    return refused


async def _wrong(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> list[str]:
    described = {topic["topic"]: topic for topic in await admin.describe_topics([spec.name for spec in specs])}
    wrong = []
    for spec in specs:
        count = len(described[spec.name]["partitions"])
        if count != spec.partitions:
            wrong.append(f"{spec.name}: {count} partitions, needs {spec.partitions}")
    return wrong + await wrong_configs(admin, specs)
