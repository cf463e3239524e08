"""Reads the answer to a request to produce at once; aiokafka reads it field by field, by objects that describe each.

The layout is that of Produce, versions 3 to 8 (Kafka protocol guide).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from io import BytesIO

_COUNT, _LENGTH = struct.Struct(">i"), struct.Struct(">h")
# Partition, error code, base offset, append time; the log's first offset from version 5 on.
_APPENDED, _LOG_START = struct.Struct(">ihqq"), struct.Struct(">q")
_LOG_START_FROM, _ERRORS_FROM = 5, 8


class Answer(NamedTuple):
    """What a broker answers: by topic, of each partition what aiokafka's classes of that version hold."""

    API_VERSION: int
    topics: list[tuple[str, list[tuple[Any, ...]]]]


class Asked(NamedTuple):
    """A request of a version whose answer is awaited, as a connection of aiokafka keeps it."""

    version: int

    @property
    def RESPONSE_TYPE(self) -> Asked:  # noqa: N802 - so aiokafka calls it
        """What decodes the answer."""
        return self

    def parse_response_header(self, data: BytesIO) -> _Answered:
        """Read which request is answered."""
        return _Answered(*_COUNT.unpack(data.read(_COUNT.size)))

    def decode(self, data: BytesIO) -> Answer:
        """Read the answer behind its header."""
        return read_answer(self.version, data.read())


class _Answered(NamedTuple):
    correlation_id: int


def read_answer(version: int, data: bytes) -> Answer:
    """Read the answer to a request of a version from 3 to 8, without its header.

    >>> data = bytes.fromhex("00000001 000174 00000001 00000002 0000 0000000000000007 ffffffffffffffff 00000000")
    >>> read_answer(3, data)
    Answer(API_VERSION=3, topics=[('t', [(2, 0, 7, -1)])])
    """
    (count,), at, topics = _COUNT.unpack_from(data), _COUNT.size, []
    for _ in range(count):
        topic, at = _read_text(data, at)
        (several,), at, partitions = _COUNT.unpack_from(data, at), at + _COUNT.size, []
        for _ in range(several):
            found, at = _read_partition(version, data, at)
            partitions.append(found)
        topics.append((topic or "", partitions))
    return Answer(version, topics)


def _read_partition(version: int, data: bytes, at: int) -> tuple[tuple[Any, ...], int]:
    found, at = _APPENDED.unpack_from(data, at), at + _APPENDED.size
    if version >= _LOG_START_FROM:
        found, at = found + _LOG_START.unpack_from(data, at), at + _LOG_START.size
    if version < _ERRORS_FROM:
        return found, at
    (count,), at, errors = _COUNT.unpack_from(data, at), at + _COUNT.size, []
    for _ in range(count):
        (record,), at = _COUNT.unpack_from(data, at), at + _COUNT.size
        text, at = _read_text(data, at)
        errors.append((record, text))
    text, at = _read_text(data, at)
    return (*found, errors, text), at


def _read_text(data: bytes, at: int) -> tuple[str | None, int]:
    (length,), at = _LENGTH.unpack_from(data, at), at + _LENGTH.size
    return (None, at) if length < 0 else (data[at : at + length].decode(), at + length)
