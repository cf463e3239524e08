"""What a stage is given from outside: records in, outputs out; plain shapes, so that a test passes lists.

`Record` is what the transport hands over (aiokafka's ConsumerRecord has this form); `Outgoing` is one record to send.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from features.pieces import Pieces

#: Header that says what a record of `transactions` or `candidates` is; absent on a payment and on a run.
KIND_HEADER = "prahari-kind"
KIND_VERDICT = b"verdict"
KIND_WARM_UP = b"warm-up"
KIND_CONTROL = b"control"
#: Beside KIND_CONTROL: the record's offset in `control`; beside KIND_VERDICT: in `labels`.
OFFSET_HEADER = "prahari-offset"


class Record(Protocol):
    """One Kafka record as consumed."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Outgoing(NamedTuple):
    """One record to send: `topic` is the name of the flow's page, without the deployment's prefix."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


class OutgoingMany(NamedTuple):
    """Records to send to one partition, in order: as many keys as values, and no headers."""

    topic: str
    partition: int
    keys: Pieces
    values: Pieces


Output = Outgoing | OutgoingMany


def one_by_one(outputs: Iterable[Output]) -> Iterator[Outgoing]:
    """Yield outputs record by record.

    >>> from features.pieces import Pieces
    >>> two = OutgoingMany("decisions", 0, Pieces.of([b"a", b"b"]), Pieces.of([b"1", b"2"]))
    >>> [output.value for output in one_by_one([two])]
    [b'1', b'2']
    """
    for output in outputs:
        if isinstance(output, Outgoing):
            yield output
        else:
            for key, value in zip(output.keys.each(), output.values.each(), strict=True):
                yield Outgoing(output.topic, output.partition, key, value or b"")


class Send(Protocol):
    """Hand outputs to the producer, and return what ends when all are acknowledged or raises where one could not be.

    The order of the calls is the order of the records in each partition's log.
    """

    def __call__(self, outputs: Sequence[Output]) -> Awaitable[Awaitable[object]]: ...


@dataclass(slots=True)
class Chunk:
    """Consecutive records of one partition, and what to call when they are durable in state.

    `behind`: records of the partition's log that are still behind this chunk, as last known.
    """

    records: Sequence[Record]
    ack: Callable[[], None]
    behind: int = 0


@dataclass(slots=True)
class Part:
    """What a run of records came to: outputs to send, states they changed, and what is applied with them.

    `on_durable` is called when the outputs are acknowledged. The last record it comes of is before `until_offset`.
    """

    outputs: Sequence[Output] = field(default_factory=list)
    states: Mapping[bytes, Any] = field(default_factory=dict)
    applied: bytes = b""
    on_durable: Callable[[], None] = lambda: None
    until_offset: int = 0


@dataclass(slots=True)
class Together:
    """Parts that were computed together, by partition, and their outputs: the parts have none of their own.

    `finished` are chunks, with their partitions, that are computed whole now. `on_durable` is called when the outputs
    are acknowledged, behind those of the parts.
    """

    outputs: Sequence[Output] = field(default_factory=list)
    parts: Mapping[int, Part] = field(default_factory=dict)
    finished: Sequence[tuple[int, Chunk]] = ()
    on_durable: Callable[[], None] = lambda: None


@dataclass(slots=True)
class Hold:
    """The stage may not go on yet; the task waits for it, or stops here when its partition is given up."""

    until: Awaitable[None]


class Observer(Protocol):
    """Is told what a stage does; never record by record."""

    def parts(self, chunks: Iterable[Chunk], parts: AsyncIterator[Together | Hold]) -> AsyncIterator[Together | Hold]:
        """Return what chunks came to, as it came."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """Return what is entered while what is kept waits for other partitions."""
        ...

    def commit(self) -> AbstractContextManager[None]:
        """Return what is entered around each commit."""
        ...


class Unobserved:
    """An observer that looks at nothing."""

    def parts(
        self,
        chunks: Iterable[Chunk],  # noqa: ARG002
        parts: AsyncIterator[Together | Hold],
    ) -> AsyncIterator[Together | Hold]:
        """Return the parts."""
        return parts

    def held(self) -> AbstractContextManager[None]:
        """Return what does nothing."""
        return nullcontext()

    def commit(self) -> AbstractContextManager[None]:
        """Return what does nothing."""
        return nullcontext()


class Logic(Protocol):
    """What one partition of a stage computes: part after part, each handed to the producer before the next."""

    def parts(self, chunk: Chunk) -> AsyncIterator[Part | Hold]: ...


class JointLogic(Protocol):
    """What several partitions of a stage compute together.

    It keeps what it may not work on yet: `wants` says whether it takes another chunk of a partition, and `held` returns
    what ends when it is worth looking again, or None where nothing is to be looked for.
    """

    def parts(self, chunks: Mapping[int, Chunk]) -> AsyncIterator[Together | Hold]: ...

    def wants(self, partition: int) -> bool: ...

    def held(self) -> Coroutine[Any, Any, None] | None: ...
