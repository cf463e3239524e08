"""The lighter job that other engines run: the same one in Java as in Python."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.engines.check import decisions_of_java, decisions_of_python, differences
from benchmarks.engines.environment import HERE, run
from benchmarks.engines.jvm import ENGINES
from benchmarks.load import Plan, World


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model that job.py trained."""
    path = tmp_path_factory.mktemp("engines") / "model.txt"
    run([sys.executable, str(HERE / "job.py")], {"ENGINE_MODEL": str(path)})
    return path


def test_the_job_in_java_decides_as_the_one_in_python(trained: Path) -> None:
    """The same features, rules and risk of every payment, and probabilities within 1e-9."""
    plan = Plan(600, 1_760_000_000_000, payers=40, payees=15)
    payments = [value for chunk in World(plan).payments() for value in chunk.values]

    wanted = decisions_of_python(Path(sys.executable), trained, payments)
    got = decisions_of_java("kafka-streams", trained, payments)

    assert len(wanted) == 600
    assert {rule for decision in wanted for rule in decision["rules"]} >= {"PAYER_VELOCITY", "MULE_FAN_IN"}
    assert differences(wanted, got) == []


def test_another_decision_is_told() -> None:
    """A feature, a field too few, the order of fields or a probability that is another one is a difference."""
    decision = {"transaction_id": "a", "fraud_probability": 0.5, "rules": [], "features": [1.0]}

    assert differences([decision], [{**decision, "fraud_probability": 0.5 + 1e-12}]) == []
    assert differences([decision], [{**decision, "fraud_probability": 0.5 + 1e-6}])
    assert differences([decision], [{**decision, "features": [2.0]}])
    assert differences([decision], [dict(reversed(decision.items()))])
    assert differences([decision], [])


def test_every_source_and_lock_of_an_engine_is_there() -> None:
    """An engine compiles the shared job with what is its own, from jars that its lock names."""
    for engine in ENGINES.values():
        assert {path.parent.name for path in engine.sources} == {"job", engine.folder}
        assert engine.lock.is_file()
