"""Training on a history file: the past is read and folded by the code that scores live payments, then learned from.

Nothing later than `until` is seen: neither payments nor verdicts, and a payment whose label was not known by then is
left out, fraud or not. Payments before `since` only warm the tables.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from features.errors import TrainingError
from models.build import build
from models.card import CARD, PICTURE, write_card
from models.card_picture import draw_card
from models.dataset import Dataset, DatasetBuilder
from models.logistic import Logistic
from models.manifest import LOGISTIC, Manifest, write_artifact
from models.survey import SET_ASIDE, Survey, survey, write_set_aside
from models.validate import Findings
from replay.engine import Replay
from replay.history import read_history
from replay.verdicts import interleave_verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from replay.history import HistoryRow
    from rules import RuleSet


class Plan(NamedTuple):
    """What to train on; times are epoch milliseconds, `until_ms` exclusive for payments, inclusive for labels."""

    history: Path
    out: Path
    rules: RuleSet
    seed: int
    since_ms: int | None
    until_ms: int | None
    label_delay_ms: int


def train(
    plan: Plan,
    *,
    on_payment: Callable[[int], None],
    on_findings: Callable[[Findings], None],
    on_tree: Callable[[str, int], None],
    on_survey: Callable[[Survey], None] = lambda _: None,
) -> Manifest:
    """Look through the history, train as planned, write artifact and card; raises HistoryError or TrainingError."""
    seen = survey(plan.history, label_delay_ms=plan.label_delay_ms, until_ms=plan.until_ms)
    on_survey(seen)
    dataset, findings = gather(plan, on_payment)
    on_findings(findings)
    if not findings.used:
        raise TrainingError(
            f"labelled payments were needed in {plan.history}; got none: " + "; ".join(findings.lines())
        )
    cold = partial(_cold, plan)
    built = build(dataset, plan.rules, seed=plan.seed, on_tree=on_tree, cold=cold)
    manifest = write_artifact(plan.out, built.manifest, built.texts)
    write_set_aside(plan.out / SET_ASIDE, seen)
    draw_card(plan.out / PICTURE, manifest, built.labels, built.probabilities)
    logistic = msgspec.json.decode(built.texts[LOGISTIC], type=Logistic)
    write_card(plan.out / CARD, manifest, plan.history.name, [*seen.lines(), *findings.lines()], logistic)
    return manifest


def _cold(plan: Plan, start_ms: int) -> Dataset:
    """Gather the payments from a time on with tables that are empty then."""
    return gather(plan._replace(since_ms=start_ms), lambda _: None, cold=True)[0]


def gather(plan: Plan, on_payment: Callable[[int], None], *, cold: bool = False) -> tuple[Dataset, Findings]:
    """Replay the history and keep the row of each payment whose label was known in time.

    `cold` leaves out what lies before the plan's start, instead of warming the tables with it.
    """
    findings, builder, replay = Findings(), DatasetBuilder(), Replay()
    ahead: deque[HistoryRow] = deque()
    history = read_history(plan.history, label_delay_ms=plan.label_delay_ms, on_bad_row=findings.saw_bad_row)
    if cold:
        history = (row for row in history if row.transaction.event_time_ms >= (plan.since_ms or 0))
    records = interleave_verdicts(_remember(history, plan.until_ms, ahead), plan.until_ms)
    for transaction, features in replay.rows(records):
        findings.saw_payment(transaction.event_time_ms)
        if findings.payments % 1_000 == 0:
            on_payment(findings.payments)
        while (row := ahead.popleft()).transaction is not transaction:
            pass  # a repeat or a conflict, which has no row
        if plan.since_ms is not None and transaction.event_time_ms < plan.since_ms:
            findings.before_from += 1
        elif row.is_fraud is None or row.label_time_ms is None:
            findings.unlabelled += 1
        elif plan.until_ms is not None and row.label_time_ms > plan.until_ms:
            findings.label_too_late += 1
        else:
            findings.used += 1
            findings.frauds += row.is_fraud
            builder.add(
                features,
                is_fraud=row.is_fraud,
                event_time_ms=transaction.event_time_ms,
                label_time_ms=row.label_time_ms,
                fraud_type=row.fraud_type,
            )
    findings.duplicates, findings.conflicts = replay.duplicates, replay.conflicts
    return builder.finish(), findings


def _remember(rows: Iterator[HistoryRow], until_ms: int | None, ahead: deque[HistoryRow]) -> Iterator[HistoryRow]:
    """Pass rows on up to `until_ms`, and keep in `ahead` those that the replay has taken and not given back yet."""
    for row in rows:
        if until_ms is not None and row.transaction.event_time_ms >= until_ms:
            return
        ahead.append(row)
        yield row
