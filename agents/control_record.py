"""What stands in the topic `control`: JSON that says what is to be in force, by whom it was put there, and why.

One record, one kind: `rules` and `rules_shadow` (a whole rules file), `model` and `challenger` (an artifact by its
version and the digest of its manifest), `list` (accounts and devices blocked, allowed or snoozed), `alert_rate`.
`parse_control` is the one gate: what it refuses takes force nowhere, neither at the forwarder nor at a stage, and
whether it refuses depends on nothing but the record and this release.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from features.errors import RejectedTransaction, RulesError
from features.fields import OPTIONAL_CHARS_MAX, to_time_ms, to_vpa
from features.vector import FEATURE_SCHEMA
from rules import parse_rules

if TYPE_CHECKING:
    from rules import RuleSet

CONTROL_VERSION = 1
#: A rules file, or a thousand list entries, fits; Kafka's default of 1 MiB a record is not reached.
CONTROL_BYTES_MAX = 512 * 1024
ENTRIES_PER_RECORD_MAX = 1_000
NO_MODEL = "none"
#: A challenger that needs no artifact of its own: the seven-feature baseline inside the model in force.
LOGISTIC = "logistic"

ModelVersion = Annotated[str, Meta(pattern="^([0-9a-f]{12}|none|logistic)$")]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class _Put(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"):
    """What every record carries; `put_at` is the sender's clock: told to people, asked by no decision."""

    version: Literal[1]
    put_by: Annotated[str, Meta(min_length=1, max_length=100)]
    put_at: Annotated[str, Meta(max_length=40)]
    note: Annotated[str, Meta(max_length=400)] = ""


class RulesPut(_Put, frozen=True, tag="rules"):
    """Rules to be in force; a text of None goes back to the file that `PRAHARI_RULES` names."""

    text: str | None
    rules_version: str | None


class RulesShadowPut(_Put, frozen=True, tag="rules_shadow"):
    """Rules to be evaluated beside those in force, without weight; None ends it."""

    text: str | None
    rules_version: str | None


class ModelPut(_Put, frozen=True, tag="model"):
    """A model to be in force; `none` is rules alone, None goes back to `PRAHARI_MODEL_DIR`."""

    model_version: ModelVersion | None
    manifest_sha256: Digest | None = None
    feature_schema: str | None = None


class ChallengerPut(_Put, frozen=True, tag="challenger"):
    """A model to score in the shadow; `none` and None end it."""

    model_version: ModelVersion | None
    manifest_sha256: Digest | None = None
    feature_schema: str | None = None


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where one account or device stands from now on; `until` is event time, exclusive, None for good."""

    list: Literal["block", "allow", "snooze", "none"]
    subject: Literal["vpa", "device"]
    id: Annotated[str, Meta(min_length=1, max_length=255)]
    until: str | None = None


class ListPut(_Put, frozen=True, tag="list"):
    """Entries of the block and allow lists; a subject stands where its last entry put it."""

    entries: Annotated[list[Entry], Meta(min_length=1, max_length=ENTRIES_PER_RECORD_MAX)]


class AlertRatePut(_Put, frozen=True, tag="alert_rate"):
    """Alerts per million payments of a day; None goes back to `PRAHARI_ALERT_RATE`."""

    rate_ppm: Annotated[int, Meta(ge=1, le=1_000_000)] | None


Control = RulesPut | RulesShadowPut | ModelPut | ChallengerPut | ListPut | AlertRatePut

_decoder = msgspec.json.Decoder(Control)


def parse_control(value: bytes | None) -> Control:
    """Return a record that can take force; raises `RejectedTransaction` with what is wrong with any other.

    >>> parse_control(b'{"kind":"alert_rate","version":1,"put_by":"asha","put_at":"now","rate_ppm":2000}').rate_ppm
    2000
    """
    if value is None:
        raise RejectedTransaction("tombstone", "a control record needs a value")
    if len(value) > CONTROL_BYTES_MAX:
        raise RejectedTransaction("too_large", f"needed at most {CONTROL_BYTES_MAX} bytes; got {len(value)}")
    try:
        record: Control = _decoder.decode(value)
    except msgspec.ValidationError as exc:
        raise RejectedTransaction("invalid_field", f"no control record of version {CONTROL_VERSION}: {exc}") from exc
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as exc:
        raise RejectedTransaction("invalid_json", f"a control record is JSON: {exc}") from exc
    try:
        _check(record)
    except RulesError as exc:
        raise RejectedTransaction("invalid_field", str(exc)) from exc
    return record


def encode_control(record: Control) -> bytes:
    """Return a record as it stands in `control`."""
    return msgspec.json.encode(record)


def rules_version(text: str) -> str:
    """Return the version of a rules file: the first 12 hex digits of the SHA-256 of its text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def entry_key(entry: Entry) -> str:
    """Return the account or device that an entry means; raises `RejectedTransaction` where it can mean none.

    >>> entry_key(Entry("block", "vpa", "Ravi@OkAxis"))
    'ravi@okaxis'
    """
    if entry.subject == "vpa":
        return to_vpa(entry.id, "id")
    if len(entry.id) > OPTIONAL_CHARS_MAX:
        raise RejectedTransaction("invalid_field", f"a device id has at most {OPTIONAL_CHARS_MAX} characters")
    return entry.id


def until_ms(entry: Entry) -> int | None:
    """Return when an entry ends, in epoch milliseconds of event time."""
    return None if entry.until is None else to_time_ms(entry.until, "until")


def _check(record: Control) -> None:
    """Refuse what has the right shape and cannot take force all the same."""
    if isinstance(record, RulesPut | RulesShadowPut):
        _check_rules(record)
    elif isinstance(record, ModelPut | ChallengerPut):
        _check_model(record)
    elif isinstance(record, ListPut):
        for entry in record.entries:
            entry_key(entry)
            if until_ms(entry) is None and entry.list == "snooze":
                raise RejectedTransaction("invalid_field", f"a snooze needs `until`; {entry.id!r} has none")


def _check_rules(record: RulesPut | RulesShadowPut) -> None:
    if record.text is None and record.rules_version is None:
        return
    if record.text is None:
        raise RejectedTransaction("invalid_field", "rules_version needs the text that it is the version of")
    found = rules_version(record.text)
    if record.rules_version != found:
        raise RulesError(f"rules of version {record.rules_version} were needed; got a text of version {found}")
    compiled_rules(record.text)


@lru_cache(maxsize=16)
def compiled_rules(text: str) -> RuleSet:
    """Return the rules of a text; raises `RulesError`.

    Remembered: every partition of a worker asks, and five rules take 66 ms to parse.
    """
    return parse_rules(text)


def _check_model(record: ModelPut | ChallengerPut) -> None:
    version = record.model_version
    if version == LOGISTIC and isinstance(record, ModelPut):
        raise RejectedTransaction("invalid_field", "the logistic baseline can only be a challenger")
    if version in (None, NO_MODEL, LOGISTIC):
        return
    if record.manifest_sha256 is None or record.feature_schema is None:
        raise RejectedTransaction("missing_field", "a model is named by model_version, manifest_sha256, feature_schema")
    if record.feature_schema != FEATURE_SCHEMA:
        raise RejectedTransaction(
            "invalid_field",
            f"a model of feature schema {FEATURE_SCHEMA} was needed; got {record.feature_schema}: train again",
        )
