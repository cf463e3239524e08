"""Registers a table or a stage with Faust: what one line of `app.pipeline` comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.faust_app import PrahariApp
    from app.transport.stages import Opened


def table(app: PrahariApp, name: str, *, follows: str) -> None:
    """Register a table; it has the partitions of the topic that its stage reads."""
    registered = app.Table(name, key_type=bytes, value_type=bytes, help=f"states of the stage that reads {follows}")
    registered.source_topic = app.prahari.topic_prefix + follows


def stage(
    app: PrahariApp,
    name: str,
    *,
    source: str,
    opens: Callable[[int], Awaitable[Opened]],
    written_by: str | None = None,
) -> None:
    """Register the agent `name` over topic `source`; `opens` makes what works on one of its partitions.

    `written_by` is the source of the stage that writes `source`, where one does: within a worker it hands on directly.
    """
    prefix = app.prahari.topic_prefix
    topic = app.topic(prefix + source, key_type=bytes, value_type=bytes, value_serializer="raw")
    app.stages.register(topic.get_topic_name(), opens, written_by=None if written_by is None else prefix + written_by)

    async def agent(stream: Any) -> None:
        async for event in stream.noack().events():
            app.stages.deliver(event)

    agent.__doc__ = opens.__doc__
    agent.__name__ = agent.__qualname__ = name
    app.agent(topic, name=name)(agent)


def background(app: PrahariApp, name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Register what runs beside the stages while the worker does."""

    async def task() -> None:
        await run()

    task.__name__ = task.__qualname__ = name
    app.task(task)
