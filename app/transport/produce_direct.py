"""Sends the batches of a round in one request to each broker, past aiokafka's queues; what fails goes back to them.

aiokafka keeps three futures and a queue for each batch and two tasks for each request. What is sent here is what it
would send: the producer's id, its epoch and each partition's next sequence. Its own sender is kept from those brokers
and partitions meanwhile. Whatever ends otherwise than well is handed to it as a batch that was sent before: it sends
the same bytes with the same sequence again, which a broker that has them answers with where they stand, and it judges
errors and retries as for any batch of its own.
"""

from __future__ import annotations

import asyncio
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from aiokafka.client import ConnectionGroup
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import MessageBatch
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.structs import RecordMetadata, TopicPartition

from app.delivering import Delivered, by_aiokafka
from app.transport.produce_request import VERSION_MIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiokafka import AIOKafkaProducer

    #: A batch for each of some partitions.
    Batches = dict[TopicPartition, Any]

_ALL_REPLICAS = -1
#: What Kafka answers where a record keeps the time that its producer gave.
_OWN_TIME = -1


async def deliver(producer: AIOKafkaProducer, batches: Mapping[TopicPartition, Sequence[Any]]) -> Delivered:
    """Do what `app.delivering.by_aiokafka` does, for a producer that is idempotent; one call at a time."""
    found = Delivered({}, {})
    for several in zip_longest(*batches.values()):
        going = {
            to: one for to, one in zip(batches, several, strict=True) if one is not None and to not in found.errors
        }
        found.add(await _deliver_one_each(producer, going))
    return found


async def _deliver_one_each(producer: Any, batches: Batches) -> Delivered:
    nodes = _by_node(producer, batches)
    if nodes is None:
        return await by_aiokafka(producer, {to: [one] for to, one in batches.items()})
    if len(nodes) == 1:
        return await _Request(producer, *nodes.popitem()).deliver()
    found = Delivered({}, {})
    for one in await asyncio.gather(*(_Request(producer, node, some).deliver() for node, some in nodes.items())):
        found.add(one)
    return found


def _by_node(producer: Any, batches: Batches) -> dict[int, Batches] | None:
    """Return which broker leads which partition; None where aiokafka has something to do first, or a share in it."""
    sender, accumulator, state = producer._sender, producer._message_accumulator, producer._txn_manager
    if state is None or state.transactional_id is not None or not state.has_pid():
        return None
    if sender._in_flight or accumulator._batches or accumulator._exception is not None or accumulator._closed:
        return None
    nodes: dict[int, Batches] = {}
    for to, batch in batches.items():
        leader = producer.client.cluster.leader_for_partition(to)
        connection = producer.client._conns.get((leader, ConnectionGroup.DEFAULT))
        if connection is None or not connection.connected():
            return None
        if connection._versions[ProduceRequest.API_KEY][1] < VERSION_MIN:
            return None
        nodes.setdefault(leader, {})[to] = batch
    return nodes


class _Request:
    """A request to one broker, with a batch for each of some partitions; aiokafka waits for it as for a batch."""

    def __init__(self, producer: Any, node: int, batches: Batches) -> None:
        self._client, self._sender, self._accumulator = producer.client, producer._sender, producer._message_accumulator
        self._state, self._timeout_ms = producer._txn_manager, producer._request_timeout_ms
        self._node, self._batches = node, batches
        #: Done when the request is over: a producer that is stopped waits for that.
        self.future = asyncio.get_running_loop().create_future()

    def failure(self, exception: BaseException) -> None:
        """Do nothing: the connection says what becomes of the request."""

    async def deliver(self) -> Delivered:
        """Send the request and return what became of its batches."""
        self._sender._in_flight.add(self._node)
        self._sender._muted_partitions.update(self._batches)
        self._accumulator._pending_batches.add(self)
        try:
            places = await self._send()
            found = Delivered({to: [place] for to, place in places.items()}, {})
            again = {to: batch for to, batch in self._batches.items() if to not in places}
            if not again:
                return found
            messages = self._given_back(again)
        finally:
            self._end()
        self._sender._in_flight.add(self._node)
        self._sender._muted_partitions.update(again)
        await self._sender._send_produce_req(self._node, messages)
        self._wake()
        results = await asyncio.gather(*(one.future for one in messages.values()), return_exceptions=True)
        found.add(Delivered.of(list(again), results))
        return found

    async def _send(self) -> dict[TopicPartition, RecordMetadata]:
        """Return where batches stand that the broker took; of the others nothing is known."""
        connection = self._client._conns[self._node, ConnectionGroup.DEFAULT]
        try:
            answer = await connection.send(ProduceRequest(None, _ALL_REPLICAS, self._timeout_ms, self._topics()))
        except KafkaError:
            return {}
        except TimeoutError:
            connection.close(reason=CloseReason.CONNECTION_TIMEOUT)
            return {}
        return {
            (to := TopicPartition(topic, one[0])): _place(to, offset=one[2], time_ms=one[3])
            for topic, partitions in answer.topics
            for one in partitions
            if one[1] == 0
        }

    def _topics(self) -> list[tuple[str, list[tuple[int, bytes | bytearray]]]]:
        """Return the batches with the sequences that they have from now on, by topic."""
        topics: dict[str, list[tuple[int, bytes | bytearray]]] = {}
        state = self._state
        for to, batch in self._batches.items():
            batch._set_producer_state(state.producer_id, state.producer_epoch, state.sequence_number(to))
            state.increment_sequence_number(to, batch.record_count())
            topics.setdefault(to.topic, []).append((to.partition, batch._build()))
        return list(topics.items())

    def _given_back(self, batches: Batches) -> dict[TopicPartition, MessageBatch]:
        """Return batches as aiokafka holds them when it has sent them once: they keep their sequences."""
        messages = {}
        for to, batch in batches.items():
            messages[to] = message = MessageBatch(to, batch, self._timeout_ms / 1000, 0.0)
            message.drain_ready()
            self._accumulator._pending_batches.add(message)
            message.future.add_done_callback(lambda _, one=message: self._accumulator._pending_batches.discard(one))
        return messages

    def _end(self) -> None:
        self._accumulator._pending_batches.discard(self)
        self.future.set_result(None)
        self._sender._in_flight.discard(self._node)
        self._sender._muted_partitions.difference_update(self._batches)
        self._wake()

    def _wake(self) -> None:
        """Let aiokafka's sender look for what came for this broker meanwhile."""
        if self._accumulator._batches and not self._accumulator._waiter_future.done():
            self._accumulator._waiter_future.set_result(None)


def _place(to: TopicPartition, *, offset: int, time_ms: int) -> RecordMetadata:
    return RecordMetadata(to.topic, to.partition, to, offset, time_ms, 0 if time_ms == _OWN_TIME else 1, None)
