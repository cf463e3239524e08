"""What the desk needs of the deployment: a producer, the payer's account, and the worker that runs the budget."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
from aiokafka import AIOKafkaProducer

from agents.ports import Outgoing
from app.score.admissions import Admission
from features import payer
from features.murmur import murmur2_partition
from features.side import Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.score.payment import Asked
    from app.views.worker import Worker

logger = logging.getLogger(__name__)

ADMISSION_WAIT_S = 1.0
_AGAIN_S = 0.05
_SEND_TIMEOUT_MS = 20_000


class Deployment:
    """`app.score.desk.Outside` over a worker and its peers; `credentials` are the headers by which they know us."""

    def __init__(self, worker: Worker, peers: aiohttp.ClientSession, credentials: Callable[[], dict[str, str]]) -> None:
        self._worker = worker
        self._peers = peers
        self._credentials = credentials
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def put(self, topic: str, partition: int, key: bytes | None, value: bytes) -> int:
        """Append a record, acknowledged by all replicas in sync, and return its offset."""
        producer = await self._started()
        prefix = self._worker.settings.topic_prefix
        sent = await producer.send_and_wait(prefix + topic, value, key=key, partition=partition)
        return int(sent.offset)

    async def send(self, partition: int, key: bytes, value: bytes) -> None:
        """Append a payment to the stream, together with others."""
        await self._worker.send(Outgoing("transactions", partition, key, value))

    def decided_here(self, partition: int, asked: Asked) -> object:
        """Return what decides a payment of this partition here and now; None where any of it is elsewhere.

        A partition that was lost meanwhile and came back is another.
        """
        home = self._payee_partition(asked.transaction.payee_vpa)
        payer_stage = self._worker.open_partition("transactions", partition)
        payee_stage = self._worker.open_partition("transactions-by-payee", home)
        return None if payer_stage is None or payee_stage is None else (payer_stage, payee_stage)

    def _payee_partition(self, vpa: str) -> int:
        return murmur2_partition(vpa.encode(), self._worker.partitions)

    def seen_before(self, partition: int, asked: Asked) -> bool | None:
        """Whether the payer's account knows this id; None where the account is not here."""
        task = self._worker.open_partition("transactions", partition)
        if task is None:
            return None
        state = task.table.peek(asked.transaction.payer_vpa.encode())
        return state is not None and payer.seen_before(state, asked.transaction) is not Seen.NEW

    async def admission(self, decision: dict[str, Any]) -> Admission | None:
        """Return what the budget made of a decision; None where it was made before the budget's worker began."""
        partition, sequence = decision["partition"], decision["sequence"]
        if decision["late"]:
            return Admission(should_alert=False, threshold=None)
        admissions = self._worker.admissions
        while True:
            if self._worker.open_partition("candidates", 0) is not None:
                found = await admissions.wait(partition, sequence, ADMISSION_WAIT_S)
                if found is not None or admissions.before_our_time(partition, sequence):
                    return found
            else:
                status, body = await self._ask(f"/admissions/{partition}/{sequence}")
                if status == HTTPStatus.OK:
                    return Admission(body["should_alert"], body["threshold"])
                if status == HTTPStatus.GONE:
                    return None
                await asyncio.sleep(_AGAIN_S)

    async def stop(self) -> None:
        """Disconnect."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def _ask(self, path: str) -> tuple[int, Any]:
        """Ask the worker that runs the budget, in the name of this worker; 503 where it cannot be asked."""
        url = self._worker.owner("candidates", 0)
        if url is None:
            return HTTPStatus.SERVICE_UNAVAILABLE, None
        try:
            async with self._peers.get(url + path, headers=self._credentials()) as response:
                return response.status, orjson.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
            logger.warning("%s did not say what the budget made of a payment: %r", url, exc)
            return HTTPStatus.SERVICE_UNAVAILABLE, None

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._worker.client_options,
                    acks="all",
                    enable_idempotence=True,
                    request_timeout_ms=_SEND_TIMEOUT_MS,
                )
                await producer.start()
                self._producer = producer
        return self._producer
