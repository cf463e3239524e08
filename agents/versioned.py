"""Reads what stages hand each other: msgpack of a known version, or a message that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from features.errors import StateCodecError

if TYPE_CHECKING:
    from msgspec.msgpack import Decoder


class Versioned(Protocol):
    """What says by which version of its layout it was written."""

    @property
    def version(self) -> int: ...


Message = TypeVar("Message", bound=Versioned)


def decode_versioned(decoder: Decoder[Message], value: bytes, *, kind: str, version: int, topic: str) -> Message:
    """Return the message of these bytes; raises `StateCodecError` for anything that is no `kind` of this version."""
    try:
        message = decoder.decode(value)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise StateCodecError(
            f"needed a {kind} of version {version}, got {len(value)} bytes that are none ({exc}). Only Prahari "
            f"writes to {topic}: find out who else does."
        ) from exc
    if message.version != version:
        raise StateCodecError(
            f"needed a {kind} of version {version}, got {message.version}: run the release that wrote it until "
            f"{topic} is drained, then upgrade."
        )
    return message
