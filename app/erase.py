"""`erase --vpa X`: forgets one account wherever Kafka lets a record be forgotten, and says where it does not.

State is keyed by VPA, so a tombstone in each changelog removes it there with the next compaction, and from a worker's
directory when it restores. No worker may run meanwhile: one that had the account in hand would write it again. Topics
that are logs and not tables keep what they hold until retention ends; their records cannot be picked out one by one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.lag import GroupLag
from app.ownership import changelog_writer
from app.retention import COMPACTED_WITHIN_DAYS, KEEPS_DAYS
from features.errors import OwnershipLost, RejectedTransaction, StoreError
from features.fields import to_vpa
from tables.clients import wait_closed

if TYPE_CHECKING:
    from app.faust_app import PrahariApp

#: The tables whose keys are VPAs.
_BY_VPA = ("payers", "payees")
#: The topic that counts alone.
_WITHOUT_VPAS = ("alert-budget",)


async def erase(app: PrahariApp, vpa: str) -> list[str]:
    """Erase an account from tables and changelogs; return what was done and what remains, a line each.

    Raises `StoreError` for what is no VPA, while workers run, or where Kafka did not take the tombstones.
    """
    try:
        key = to_vpa(vpa, "--vpa").encode()
    except RejectedTransaction as exc:
        raise StoreError(f"needed a VPA to erase: {exc.detail}") from exc
    await _require_no_worker(app)
    await app.ensure_topics()
    places = [(name, partition) for name in _BY_VPA for partition in range(app.conf.topic_partitions)]
    # Any producer's partitioner may have placed the account, so its tombstone goes to every partition.
    try:
        await asyncio.gather(*(_bury(app, name, partition, key) for name, partition in places))
    finally:
        await wait_closed()
    return [
        f"{' and '.join(_BY_VPA)}: erased; changelogs drop older records within {COMPACTED_WITHIN_DAYS} days",
        "directories of workers: erased when the worker that has the partition next starts",
        *[f"{topic}: {_until(days)}" for topic, days in KEEPS_DAYS.items() if topic not in _WITHOUT_VPAS],
    ]


async def _require_no_worker(app: PrahariApp) -> None:
    lag = GroupLag.of(app)
    await lag.start()
    try:
        if await lag.has_members():
            raise StoreError(
                "needed no worker to run, got some: one that has the account in hand would write it again. Stop all "
                "workers, erase, and start them; a stop and a start take seconds and lose nothing."
            )
    finally:
        await lag.stop()


async def _bury(app: PrahariApp, name: str, partition: int, key: bytes) -> None:
    writer = changelog_writer(app, name, partition)
    try:
        await writer.start()
        await writer.write({key: None})
    except OwnershipLost as exc:
        raise StoreError(f"needed no worker to start meanwhile, got one: {exc} Erase again.") from exc
    finally:
        await writer.stop()


def _until(days: int | None) -> str:
    if days is None:
        return "keeps its records; shorten the topic's retention.ms, or delete its old records, to remove them"
    return f"keeps its records {days} days"
