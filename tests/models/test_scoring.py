"""Scoring: rules in force, model in force, and what each of them may move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from features.vector import FEATURE_COUNT
from models.risk import combine
from models.scoring import Scorer
from rules import RuleSet, parse_rules

if TYPE_CHECKING:
    from models.artifact import Model
    from models.dataset import Dataset


def test_scores_are_made_of_rules_model_and_risk(model: Model, live_rules: RuleSet, dataset: Dataset) -> None:
    """Row by row, each part is what its own module says."""
    rows = dataset.rows[:60]
    for row, score in zip(rows, Scorer(live_rules, model).score(rows), strict=True):
        assert (score.rule_score, score.rules) == live_rules.evaluate(row.tolist())
        assert score.fraud_probability == model.probability(row[None])[0]
        assert (score.risk, score.tier, score.bucket) == combine(score.fraud_probability, score.rule_score)


@pytest.mark.parametrize("size", [1, 3, 8, 50])
def test_a_score_never_depends_on_the_batch(model: Model, live_rules: RuleSet, dataset: Dataset, size: int) -> None:
    """Replay cuts other batches than the live worker did and must write the same bytes."""
    scorer = Scorer(live_rules, model)
    rows = dataset.rows[:150]
    parts = [score for start in range(0, 150, size) for score in scorer.score(rows[start : start + size])]
    assert parts == scorer.score(rows)


def test_without_a_model_rules_decide_alone(live_rules: RuleSet, dataset: Dataset) -> None:
    """No probability is made up."""
    for score in Scorer(live_rules, None).score(dataset.rows[:60]):
        assert score.fraud_probability is None
        assert score.risk == score.rule_score


def test_editing_live_rules_moves_risk_but_never_the_models_input(
    model: Model, live_rules: RuleSet, dataset: Dataset
) -> None:
    """The model reads the score of the rules frozen in its artifact."""
    heavier = parse_rules(live_rules.text.replace("weight: 30", "weight: 95"))
    rows = dataset.rows[:400]
    before, after = Scorer(live_rules, model).score(rows), Scorer(heavier, model).score(rows)
    assert [score.fraud_probability for score in before] == [score.fraud_probability for score in after]
    assert any(old.risk < new.risk for old, new in zip(before, after, strict=True))


def test_the_models_probability_depends_on_its_frozen_rules(model: Model, dataset: Dataset) -> None:
    """The input is wired: another rule score gives another probability somewhere."""
    rows = dataset.rows[:400]
    raised = model.probability(rows, frozen_rule_scores=np.full(len(rows), 100))
    assert not np.array_equal(raised, model.probability(rows))


def test_no_rows_give_no_scores(model: Model, live_rules: RuleSet) -> None:
    """A chunk may hold verdicts only."""
    assert Scorer(live_rules, model).score(np.empty((0, FEATURE_COUNT))) == []


def test_frauds_rank_above_the_rest(model: Model, live_rules: RuleSet, dataset: Dataset) -> None:
    """The bucket is what the budget ranks by."""
    buckets = np.array([score.bucket for score in Scorer(live_rules, model).score(dataset.rows)])
    assert np.median(buckets[dataset.labels == 1]) > np.quantile(buckets[dataset.labels == 0], 0.95)
