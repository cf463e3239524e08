"""docs/reference/topics.md: every topic, its key, its partitions and how long it keeps records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.faust_app import APP_NAME
from app.retention import DAY_MS
from app.topics import TABLES, TopicSpec, changelog_topic, topic_specs
from prahari.reference.markup import code, table

if TYPE_CHECKING:
    from collections.abc import Iterator

MEANINGS = {
    "transactions": ("payer VPA", "Payments, one JSON object each. What producers write."),
    "labels": ("payer VPA", "Verdicts on payments: `POST /labels`, the dashboard, or your own case system."),
    "transactions-by-payee": (
        "payee VPA's partition",
        "Payments with their payer's features, on their way to the payee stage; control records.",
    ),
    "decisions": (
        "payer VPA",
        "One for each payment that was accepted: probability, rules, risk, features, versions, its place in the logs.",
    ),
    "candidates": ("none", "Possible alerts in the order in which the budget judges them."),
    "alerts": ("payer VPA", "Alerts with their reasons. `alert_id` is the transaction_id: drop repeats by it."),
    "alert-budget": ("IST day", "How the day stands. The record with the highest `seen` is the day's truth."),
    "alerts-undelivered": ("none", "Alerts that the webhook did not take after six tries."),
    "case-events": ("none", "Who confirmed, cleared or opened which alert, when and why."),
    "control": ("none", "Rules, models, lists and alert rates, as they were put in force."),
    "rejected": (
        "as it came",
        "Records that cannot be decided: reason, source, SHA-256, and the original up to 64 KiB.",
    ),
    "alignment": ("none", "Workers tell each other how far they are and what comes next, while they catch up."),
}
"""Key and content of each topic; changelogs are named by their tables."""

_PARTITIONS = 4
_INTRO = """# Topics

Workers create them at start, or check them where Kafka does not let us create (`PRAHARI_CREATE_TOPICS=0`), and name
what is missing. N is `TOPIC_PARTITIONS`, 4 unless set; it is part of the state and cannot change under it.
`PRAHARI_TOPIC_PREFIX` goes before each name.

"""
_BY_HAND = """## As Kafka's tools want it

What an administrator creates where workers may not, with N = 4; add `--replication-factor 3` and
`--config min.insync.replicas=2` with three brokers:

"""


def topics_page() -> Iterator[str]:
    """Yield the page."""
    yield from _INTRO.splitlines()
    specs = topic_specs(_PARTITIONS, "", APP_NAME)
    yield from table(
        ("topic", "key", "partitions", "keeps", "what it holds"),
        [(code(spec.name), *_key_and_content(spec)) for spec in specs],
    )
    yield from _BY_HAND.splitlines()
    yield '```bash not-run="Kafka\'s own tools are not part of this repository"'
    for spec in specs:
        config = "".join(f" --config {name}={value}" for name, value in spec.config.items())
        topic = f"--topic {spec.name} --partitions {spec.partitions}"
        yield f"kafka-topics.sh --bootstrap-server $BROKER --create {topic}{config}"
    yield "```"


def _key_and_content(spec: TopicSpec) -> tuple[str, str, str, str]:
    partitions = "N" if spec.partitions == _PARTITIONS else "1"
    changelogs = {changelog_topic(APP_NAME, name): name for name in TABLES}
    if spec.name in changelogs:
        key, content = (
            "account or day",
            f"The table `{changelogs[spec.name]}`, restored from here when a worker takes a partition.",
        )
        return key, partitions, "the newest of each key", content
    key, content = MEANINGS[spec.name]
    kept = int(spec.config["retention.ms"])
    keeps = "for ever" if kept < 0 else f"{kept / DAY_MS:.0f} days" if kept >= DAY_MS else f"{kept // 60_000} minutes"
    return key, partitions, keeps, content
