"""The watchdog looks at partitions that a rebalance may take away at any moment."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from faust.types import TP

from app.transport.stages import Opened, Stages
from app.watchdog import _places

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

LOG = TP("transactions", 1)


class Task:
    """Has applied up to offset 4; what it is computed with goes when it is closed."""

    def __init__(self) -> None:
        self.logic = SimpleNamespace(applied=SimpleNamespace(source_offset=4))
        self._lanes = {1: "lane"}

    @property
    def idle(self) -> bool:
        """Whether nothing is kept of it."""
        return bool(self._lanes[1])

    async def finish(self) -> None:
        """Have nothing to do."""

    async def close(self) -> None:
        """Let go of what it is computed with."""
        del self._lanes[1]


async def _stages() -> Stages:
    async def opens(_: int) -> Opened:
        task = Task()
        return Opened(cast("Any", task), None, task.close)

    stages = Stages(lambda: 4, lambda _tp, _offset: None)
    stages.register(LOG.topic, opens)
    await stages.open([LOG])
    return stages


def _app(stages: Stages, *, highwaters: Callable[[], Awaitable[None]], position: Callable[[], Awaitable[None]]) -> Any:
    async def ends(*_: TP) -> dict[TP, int]:
        await highwaters()
        return {LOG: 9}

    async def read_to(_: TP) -> int:
        await position()
        return 9

    return SimpleNamespace(
        stages=stages, rebalancing=False, consumer=SimpleNamespace(highwaters=ends, position=read_to)
    )


async def _nothing() -> None:
    """Let nothing happen meanwhile."""


async def test_what_is_read_to_its_end_and_idle_stands_at_its_end() -> None:
    """Its log ends in a transaction's marker, which is never applied."""
    app = _app(await _stages(), highwaters=_nothing, position=_nothing)

    assert await _places(app, lambda _topic, _partition: False) == {"transactions[1]": (9, 9)}


@pytest.mark.parametrize("asked", ["highwaters", "position"])
async def test_a_partition_given_up_while_kafka_is_asked_is_not_looked_at(asked: str) -> None:
    """A worker that takes over another one's partitions must not end of its own being opened anew."""
    stages = await _stages()
    app = _app(stages, **{"highwaters": _nothing, "position": _nothing, asked: stages.release})

    assert await _places(app, lambda _topic, _partition: False) == {}
