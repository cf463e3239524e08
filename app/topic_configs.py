"""Settings that a topic must have, or should: clean-up of changelogs, and how far ahead a producer's clock may be.

An event time is bounded by its record's Kafka timestamp, which is the producer's clock: one payment from a year that
has not come would make every account of its partition one that was silent for years. So Kafka is asked to refuse it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from app.retention import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiokafka.admin import AIOKafkaAdminClient

    from app.topics import TopicSpec

logger = logging.getLogger(__name__)

_AHEAD = "message.timestamp.after.max.ms"
#: What inputs are created with: Kafka refuses records whose timestamp is more than an hour ahead of the broker's clock.
NOT_FAR_AHEAD = {_AHEAD: str(60 * 60 * 1000)}
_NO_BOUND = 2**63 - 1


async def wrong_configs(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> list[str]:
    """Return the changelogs that forget by time; warn of inputs that take timestamps of any future."""
    configs = await _configs(admin, [spec.name for spec in specs if spec.compacted or _AHEAD in spec.config])
    for spec in specs:
        if _AHEAD in spec.config and spec.name in configs:
            _warn_of_clocks(spec.name, configs[spec.name])
    policies = {
        spec.name: configs.get(spec.name, {}).get("cleanup.policy", "compact") for spec in specs if spec.compacted
    }
    return [
        f"{name}: cleanup.policy={policy}, needs compact" for name, policy in policies.items() if policy != "compact"
    ]


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the settings of topics by name; none where we may not ask."""
    try:
        responses = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    except KafkaError as exc:
        logger.warning("could not read the settings of topics: %r", exc)
        return {}
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for response in responses
        for _code, _message, _type, name, entries in response.resources
    }


def _warn_of_clocks(name: str, config: Mapping[str, str]) -> None:
    """Say so where producers choose timestamps and nothing bounds them; brokers before Kafka 3.6 know no such bound."""
    if config.get("message.timestamp.type") == "CreateTime" and int(config.get(_AHEAD) or _NO_BOUND) > DAY_MS:
        logger.warning(
            "%s takes records whose timestamps lie more than a day ahead: one payment from a producer with such a "
            "clock makes the accounts of its partition forgotten. Set %s=%s on it.",
            name,
            _AHEAD,
            NOT_FAR_AHEAD[_AHEAD],
        )
