"""The smallest stage there is, to try the transport and the protocol on: counts records per key.

Input `toy-in`, output `toy-out`: for each record its key, its count and its offset. Run with `faust -A
tests.transport.toy worker`; it fails on purpose nowhere, so that every fault comes from outside.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from agents.delivery import PartitionTask
from agents.ports import Chunk, Hold, Outgoing, Part
from app.faust_app import PrahariApp
from app.outputs import BatchSender
from app.ownership import open_table
from app.settings import load_settings
from app.topics import TopicSpec
from app.transport import register
from app.transport.stages import Opened
from app.wiring import stage, table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class CountLogic:
    """Counts per key; applied is the offset of the last record counted."""

    def __init__(self, partition: int, counts: Any) -> None:
        self._partition = partition
        self._table = counts
        self.applied = -1 if counts.applied is None else struct.unpack(">q", counts.applied)[0]

    async def parts(self, chunk: Chunk) -> AsyncIterator[Part | Hold]:
        """Yield the chunk as one part."""
        new = [record for record in chunk.records if record.offset > self.applied and record.key is not None]
        states = self._table.load({record.key: None for record in new})
        outputs = []
        for record in new:
            count = int(states[record.key] or b"0") + 1
            states[record.key] = b"%d" % count
            value = {"key": (record.key or b"").decode(), "count": count, "offset": record.offset}
            outputs.append(Outgoing("toy-out", self._partition, record.key, json.dumps(value).encode()))
            self.applied = record.offset
        yield Part(outputs, states, struct.pack(">q", self.applied))


class ToyApp(PrahariApp):
    """An app with topics of its own."""

    def topic_specs(self) -> list[TopicSpec]:
        """Return the toy's topics."""
        count = self.conf.topic_partitions
        prefix = self.prahari.topic_prefix
        changelog = TopicSpec(f"{self.conf.id}-counts-changelog", count, {"cleanup.policy": "compact"}, compacted=True)
        return [TopicSpec(prefix + "toy-in", count), TopicSpec(prefix + "toy-out", count), changelog]


def create_toy() -> ToyApp:
    """Return the wired toy."""
    register()
    toy = ToyApp(load_settings(), web_enabled=False)
    send = BatchSender(lambda: toy.producer._producer, toy.prahari.topic_prefix)

    async def opens(partition: int) -> Opened:
        counts, close = await open_table(toy, "counts", partition)
        logic = CountLogic(partition, counts)
        linger_s = toy.prahari.commit_linger_s
        task = PartitionTask(f"toy[{partition}]", logic, counts, send, toy.end_process, commit_linger_s=linger_s)
        return Opened(task, logic.applied + 1, close)

    table(toy, "counts", follows="toy-in")
    stage(toy, "toy", source="toy-in", opens=opens)
    return toy


app = create_toy()
