"""What goes to the topic `rejected`: why a record was not decided, where it stood, and the record itself."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import orjson

from agents.ports import Outgoing

if TYPE_CHECKING:
    from agents.ports import Record
    from features.errors import RejectedTransaction

ORIGINAL_BYTES_MAX = 64 * 1024
#: A key is kept up to here: no account's is longer, and one of megabytes would make a record that no broker takes.
KEY_BYTES_MAX = 1024


def rejected(record: Record, error: RejectedTransaction, topic: str, partition: int) -> Outgoing:
    """Return a source record for `rejected`."""
    return rejected_original(error, (topic, partition, record.offset), record.key, record.value or b"")


def rejected_original(
    error: RejectedTransaction, place: tuple[str, int, int], key: bytes | None, original: bytes
) -> Outgoing:
    """Return a record for `rejected`: reason, source offset, digest and at most 64 KiB of the original.

    `place` is its topic, partition and offset. `original` is text where it is UTF-8, else base64; `original_bytes` is
    its full length.
    """
    topic, partition, offset = place
    kept = original[:ORIGINAL_BYTES_MAX]
    try:
        text, encoding = kept.decode(), "utf-8"
    except UnicodeDecodeError:
        text, encoding = base64.b64encode(kept).decode(), "base64"
    value = {
        "reason": error.reason,
        "detail": error.detail,
        "source_topic": topic,
        "source_partition": partition,
        "source_offset": offset,
        "sha256": hashlib.sha256(original).hexdigest(),
        "original_bytes": len(original),
        "original_encoding": encoding,
        "original": text,
    }
    kept_key = None if key is None else key[:KEY_BYTES_MAX]
    return Outgoing("rejected", partition, kept_key, orjson.dumps(value))
