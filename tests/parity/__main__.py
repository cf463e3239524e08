"""`python -m tests.parity`: stream equals replay, at full size, on a broker and workers of its own (`make parity`).

Each run streams a month of payments with repeats, disorder, broken records and verdicts through real workers, exports
it and decides it again: in the recorded order no decision and no alert may differ; by event time some do, and each is
explained. Exit code 1 where one differs or is not explained.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from app.broker.embedded import EmbeddedBroker
from models import artifact
from models.scoring import Scorer
from rules import DEFAULT_RULES, load_rules
from tests.flow.deployment import Deployment
from tests.parity.compare import by_id, changed, live, replayed
from tests.parity.explain import UNEXPLAINED, explain
from tests.parity.scenario import DUMP_PER_S, Scenario, stream

app = typer.Typer(add_completion=False)

SCENARIOS = {
    "live-1": Scenario(workers=1),
    "dump-1": Scenario(workers=1, rate=DUMP_PER_S, labelled=False),
    "dump-2": Scenario(workers=2, rate=DUMP_PER_S, labelled=False),
    "live-2-killed": Scenario(workers=2, kills=3),
    "now-1": Scenario(workers=1, now=True),
    "now-2": Scenario(workers=2, now=True),
    "now-2-killed": Scenario(workers=2, now=True, kills=1),
    "live-1-unlabelled": Scenario(workers=1, labelled=False),
    "backlog-1": Scenario(workers=1, rate=0),
    "backlog-2": Scenario(workers=2, rate=0),
    "backlog-2-killed": Scenario(workers=2, rate=0, kills=2),
    "outage-2": Scenario(workers=2, rate=0, outage_hours=24),
    "power-cut-2": Scenario(workers=2, rate=0, outage_hours=240, power_cut=True),
}


@app.command(help=__doc__)
def parity(
    payments: Annotated[int, typer.Option(help="Payments of each run.")] = 100_000,
    days: Annotated[int, typer.Option(help="Over how many days of event time.")] = 30,
    only: Annotated[list[str] | None, typer.Option(help=f"Some of {', '.join(SCENARIOS)}.")] = None,
    rate: Annotated[int, typer.Option(help="Payments a second of the live runs.")] = 2_000,
) -> None:
    """Run the scenarios and say what differs."""
    with tempfile.TemporaryDirectory(prefix="prahari-parity-") as folder:
        path = Path(folder)
        history, model = path / "history.parquet", path / "model"
        size = ("--transactions", str(payments), "--days", str(days))
        _python("simulator", "history", "--out", str(history), *size, "--seed", "1")
        _python("models", "train", "--history", str(history), "--out", str(model))
        with EmbeddedBroker(0, path / "kafka") as broker:
            wanted = {name: SCENARIOS[name] for name in only or SCENARIOS}
            same = [
                _run(name, replace(scenario, rate=rate) if scenario.rate == Scenario.rate else scenario, broker, path)
                for name, scenario in wanted.items()
            ]
    raise typer.Exit(0 if all(same) else 1)


def _run(name: str, scenario: Scenario, broker: EmbeddedBroker, path: Path) -> bool:
    """Run one scenario and tell what came of it; return whether everything is the same."""
    start_s = time.monotonic()
    (path / name).mkdir()
    deployment = Deployment(broker.bootstrap, path / name, f"{name}.", PRAHARI_MODEL_DIR=str(path / "model"))
    try:
        export = asyncio.run(stream(deployment, path / "history.parquet", scenario))
        decided = asyncio.run(live(broker.bootstrap, f"{name}."))
    finally:
        deployment.kill_all()
    scorer = Scorer(load_rules(DEFAULT_RULES), artifact.load(path / "model"))
    again = replayed(export, scorer, recorded=True)
    by_time = replayed(export, scorer, recorded=False)
    differing = decided.differing(again)
    other = changed(by_id(decided), by_id(by_time))
    why = explain(export, other)
    count, other_alerts = len(decided.by_place), len(decided.alerts ^ by_time.alerts)
    lines = [
        f"{name}: {count:,} decisions, {len(decided.alerts):,} alerts, {time.monotonic() - start_s:.0f} s",
        f"  recorded order: {len(differing)} decisions and {len(decided.alerts ^ again.alerts)} alerts differ",
        f"  by event time: {len(other)} decisions ({len(other) / count:.3%}) and {other_alerts} alerts differ",
        *(f"    {number:,} ({number / count:.3%}) because {reason}" for reason, number in why.most_common()),
        *(f"    differs: {place} in {names}" for place, names in list(differing.items())[:10]),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    return not differing and decided.alerts == again.alerts and not why[UNEXPLAINED]


def _python(*command: str) -> None:
    subprocess.run([sys.executable, "-m", *command], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    app()
