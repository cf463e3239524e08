"""What is in force at one place of the `control` log: rules, model, challenger, lists, alert rate. A pure fold.

A stage's applied state names the last control record that it applied, and that record's offset says everything: a new
owner folds the log up to it and goes on with the same rules, model and lists, whatever its settings are. What no record
has put in force yet is None, and the settings of the worker stand for it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from agents.control_record import (
    LOGISTIC,
    NO_MODEL,
    AlertRatePut,
    ChallengerPut,
    Control,
    ListPut,
    ModelPut,
    RulesPut,
    RulesShadowPut,
    parse_control,
)
from agents.lists import Lists
from features.errors import RejectedTransaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.control_record import Entry

logger = logging.getLogger(__name__)


class ModelRef(NamedTuple):
    """An artifact by its version and the SHA-256 of its manifest file; `none` and `logistic` have no digest."""

    version: str
    manifest_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class InForce:
    """What is in force after the control record at `offset`; -1 and None throughout before the first."""

    offset: int = -1
    rules: str | None = None
    rules_shadow: str | None = None
    model: ModelRef | None = None
    challenger: ModelRef | None = None
    lists: Lists = field(default_factory=Lists)
    rate_ppm: int | None = None


def fold(in_force: InForce, offset: int, value: bytes | None) -> InForce:
    """Return what is in force after the record at `offset`; one that cannot take force changes nothing.

    >>> fold(InForce(), 7, b'{"kind":"alert_rate","version":1,"put_by":"a","put_at":"now","rate_ppm":2000}').rate_ppm
    2000
    >>> fold(InForce(rate_ppm=5_000), 8, b"nonsense") == InForce(offset=8, rate_ppm=5_000)
    True
    """
    return fold_all(in_force, [(offset, value)])


def fold_all(in_force: InForce, records: Iterable[tuple[int, bytes | None]]) -> InForce:
    """Return what is in force after records in the order of their offsets; those already folded are skipped."""
    entries: list[Entry] = []
    for offset, value in records:
        if offset <= in_force.offset:
            continue
        try:
            record = parse_control(value)
        except RejectedTransaction as exc:
            logger.warning("control@%d takes no force: %s", offset, exc)
        else:
            if isinstance(record, ListPut):
                entries += record.entries  # put together below: a copy per record would be quadratic
            in_force = _apply(in_force, record)
        in_force = replace(in_force, offset=offset)
    return replace(in_force, lists=in_force.lists.put(entries)) if entries else in_force


def _apply(in_force: InForce, record: Control) -> InForce:
    if isinstance(record, RulesPut):
        # What was tried in the shadow has been decided upon, whichever way.
        shadow = None if record.text == in_force.rules_shadow else in_force.rules_shadow
        return replace(in_force, rules=record.text, rules_shadow=shadow)
    if isinstance(record, RulesShadowPut):
        return replace(in_force, rules_shadow=record.text)
    if isinstance(record, ModelPut):
        model = _ref(record)
        challenger = None if model is not None and model == in_force.challenger else in_force.challenger
        return replace(in_force, model=model, challenger=challenger)
    if isinstance(record, ChallengerPut):
        challenger = _ref(record)
        return replace(in_force, challenger=None if challenger == ModelRef(NO_MODEL) else challenger)
    if isinstance(record, AlertRatePut):
        return replace(in_force, rate_ppm=record.rate_ppm)
    return in_force


def _ref(record: ModelPut | ChallengerPut) -> ModelRef | None:
    version = record.model_version
    if version is None:
        return None
    return ModelRef(version, None if version in (NO_MODEL, LOGISTIC) else record.manifest_sha256)
