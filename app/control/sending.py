"""Puts a control record into its log: made, held against what is in force, sent, acknowledged.

What would not take force is refused here, with a message for whoever asked, before anything is written.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from agents.control_record import (
    CONTROL_VERSION,
    AlertRatePut,
    ChallengerPut,
    Entry,
    ListPut,
    ModelPut,
    RulesPut,
    RulesShadowPut,
    encode_control,
    parse_control,
    rules_version,
)
from agents.lists import ENTRIES_MAX
from app.control.log import TOPIC, fold_log, read_all
from features.errors import ControlError, RejectedTransaction
from features.vector import FEATURE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agents.control_record import Control
    from agents.in_force import InForce, ModelRef
    from app.control.log import Records


def _put(put_by: str, note: str) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"version": CONTROL_VERSION, "put_by": put_by, "put_at": now, "note": note}


def rules_record(text: str | None, *, put_by: str, note: str = "", shadow: bool = False) -> Control:
    """Return a record that puts a rules file in force, or beside it into the shadow; None takes it back."""
    kind = RulesShadowPut if shadow else RulesPut
    return kind(text=text, rules_version=None if text is None else rules_version(text), **_put(put_by, note))


def model_record(ref: ModelRef | None, *, put_by: str, note: str = "", challenger: bool = False) -> Control:
    """Return a record that puts an artifact of this release's features in force, or beside it as the challenger."""
    kind = ChallengerPut if challenger else ModelPut
    head = _put(put_by, note)
    if ref is None or ref.manifest_sha256 is None:
        return kind(model_version=None if ref is None else ref.version, **head)
    return kind(model_version=ref.version, manifest_sha256=ref.manifest_sha256, feature_schema=FEATURE_SCHEMA, **head)


def entry(standing: str, subject: str, subject_id: str, *, until: str | None = None) -> Entry:
    """Return a list entry: `block`, `allow`, `snooze` or `none` for a `vpa` or `device`, until an RFC 3339 time.

    Raises `ControlError` for any other word.
    """
    words = {"list": standing, "subject": subject, "id": subject_id, "until": until}
    try:
        return msgspec.convert(words, Entry)
    except msgspec.ValidationError as exc:
        raise ControlError(f"a list entry needs other words: {exc}") from exc


def list_record(entries: Sequence[Entry], *, put_by: str, note: str = "") -> Control:
    """Return a record that puts subjects on lists, or takes them off."""
    return ListPut(entries=list(entries), **_put(put_by, note))


def rate_record(rate_ppm: int | None, *, put_by: str, note: str = "") -> Control:
    """Return a record that puts an alert rate in force, in alerts per million payments."""
    return AlertRatePut(rate_ppm=rate_ppm, **_put(put_by, note))


def checked(record: Control, standing: InForce) -> bytes:
    """Return the bytes of a record that can take force; raises `ControlError` with what is wrong with any other."""
    value = encode_control(record)
    try:
        parsed = parse_control(value)
    except RejectedTransaction as exc:
        raise ControlError(exc.detail) from exc
    if isinstance(parsed, ListPut):
        _check_room(parsed, standing)
    return value


def _check_room(record: ListPut, standing: InForce) -> None:
    lists = standing.lists.put(record.entries)
    for one in record.entries:
        held = lists.vpas if one.subject == "vpa" else lists.devices
        key = one.id.lower() if one.subject == "vpa" else one.id
        if one.list != "none" and key not in held:
            raise ControlError(f"needed room on the lists for {one.id!r}, got {ENTRIES_MAX} entries: take some off")


async def put(record: Control, client_options: Mapping[str, Any], topic_prefix: str) -> int:
    """Send a record and return its offset; raises `ControlError` where it could not take force or be sent."""
    value = checked(record, await in_force(client_options, topic_prefix))
    producer = AIOKafkaProducer(enable_idempotence=True, **client_options)
    try:
        await producer.start()
        sent = await producer.send_and_wait(topic_prefix + TOPIC, value, partition=0)
    except KafkaError as exc:
        raise ControlError(f"a record could not be written to {topic_prefix}{TOPIC}: {exc!r}") from exc
    finally:
        await producer.stop()
    return int(sent.offset)


async def in_force(client_options: Mapping[str, Any], topic_prefix: str) -> InForce:
    """Return what is in force at the end of the log; partitions may have yet to reach it."""
    return await fold_log(client_options, topic_prefix)


async def log(client_options: Mapping[str, Any], topic_prefix: str) -> Records:
    """Return every control record with its offset: who put what in force, when."""
    return await read_all(client_options, topic_prefix)
