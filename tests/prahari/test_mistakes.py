"""What users get wrong is told in one line that says what to do, with exit code 1 and no traceback."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from app.views.server import require_free
from features.errors import SettingsError
from tests.prahari.test_command_line import run

RULES = Path(__file__).parents[2] / "rules" / "rules.yaml"
NOWHERE = "kafka://127.0.0.1:1"

MISTAKES = {
    "a rules file that is not there": ("rules check missing.yaml", "a readable UTF-8 rules file was needed"),
    "YAML that is none": ("rules check broken.yaml", "broken.yaml line 2: valid YAML was needed"),
    "a history that is not there": ("models train --history missing.parquet --out x", "missing.parquet"),
    "a history without its columns": ("models train --history other.csv --out x", "needed the columns transaction_id"),
    "a history that is no Parquet": ("backtest --history broken.parquet", "needed a readable history file"),
    "a backtest of nothing": ("backtest", "give --history F"),
    "a model that is not there": ("models show missing", "a model was needed in missing"),
    "a folder that is not there": ("export --out missing/x.parquet", "create it"),
    "a warm-up with nothing": ("warm-up --history missing.parquet", "which does not exist"),
    "an export from no Kafka": ("export --out x.parquet", f"needed a Kafka that answers at {NOWHERE}"),
    "a time that is none": ("lists snooze a@b --until tomorrow", "--until needs RFC 3339"),
    "an account that is none": ("lists block nope", "name@handle"),
    "a worker's count of partitions": ("worker", "TOPIC_PARTITIONS, got 'abc'"),
    "an erasure in no Kafka": ("erase --vpa a@b", f"needed a Kafka that answers at {NOWHERE}"),
    "what-if of nothing": (f"rules what-if {RULES} --history no.csv --against {RULES}", "needed a readable history"),
}


@pytest.mark.parametrize(("line", "said"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_told_and_not_traced(line: str, said: str, tmp_path: Path) -> None:
    """Exit code 1, and what was needed."""
    (tmp_path / "broken.yaml").write_text("rules: [\n")
    (tmp_path / "broken.parquet").write_text("x")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    wrong = {"TOPIC_PARTITIONS": "abc"} if line == "worker" else {}
    done = run(*line.split(), cwd=tmp_path, BROKER_URL=NOWHERE, **wrong)

    assert done.returncode == 1, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("PRAHARI_ALERT_RATE", "7", "PRAHARI_ALERT_RATE: Input should be less than or equal to 1, got '7'"),
        ("PRAHARI_RULES", "missing.yaml", "a readable UTF-8 rules file was needed at missing.yaml"),
        ("PRAHARI_MODEL_DIR", "missing", "a model was needed in missing"),
    ],
)
def test_a_worker_refuses_what_cannot_be_before_it_waits_for_kafka(
    setting: str, value: str, said: str, tmp_path: Path
) -> None:
    """Somebody who waits for Kafka would learn of it too late."""
    done = run("worker", "--without-web", cwd=tmp_path, BROKER_URL=NOWHERE, **{setting: value})

    assert done.returncode in (1, 70), done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_told_by_broker_and_worker(tmp_path: Path) -> None:
    """Both say how to choose another one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        broker = run("broker", "--port", str(port), "--data", tmp_path / "kafka")
        with pytest.raises(SettingsError, match=rf"127\.0\.0\.1:{port} for the web views, got: .*another WEB_PORT"):
            require_free("127.0.0.1", port)

    assert broker.returncode == 1
    assert broker.stderr == f"port {port} is taken by another program: stop it, or choose another port with --port\n"
    require_free("127.0.0.1", port)
