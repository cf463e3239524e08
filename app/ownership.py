"""Takes a table partition over from whoever had it: fence, restore, claim.

Taking the transactional id shuts the old owner out, so what is restored after it is all there will ever be; the claim
fails if a newer owner took over meanwhile, and it comes before the first output.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from app.topics import changelog_topic
from tables.changelog import ChangelogWriter
from tables.opening import open_store
from tables.partition import TablePartition
from tables.restore import restore

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.faust_app import PrahariApp

logger = logging.getLogger(__name__)

_CHANGELOG_REQUEST_S = 40.0
_BIG_TABLES = 2  # payers and payees: the budget's has a few keys


def changelog_writer(app: PrahariApp, name: str, partition: int) -> ChangelogWriter:
    """Return the writer of a table partition's changelog; when it starts, no other can write there."""
    topic, transactional_id = changelog_topic(app.conf.id, name), f"{app.conf.id}-{name}-{partition}"
    return ChangelogWriter(topic, partition, transactional_id, app.client_options, request_s=_CHANGELOG_REQUEST_S)


async def open_table(
    app: PrahariApp,
    name: str,
    partition: int,
) -> tuple[TablePartition, Callable[[], Any]]:
    """Return a table partition that this worker owns, and what closes its changelog."""
    conf = app.conf
    writer = changelog_writer(app, name, partition)
    await writer.start()
    store = open_store(conf.tabledir / f"{name}-{partition}")
    try:
        restored = await restore(writer.topic, partition, store, app.client_options)
        share = app.prahari.state_cache_mb * 1_000_000 // (_BIG_TABLES * conf.topic_partitions)
        table = TablePartition(store, writer, cache_bytes=share)
        await table.claim()
    except BaseException:
        store.close()
        await writer.stop()
        raise
    app.metrics.restored.labels(name).inc(restored.records)
    app.metrics.restore.labels(name, partition).set(restored.seconds)
    logger.info("restored %s[%d]: %d records in %.2f s", name, partition, restored.records, restored.seconds)
    return table, writer.stop
