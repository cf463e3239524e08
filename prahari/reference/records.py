"""docs/reference/records.md: the fields of the records that others write to our topics, and read from them.

A test reads real records from the topics and holds their fields against these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prahari.reference.markup import code, table

if TYPE_CHECKING:
    from collections.abc import Iterator


class Field(NamedTuple):
    """A field of a record; `sometimes` where not every record has it."""

    name: str
    type: str
    meaning: str
    sometimes: bool = False


_INTRO = """# Records

What stands in the topics that others write to and read from, as JSON objects. Times are RFC 3339 in IST with
milliseconds, amounts rupees. Payments may carry fields that are not listed here; they are ignored. [Topics](topics.md)
says how each is keyed. In `transactions` stand also verdicts, copied from `labels`, with the headers
`prahari-kind` and `prahari-offset`, where in `labels` it was: they are ours.

"""
_PAYMENT = (
    Field("transaction_id", "text", "At most 64 characters, different for each payment."),
    Field("event_time", "time", "When it happened; epoch milliseconds do too in what you write."),
    Field("payer_vpa", "text", "`name@handle`, in lower case in what we write."),
    Field("payee_vpa", "text", "The same of who is paid."),
    Field("amount", "number", "Rupees, more than 0, at most 2 decimals."),
)
_OPTIONAL = (
    "currency",
    "device_id",
    "payee_type",
    "mcc",
    "initiation_mode",
    "txn_type",
    "status",
    "ip",
    "location",
    "app",
)
_SCORE = (
    Field("fraud_probability", "number or null", "Calibrated, 0 to 1; null without a model."),
    Field("rule_score", "0 to 100", "Sum of the weights of the active rules that hit, at most 100."),
    Field("rules", "list of text", "Ids of the active rules that hit."),
    Field("risk", "0 to 100", "Both together."),
    Field("risk_tier", "text", "`LOW`, `MEDIUM`, `HIGH` or `CRITICAL`."),
)
_VERSIONS = (
    Field("model_version", "text", "The model that scored it; `none` is rules alone."),
    Field("rules_version", "text", "The rules in force."),
)
_PLACE = (
    Field("payer_offset", "number", "The payment's offset in its partition of `transactions`."),
    Field("partition", "number", "Its payee's partition."),
    Field("sequence", "number", "That partition's count of decisions: with it, the order of work can be replayed."),
)
_DAY = (
    Field("day", "text", "The day in India, YYYY-MM-DD."),
    Field("seen", "number", "Payments of the day so far."),
    Field("alerted", "number", "Alerts of the day so far."),
    Field("limit", "number", "How many alerts `seen` allows: floor(rate x seen)."),
    Field(
        "threshold", "number", "The lowest score bucket that would be admitted now, 0 to 1,023; 1,024 admits nobody."
    ),
    Field("pace_ppm", "number", "Share of the allowance that is spent, per million."),
)

RECORDS: dict[str, tuple[Field, ...]] = {
    "transactions": (*_PAYMENT, *(Field(name, "text", "Optional.", sometimes=True) for name in _OPTIONAL)),
    "labels": (
        *_PAYMENT,
        Field("is_fraud", "true, false, 1 or 0", "The verdict."),
        Field("label_time", "time", "When it became known: it is used from then on, never before."),
        Field("source", "text", "Who says so."),
    ),
    "decisions": (
        *_PAYMENT,
        *_SCORE,
        Field("challenger_probability", "number", "What the challenging model says.", sometimes=True),
        Field("shadow_rules", "list of text", "Rules on trial that would have hit.", sometimes=True),
        Field(
            "listed", "text", "The list that payer, payee or device is on: `block`, `allow`, `snooze`.", sometimes=True
        ),
        Field(
            "features",
            "object",
            "Every feature by name; null is not known. See `PRAHARI_DECISION_FEATURES`.",
            sometimes=True,
        ),
        Field("feature_schema", "text", "Digest of the list of features."),
        *_VERSIONS,
        Field("control_offset", "number", "The newest record of `control` that was in force; -1 is none."),
        Field("late", "true or false", "30 days or more behind: decided, and outside the budget."),
        *_PLACE,
    ),
    "alerts": (
        Field("alert_id", "text", "The transaction_id: drop repeats by it."),
        *_PAYMENT,
        *_SCORE,
        Field("reasons", "list of objects", "`code`, a rule or a feature, and `text`, what to read."),
        Field(
            "evidence",
            "list of objects",
            "Up to five earlier payments to the same payee that speak for fraud, newest first: `event_time`, `amount`, "
            "`payer_hash` (equal for the same payer) and `what`: `known_fraud`, `same_amount`, `new_payer`, "
            "`same_payer` (within 24 h), `last_hour`, `failed`.",
        ),
        Field(
            "payer_before",
            "object",
            "What the payer did before, as decided on: `windows` of 5m to 30d with `payments`, `amount` and "
            "`distinct_payees`; `tiny_1h` (at most 10 rupees), `failed_24h`, payments to `new_payees_1h` and "
            "`new_payees_24h`; `seconds_since_last`, `seconds_since_payee`, `mean_amount_30d`. Null is not known.",
        ),
        Field("budget", "object", "How the day stood at its admission, as in `alert-budget`."),
        *_VERSIONS,
        *_PLACE,
    ),
    "alert-budget": _DAY,
    "rejected": (
        Field("reason", "text", "[One word](errors.md#reasons-in-rejected)."),
        Field("detail", "text", "Which field, what was needed, what was got."),
        Field("source_topic", "text", "Where it came from."),
        Field("source_partition", "number", "Its partition there."),
        Field("source_offset", "number", "Its offset there."),
        Field("sha256", "text", "Digest of the whole original."),
        Field("original_bytes", "number", "Its length."),
        Field("original_encoding", "text", "`utf-8` or `base64`: how the next field is to be read."),
        Field("original", "text", "Its first 64 KiB."),
    ),
}


def records_page() -> Iterator[str]:
    """Yield the page."""
    yield from _INTRO.splitlines()
    for topic, fields in RECORDS.items():
        yield f"## {topic}"
        yield ""
        rows = [(code(f.name), f.type, "sometimes" if f.sometimes else "", f.meaning) for f in fields]
        yield from table(("field", "type", "", "meaning"), rows)
