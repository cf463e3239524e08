"""What views take and give, as JSON Schema 2020-12 for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from features.evidence import WORDS
from features.payer_before import COUNTED, MEASURED

Schema = dict[str, Any]


def text(meaning: str, **more: Any) -> Schema:
    """Return the schema of a string."""
    return {"type": "string", "description": meaning, **more}


def number(meaning: str, **more: Any) -> Schema:
    """Return the schema of a number."""
    return {"type": "number", "description": meaning, **more}


def maybe(schema: Schema) -> Schema:
    """Return the schema of what may be null.

    >>> maybe({"type": "number"})
    {'type': ['number', 'null']}
    """
    return {**schema, "type": [schema["type"], "null"]}


def record(needed: Schema, optional: Schema | None = None) -> Schema:
    """Return the schema of an object; what is unknown in it is allowed."""
    return {"type": "object", "required": list(needed), "properties": {**needed, **(optional or {})}}


def array(items: Schema) -> Schema:
    """Return the schema of an array."""
    return {"type": "array", "items": items}


def ref(name: str) -> Schema:
    """Return a reference to one of these schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


TIME = text("RFC 3339 with an offset", examples=["2026-01-01T12:30:00.000+05:30"])
VPA = text("name@handle, compared in lower case", maxLength=255, examples=["ravi@okaxis"])
ID = text("identifies the payment", minLength=1, maxLength=64)
RUPEES = number("rupees, at most 2 decimals", exclusiveMinimum=0, examples=[499.0])
TIER = {"type": "string", "enum": ["LOW", "MEDIUM", "HIGH", "CRITICAL"]}
RULES = array(text("id of a rule that hit"))
RISK = {"type": "integer", "minimum": 0, "maximum": 100}
STATUS = {"type": "string", "enum": ["open", "confirmed", "cleared"]}
_COUNT = {"type": "integer", "minimum": 0}
_NAMES = ("device_id", "payee_type", "mcc", "initiation_mode", "txn_type", "status", "ip", "location", "app")

SCHEMAS: dict[str, Schema] = {
    "Payment": record(
        {"transaction_id": ID, "amount": RUPEES, "payer_vpa": VPA, "payee_vpa": VPA},
        {
            "event_time": {
                "type": ["string", "integer"],
                "description": "RFC 3339 with an offset, or epoch milliseconds; absent means now",
            },
            "currency": {"type": "string", "const": "INR"},
            **{name: maybe(text("optional; makes the verdict better", maxLength=128)) for name in _NAMES},
            "dry_run": {"type": "boolean", "description": "score without remembering", "default": False},
        },
    ),
    "Verdict": record(
        {
            "transaction_id": ID,
            "fraud_probability": maybe(number("calibrated; null without a model", minimum=0, maximum=1)),
            "should_alert": {"type": "boolean", "description": "whether the day's budget admits it as an alert"},
            "threshold_used": maybe(
                number(
                    "the least combined risk, 0 to 1, that the budget admitted then; 1: none; null: not known any more"
                )
            ),
            "risk_tier": maybe(TIER),
            "latency_ms": number("from the request to the answer"),
            "risk": maybe(RISK),
            "rules": RULES,
        },
        {"failed_open": {"type": "boolean", "description": "no verdict in time, and PRAHARI_SCORE_FAIL_OPEN is set"}},
    ),
    "BatchResult": record({"status": {"type": "integer"}, "result": {"anyOf": [ref("Verdict"), ref("Problem")]}}),
    "Label": record(
        {"transaction_id": ID, "is_fraud": {"type": ["boolean", "integer"], "enum": [True, False, 0, 1]}},
        {
            "event_time": TIME,
            "amount": RUPEES,
            "payer_vpa": VPA,
            "payee_vpa": VPA,
            "label_time": text("when it became known; absent means now"),
            "source": text("whom the client speaks for; `web:` and the client's name go before it", maxLength=48),
        },
    ),
    "Judgement": record({"status": STATUS}, {"note": text("why", maxLength=400)}),
    "Control": record(
        {"kind": {"type": "string", "enum": ["rules", "rules_shadow", "model", "challenger", "list", "alert_rate"]}},
        {
            "note": text("why", maxLength=400),
            "entries": array(
                record(
                    {
                        "list": {"type": "string", "enum": ["block", "allow", "snooze", "none"]},
                        "subject": {"type": "string", "enum": ["vpa", "device"]},
                        "id": text("the VPA or device", maxLength=255),
                    },
                    {"until": maybe(text("RFC 3339 event time; null: for good"))},
                )
            ),
            "text": maybe(text("of rules: the whole rules file; null: back to the setting")),
            "rules_version": maybe(text("of rules: the first 12 hex digits of the text's SHA-256")),
            "model_version": maybe(text("of a model: its version, none, or null: back to the setting")),
            "manifest_sha256": maybe(text("of a model: the digest of its manifest file")),
            "feature_schema": maybe(text("of a model: what features it reads")),
            "rate_ppm": maybe({"type": "integer", "description": "of alert_rate: alerts per million payments"}),
        },
    ),
    "Reason": record({"code": text("a rule, or a feature"), "text": text("in plain words, with its numbers")}),
    "Evidence": record(
        {
            "event_time": TIME,
            "amount": RUPEES,
            "payer_hash": text("equal for the same payer"),
            "what": array({"type": "string", "enum": list(WORDS.values())}),
        }
    ),
    "PayerBefore": record(
        {
            "windows": {
                "type": "object",
                "description": "by window, 5m to 30d",
                "additionalProperties": record(
                    {"payments": _COUNT, "amount": number("rupees", minimum=0), "distinct_payees": _COUNT}
                ),
            },
            **dict.fromkeys(COUNTED, maybe(_COUNT)),
            **{name: maybe(number("null: not known")) for name in MEASURED},
        }
    ),
    "Alert": record(
        {
            "alert_id": ID,
            "transaction_id": ID,
            "event_time": TIME,
            "payer_vpa": VPA,
            "payee_vpa": VPA,
            "amount": RUPEES,
            "fraud_probability": maybe(number("calibrated", minimum=0, maximum=1)),
            "rule_score": RISK,
            "rules": RULES,
            "risk": RISK,
            "risk_tier": TIER,
            "reasons": array(ref("Reason")),
            "evidence": array(ref("Evidence")),
            "status": STATUS,
        },
        {"payer_before": ref("PayerBefore")},
    ),
    "Budget": record(
        {
            "day": text("YYYY-MM-DD, in IST"),
            "seen": {"type": "integer"},
            "alerted": {"type": "integer"},
            "limit": {"type": "integer", "description": "alerts allowed so far: a share of what was seen"},
            "threshold": {"type": "integer", "description": "lowest score bucket that could be admitted; 1024: none"},
            "pace_ppm": {"type": "integer", "description": "share of the allowance that is spent, per million"},
        }
    ),
    "Problem": record(
        {
            "type": text("always about:blank"),
            "title": text("the status in words"),
            "status": {"type": "integer"},
            "detail": text("what was needed, what was got"),
        },
        {"reason": text("of a refused payment or label: one word for machines")},
    ),
}
