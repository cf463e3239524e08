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


def rejected(record: Record, error: RejectedTransaction, topic: str, partition: int) -> Outgoing:
    """Return the record for `rejected`: reason, source offset, digest and at most 64 KiB of the original.

    `original` is text where it is UTF-8, else base64; `original_bytes` is its full length.
    """
    original = record.value or b""
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
        "source_offset": record.offset,
        "sha256": hashlib.sha256(original).hexdigest(),
        "original_bytes": len(original),
        "original_encoding": encoding,
        "original": text,
    }
    return Outgoing("rejected", partition, record.key, orjson.dumps(value))
