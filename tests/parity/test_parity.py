"""Workers and replay decide alike, to the last feature, whatever happened on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from models import artifact
from models.build import build
from models.manifest import write_artifact
from models.scoring import Scorer
from rules import DEFAULT_RULES, load_rules
from simulator.writer import write_history
from tests.flow.deployment import Deployment
from tests.models.conftest import make_dataset
from tests.parity.compare import by_id, changed, live, replayed
from tests.parity.explain import UNEXPLAINED, explain
from tests.parity.scenario import DUMP_PER_S, Scenario, stream
from tests.simulator.making import make

if TYPE_CHECKING:
    from pathlib import Path

    from app.broker.embedded import EmbeddedBroker

PAYMENTS = 8_000


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give eight days of payments; verdicts follow after three."""
    path: Path = tmp_path_factory.mktemp("history") / "history.parquet"
    write_history(make(PAYMENTS, 8, seed=11).frame, path)
    return path


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a small model: any will do, its probabilities are compared to the last bit."""
    directory: Path = tmp_path_factory.mktemp("model")
    built = build(make_dataset(3_000), load_rules(DEFAULT_RULES), seed=3)
    write_artifact(directory, built.manifest, built.texts)
    return directory


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(workers=2, rate=1_500, kills=1),
        Scenario(workers=2, rate=0, kills=1),
        Scenario(workers=2, rate=0, outage_hours=96, power_cut=True),
        Scenario(workers=2, rate=DUMP_PER_S, labelled=False),
    ],
    ids=["live", "backlog", "power-cut", "dump"],
)
async def test_a_replay_in_the_recorded_order_is_what_the_workers_did(
    broker: EmbeddedBroker, tmp_path: Path, history: Path, model_dir: Path, scenario: Scenario
) -> None:
    """Repeats, verdicts, broken records and a kill -9: no feature, score, rule, risk or alert differs.

    Of a backlog hardly any differs from the file's own order either, though its verdicts came behind all payments, and
    though all workers were killed before it; nor of a history that is played in while they run.
    """
    prefix = f"parity-{scenario.rate}-{scenario.power_cut}."
    deployment = Deployment(broker.bootstrap, tmp_path, prefix, PRAHARI_MODEL_DIR=str(model_dir))
    try:
        export = await stream(deployment, history, scenario)
        decided = await live(broker.bootstrap, prefix)
    finally:
        deployment.kill_all()
    scorer = Scorer(load_rules(DEFAULT_RULES), artifact.load(model_dir))

    again = replayed(export, scorer, recorded=True)

    assert decided.differing(again) == {}
    assert decided.alerts == again.alerts
    assert len(decided.by_place) > 0.98 * PAYMENTS
    assert decided.alerts
    by_time = replayed(export, scorer, recorded=False)
    differing = changed(by_id(decided), by_id(by_time))
    assert explain(export, differing)[UNEXPLAINED] == 0
    if scenario.rate in {0, DUMP_PER_S}:  # a month in a minute, with verdicts, is no live pace
        assert len(differing) <= 0.005 * len(decided.by_place)
