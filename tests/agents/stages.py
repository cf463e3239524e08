"""Stages with a dictionary for their table and a list for their outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from agents.ports import Chunk, Hold, Outgoing, Part, one_by_one
from tables.partition import NO_STATE, TablePartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from agents.ports import Logic

T0_MS = 1_767_225_600_000


@dataclass
class Record:
    """A consumed record."""

    offset: int
    value: bytes | None
    key: bytes | None = None
    timestamp: int = T0_MS + 3_600_000
    headers: tuple[tuple[str, bytes], ...] = ()


class DictTable(TablePartition):
    """A table that is a dictionary."""

    def __init__(self, applied: bytes | None = None) -> None:
        self.states: dict[bytes, bytes] = {}
        self.applied = applied

    def load(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return states, `NO_STATE` for accounts never seen."""
        return {key: self.states.get(key, NO_STATE) for key in keys}

    def keep(self, part: Part) -> None:
        """Keep what a part changed."""
        self.states.update(part.states)
        self.applied = part.applied


def all_in_one(hashes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Let every payee live in partition 1."""
    return np.ones_like(hashes)


def payment(number: int, **fields: Any) -> bytes:
    """Return a payment as JSON; `fields` override."""
    value = {
        "transaction_id": f"t{number}",
        "event_time": T0_MS + 1_000 * number,
        "amount": 100.5,
        "payer_vpa": "ravi@okaxis",
        "payee_vpa": "shop@ybl",
    }
    return orjson.dumps({**value, **fields})


async def run(logic: Logic, table: DictTable, records: Sequence[Record], behind: int = 0) -> list[Outgoing]:
    """Give records to a stage as one chunk and return everything it put out."""
    outputs: list[Outgoing] = []
    async for part in logic.parts(Chunk(records, lambda: None, behind)):
        if isinstance(part, Hold):
            await part.until
        else:
            table.keep(part)
            outputs += one_by_one(part.outputs)
            part.on_durable()
    return outputs
