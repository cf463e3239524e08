"""The Faust app with what our stages need: topics made up front, stages finished on a stop, one way to end.

An error that leaves a partition's state in doubt ends the process at once, without Faust's orderly shutdown: what was
not committed must not be, and a supervisor starts the worker again where it was.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

import faust
from aiokafka.errors import KafkaConnectionError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from app.compiling import compile_all
from app.control.plane import ControlPlane
from app.heap import let_go_of_code
from app.kafka import client_options, faust_credentials
from app.logs import logging_config, quieten_services
from app.metrics.names import Metrics
from app.outputs import BatchSender
from app.score.admissions import Admissions
from app.score.outbox import Outbox
from app.score.waiters import Waiters
from app.scoring import load_scorer
from app.settings import topic_partitions
from app.time_limit import TimeLimit
from app.topics import ensure_topics, topic_specs
from app.transport import produce_direct
from app.transport.stages import Stages
from app.web_tls import serving_tls
from app.webhook import check_webhook
from features.errors import PrahariError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiokafka.structs import RecordMetadata

    from agents.ports import Outgoing, Output
    from app.settings import Settings
    from app.topics import TopicSpec

logger = logging.getLogger(__name__)

EXIT_FATAL = 70
APP_NAME = "prahari"
_SESSION_TIMEOUT_S = 6.0


class PrahariApp(faust.App):
    """`faust.App` with the stages of the flow."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        self.prahari = settings
        self.stages, self.metrics, self.admissions = self._no_stages(), Metrics(), Admissions()
        self.control_plane, self.waiters = ControlPlane(self), Waiters()
        super().__init__(
            f"{settings.topic_prefix}{APP_NAME}",
            **{
                "store": "prahari://",
                "Table": "app.transport.tables:StageTable",
                "TableManager": "app.transport.tables:StageTableManager",
                "agent_supervisor": "mode.CrashingSupervisor",
                "cython_optimizations": True,
                "topic_partitions": topic_partitions(),
                "topic_disable_leader": True,
                "topic_allow_declare": False,
                "table_standby_replicas": 0,
                "stream_wait_empty": False,
                "stream_recovery_delay": 0.0,
                "stream_processing_timeout": 3600.0,
                "broker_credentials": faust_credentials(settings),
                "broker_session_timeout": _SESSION_TIMEOUT_S,
                "broker_heartbeat_interval": 1.5,
                "broker_request_timeout": 40.0,
                "broker_max_poll_interval": 120.0,
                "broker_commit_interval": 1.0,
                "consumer_max_fetch_size": 512 * 1024,
                "producer_acks": -1,
                "producer_linger": 0.0,
                "producer_max_batch_size": 900 * 1024,
                "producer_max_request_size": 8 * 1024 * 1024,
                "producer_request_timeout": 40.0,
                "logging_config": logging_config(settings.log_format),
                "web_tables_enabled": False,
                "web_router_enabled": False,
                "web_bind": "127.0.0.1",
                "web_host": "127.0.0.1",
                "web_ssl_context": serving_tls(settings),
                **options,
            },
        )

    def _no_stages(self) -> Stages:
        """Return where partitions will be opened; there is no consumer yet."""
        return Stages(lambda: self.conf.topic_partitions, lambda tp, offset: self.consumer.acknowledge(tp, offset))  # noqa: PLW0108

    @cached_property
    def sender(self) -> BatchSender:
        """What sends for all stages, and for `/score`, in rounds that they share."""
        return BatchSender(
            lambda: self.producer._producer,  # noqa: SLF001
            self.prahari.topic_prefix,
            self._appended,
            self.waiters.durable,
            deliver=produce_direct.deliver,
        )

    def _appended(self, topic: str, partition: int, first: RecordMetadata, outputs: Sequence[Outgoing]) -> None:
        """Tell who waits for a payment where it stands, and give the next stage what was appended for it."""
        self.waiters.appended(topic, partition, first.offset, outputs)
        self.stages.hand_on(topic, partition, first, outputs)

    async def send_outputs(self, outputs: Sequence[Output]) -> None:
        """Append what no stage puts out, in a round with what they do; returns when the brokers have it."""
        if self.producer._producer is None:  # noqa: SLF001 - asked while the worker is starting
            await self.maybe_start_producer()
        await (await self.sender(outputs))

    @cached_property
    def outbox(self) -> Outbox:
        """Takes payments of `/score` to the stream, as far apart as the stream is read."""
        return Outbox(self.send_outputs, lambda: self.consumer.pace_s)

    @cached_property
    def client_options(self) -> dict[str, Any]:
        """What our own Kafka clients are made with; one TLS context serves them all."""
        return client_options(self.prahari, self.conf.broker)

    def topic_specs(self) -> list[TopicSpec]:
        """Return every topic of this deployment."""
        return topic_specs(self.conf.topic_partitions, self.prahari.topic_prefix, self.conf.id)

    async def on_start(self) -> None:
        """Refuse rules, a model or a webhook that cannot be; then make or check the topics, waiting for the broker."""
        quieten_services()
        await asyncio.to_thread(compile_all)
        let_go_of_code("libllvmlite")
        try:
            await asyncio.to_thread(load_scorer, self.prahari.rules, self.prahari.model_dir)
            check_webhook(self.prahari.webhook_url, self.prahari.webhook_secret)
            await self.ensure_topics()
        except PrahariError as exc:
            self.end_process("start", exc)
        await super().on_start()

    async def ensure_topics(self) -> None:
        """Make what is missing and check what is there; raises `TopicsError`."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(KafkaConnectionError),
            wait=wait_exponential_jitter(initial=0.5, max=10),
            before_sleep=self._say_that_kafka_is_away,
            reraise=True,
        ):
            with attempt:
                await ensure_topics(
                    self.topic_specs(),
                    self.client_options,
                    create=self.prahari.create_topics,
                    replication_factor=self.conf.topic_replication_factor,
                    min_insync_replicas=self.prahari.min_insync_replicas,
                )

    def _say_that_kafka_is_away(self, tries: RetryCallState) -> None:
        wait_s = tries.next_action.sleep if tries.next_action is not None else 0.0
        urls = ";".join(map(str, self.conf.broker))
        logger.warning("Kafka does not answer at %s; next try in %.1f s. Start it, or set BROKER_URL.", urls, wait_s)

    async def on_stop(self) -> None:
        """Bring what is computed into state and commit it before anything is taken down."""
        TimeLimit("stop", self.end_process).begin()
        consumer = self._consumer
        if consumer is not None:
            consumer.stop_flow()
            await self.stages.release()
            await consumer.commit()
        await super().on_stop()

    def end_process(self, where: str, error: BaseException) -> None:
        """End this process now; called where going on could write state that is not what the logs say."""
        known = isinstance(error, PrahariError)
        logger.critical("%s: %s", where, error, exc_info=None if known else error)
        logging.shutdown()
        sys.stderr.flush()
        sys.stdout.flush()
        os._exit(EXIT_FATAL)
