"""Control records as tests write them."""

from __future__ import annotations

from typing import Any

import orjson

from agents.control_record import rules_version
from features.vector import FEATURE_SCHEMA

RULES = """\
rules:
  - id: ANY_AMOUNT
    title: Any payment at all
    why: A test wants a rule that always hits.
    weight: 40
    state: active
    when: {all: [{feature: amount_rupees, op: ">", value: 0}]}
    text: "{amount_rupees:rupees} paid"
"""


def control(kind: str, **fields: Any) -> bytes:
    """Return a record of this kind; `fields` override."""
    return orjson.dumps({"kind": kind, "version": 1, "put_by": "asha", "put_at": "2026-01-01T00:00:00Z", **fields})


def rules(text: str | None = RULES, kind: str = "rules") -> bytes:
    """Return a record that puts these rules in force."""
    return control(kind, text=text, rules_version=None if text is None else rules_version(text))


def model(version: str | None, kind: str = "model") -> bytes:
    """Return a record that names a model of this release's features."""
    return control(kind, model_version=version, manifest_sha256="0" * 64, feature_schema=FEATURE_SCHEMA)


def listed(standing: str, subject_id: str, *, subject: str = "vpa", until: str | None = None) -> bytes:
    """Return a record that puts one subject on a list."""
    return control("list", entries=[{"list": standing, "subject": subject, "id": subject_id, "until": until}])
