"""Figures on their way to a page: cost from samples, latencies from records, tables and pictures from runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from benchmarks.load import transaction_id
from benchmarks.results import Recorder
from benchmarks.sampling import Sample, marginal_cpu_us
from benchmarks.stacks import OTHER, by_part
from benchmarks.steady import latencies
from benchmarks.tables import COLUMNS, TITLES, table

if TYPE_CHECKING:
    from pathlib import Path

RUNS: dict[str, dict[str, Any]] = {
    "drain": {
        "transactions": 100_000,
        "workers": 1,
        "decided_per_s": 20_000.0,
        "worker_cpu_us": 40.0,
        "each_worker_cpu_us": [40.0],
        "marginal_worker_cpu_us": None,
        "broker_cpu_us": 9.0,
        "start_up_cpu_s": 2.0,
        "start_up_s": 4.0,
        "peak_mb": [300.0],
        "log_bytes": {"transactions": 350.0, "decisions": 1_000.0},
        "alerts": 500,
        "curve": [(0.0, 0), (5.0, 100_000)],
    },
    "stages": {"payments": 1_000, "samples": 400, "cpu_us": 41.25, "parts": {"parse": 30.0, "rules": 11.25}},
}


def samples(cost_us: float, start_up_s: float) -> list[Sample]:
    """Return what a worker shows that uses so much per decision, after a start that used so much."""
    return [
        Sample(at, at * 1_000, (start_up_s + at * 1_000 * cost_us / 1e6,), at * 0.01, (200.0,)) for at in range(101)
    ]


def test_the_cost_of_a_further_payment_leaves_the_start_out() -> None:
    """Ten seconds of start-up change nothing about the slope."""
    workers_us, broker_us = marginal_cpu_us(samples(40.0, start_up_s=10.0)) or (0, 0)

    assert pytest.approx(40.0) == workers_us
    assert pytest.approx(10.0) == broker_us


def test_latency_runs_from_due_to_the_first_decision() -> None:
    """A repeat after a crash does not count twice, other loads' records not at all, and the settling ones neither."""
    records = [
        (1_010, orjson.dumps({"transaction_id": transaction_id(5, 0)})),
        (1_030, orjson.dumps({"transaction_id": transaction_id(5, 1)})),
        (1_900, orjson.dumps({"transaction_id": transaction_id(5, 1)})),
        (1_050, orjson.dumps({"transaction_id": transaction_id(6, 1)})),
    ]

    assert latencies(records, [1_000, 1_010], 5, skip=1) == {1: 20}


def test_samples_belong_to_the_innermost_part_that_is_known() -> None:
    """What numpy or msgspec does is whose called it; what nobody knows is told as such."""
    stacks = [
        "main (/x/app/main.py);part (/x/agents/payer.py);parse (/x/agents/reading.py);decode (/y/msgspec/json.py) 3",
        "part (/x/agents/payer.py);process (/x/features/side.py) 2",
        "main (/z/tool.py) 1",
    ]

    assert by_part(stacks) == {"parse": 3, "payer read and fold": 2, OTHER: 1}


def test_results_stand_on_one_page_with_where_they_were_made(tmp_path: Path) -> None:
    """Each command adds its section, table, machine and picture; a later run replaces its own only."""
    for name, run in RUNS.items():
        Recorder(name, f"python -m benchmarks {name}", tmp_path).write([run])

    page = (tmp_path / "README.md").read_text()
    assert [TITLES[name] for name in RUNS] == [line[3:] for line in page.splitlines() if line.startswith("## ")]
    for name, run in RUNS.items():
        assert table(COLUMNS[name], [run]) in page
        assert (tmp_path / f"{name}.png").stat().st_size > 1_000
        assert [run] == orjson.loads((tmp_path / f"{name}.json").read_bytes())["runs"] or name == "drain"
    assert "load average before" in page


def test_results_of_an_older_form_do_not_stop_the_page(tmp_path: Path) -> None:
    """A column that was added since asks for another run of that command; the others stand there as ever."""
    Recorder("stages", "python -m benchmarks stages", tmp_path).write([RUNS["stages"]])
    old = orjson.loads((tmp_path / "stages.json").read_bytes()) | {"runs": [{"payments": 1}]}
    (tmp_path / "drain.json").write_bytes(orjson.dumps(old))

    page = Recorder("stages", "python -m benchmarks stages", tmp_path).write([RUNS["stages"]]).read_text()

    assert "run `python -m benchmarks drain` again" in page
    assert table(COLUMNS["stages"], [RUNS["stages"]]) in page
