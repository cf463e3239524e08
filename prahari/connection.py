"""How commands reach the deployment: the same settings as its workers, from the same environment."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from aiokafka.errors import KafkaError

from app.settings import load_settings, topic_partitions
from features.errors import ControlError
from prahari.output import say

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from agents.control_record import Control
    from agents.in_force import InForce
    from app.settings import Settings

Answer = TypeVar("Answer")

By = Annotated[str, typer.Option("--by", help="Who puts it in force; kept with it. Default: this user.")]
Note = Annotated[str, typer.Option("--note", help="Why; kept with it.")]
Wait = Annotated[bool, typer.Option("--wait", help="Return when every partition has switched.")]


def user() -> str:
    """Return who is at the keyboard, for want of a better name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


class Deployment:
    """One deployment, as its settings name it."""

    def __init__(self) -> None:
        from yarl import URL  # noqa: PLC0415 - with the next, half a second that `--help` should not wait for

        from app.kafka import client_options  # noqa: PLC0415 - as above

        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it says of a missing broker is said below
        self.settings: Settings = load_settings()
        self.broker = os.environ.get("BROKER_URL", "kafka://localhost:9092")
        urls = [URL(part if "//" in part else f"kafka://{part}") for part in self.broker.split(";")]
        self.options: dict[str, Any] = client_options(self.settings, urls)
        self.prefix = self.settings.topic_prefix

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Run what talks to Kafka; raises `ControlError` where that does not answer."""
        try:
            return asyncio.run(work)
        except KafkaError as exc:
            raise ControlError(
                f"needed the topic {self.prefix}control on {self.broker}, got: {exc}. Start the broker and a worker, "
                "which makes the topics, or set BROKER_URL and PRAHARI_TOPIC_PREFIX."
            ) from exc

    def in_force(self) -> InForce:
        """Return what is in force at the end of the log."""
        from app.control import sending  # noqa: PLC0415 - Kafka's client, for commands that talk to it

        return self.run(sending.in_force(self.options, self.prefix))

    def put(self, record: Control, what: str, *, wait: bool = False) -> int:
        """Put a record in force, say so, and return its offset."""
        from agents.in_force import InForce  # noqa: PLC0415 - as above
        from app.control import sending  # noqa: PLC0415 - as above
        from app.control.waiting import wait_applied  # noqa: PLC0415 - as above

        sending.checked(record, InForce())  # what could never take force is refused before Kafka is looked for
        offset = self.run(sending.put(record, self.options, self.prefix))
        say(f"control@{offset}: {what}")
        if wait:
            self.run(wait_applied(offset, self.options, self.prefix, topic_partitions()))
            say("every partition has switched")
        return offset
