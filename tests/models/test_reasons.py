"""Reasons: the rules' own words first, then the model's exact contributions, each quantity told once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from features.vector import FEATURE_COUNT, FEATURE_NAMES, REGISTRY, feature_index
from models.phrases import FLAGS, MISSING, PHRASES, phrase
from models.reasons import contributions, explain, stem
from models.scoring import Scorer

if TYPE_CHECKING:
    from models.artifact import Model
    from models.dataset import Dataset
    from rules import RuleSet


@pytest.mark.parametrize("value", [0.0, 1.0, 7.0, 12.5, 123_456.78, math.nan])
@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_every_feature_can_be_told_in_words(name: str, value: float) -> None:
    """Whatever its value, and with nothing else known."""
    row = [math.nan] * FEATURE_COUNT
    row[feature_index(name)] = value
    text = phrase(name, row)
    assert text
    assert "nan" not in text
    assert name not in text


def test_phrases_name_only_features() -> None:
    """A renamed feature must not leave a dead phrase behind."""
    assert set(PHRASES) | set(FLAGS) | set(MISSING) <= set(FEATURE_NAMES)


def test_a_count_is_told_beside_the_accounts_own_norm() -> None:
    """The month's pace, over the age of an account younger than a month."""
    row = [math.nan] * FEATURE_COUNT
    known = {"payer_txn_count_24h": 40.0, "payer_txn_count_30d": 60.0, "payer_age_days": 10.0}
    for name, value in known.items():
        row[feature_index(name)] = value
    assert phrase("payer_txn_count_24h", row) == "40 payments by this payer in the last 24 hours; usually 6"


def test_every_feature_has_words_of_its_own() -> None:
    """None falls back on the registry's meaning and unit, which are written for people who make models."""
    row = [2.0] * FEATURE_COUNT
    plain = [
        feature.name for feature in REGISTRY if phrase(feature.name, row) == f"{feature.meaning}: 2 {feature.unit}"
    ]

    assert plain == []


def test_habits_and_judged_payments_are_told_beside_the_norm() -> None:
    """The number, and what it is held against."""
    row = [math.nan] * FEATURE_COUNT
    known = {
        "amount_rupees": 4_000.0,
        "payee_amount_deviation_30d": 12.34,
        "payee_amount_mean_30d": 250.0,
        "payee_fraud_rate_7d": 0.25,
        "payer_fraud_verdicts_7d": 1.0,
        "payer_fraud_verdicts_30d": 3.0,
    }
    for name, value in known.items():
        row[feature_index(name)] = value

    assert [phrase(name, row) for name in list(known)[1:5]] == [
        "the amount is 12.34 standard deviations from the mean of ₹250 to this payee",
        "₹4,000 where payments to this payee had a mean of ₹250 in 30 days",
        "25 % of the payments to this payee of the last week that are judged were fraud",
        "1 fraud confirmed on this payer in 7 days; 3 in 30 days",
    ]
    assert phrase("payer_fraud_streak", row) == "no fraud known on this payer in 30 days"


def alerts(scorer: Scorer, dataset: Dataset) -> list[int]:
    """Pick the rows of the highest buckets."""
    buckets = [score.bucket for score in scorer.score(dataset.rows[:2_000])]
    return [int(position) for position in np.argsort(np.array(buckets) * -1)[:25]]


def test_rules_come_first_and_each_quantity_is_told_once(model: Model, live_rules: RuleSet, dataset: Dataset) -> None:
    """What an analyst reads of the riskiest payments."""
    scorer = Scorer(live_rules, model)
    for position in alerts(scorer, dataset):
        row = dataset.rows[position].tolist()
        score = scorer.score(dataset.rows[position : position + 1])[0]
        reasons = explain(scorer, row, score)
        assert [reason.code for reason in reasons[: len(score.rules)]] == list(score.rules)
        told = [stem(reason.code.removeprefix("MODEL_").lower()) for reason in reasons[len(score.rules) :]]
        assert len(told) == len(set(told)) <= 4
        assert all(reason.text for reason in reasons)
        assert "payee_new_payers" not in told or "MULE_FAN_IN" not in score.rules
        assert reasons


def test_model_reasons_are_its_strongest_contributions(model: Model, live_rules: RuleSet, dataset: Dataset) -> None:
    """In their order, and only what speaks for fraud."""
    scorer = Scorer(live_rules, model)
    for position in alerts(scorer, dataset)[:5]:
        row = dataset.rows[position].tolist()
        score = scorer.score(dataset.rows[position : position + 1])[0]
        shares = dict(contributions(model, row))
        codes = [reason.code for reason in explain(scorer, row, score) if reason.code.startswith("MODEL_")]
        told = [shares[code.removeprefix("MODEL_").lower()] for code in codes]
        assert told == sorted(told, reverse=True)
        assert all(share >= 0.1 for share in told)


def test_without_a_model_the_rules_are_the_reasons(live_rules: RuleSet, dataset: Dataset) -> None:
    """A payment on which no rule hits has none."""
    scorer = Scorer(live_rules, None)
    for row, score in zip(dataset.rows[:50], scorer.score(dataset.rows[:50]), strict=True):
        assert [reason.code for reason in explain(scorer, row.tolist(), score)] == list(score.rules)
