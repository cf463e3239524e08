"""The command line: help that names what there is, one-line errors, exit codes, answers for people and machines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prahari.lazy import COMMANDS
from tests.agents.controls import RULES

ROOT = Path(__file__).parents[2]


def run(*arguments: str | Path, cwd: Path | str = "/", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `prahari` as a user does, in any directory."""
    command = [str(ROOT / "scripts" / "prahari"), *map(str, arguments)]
    variables = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=variables, timeout=120)


def test_help_names_every_command_and_loads_none_of_them() -> None:
    """Help and completion wait for no model library."""
    done = run("--help")
    loaded = "import sys, prahari.__main__, prahari.lazy; print({'lightgbm', 'faust', 'polars'} & set(sys.modules))"
    imported = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, cwd=ROOT)

    assert (done.returncode, done.stderr) == (0, "")
    assert [name for name in COMMANDS if name not in done.stdout] == []
    assert imported.stdout.strip() == "set()"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps(name: str) -> None:
    """Each says what it does, those that are programs of their own too."""
    done = run(name, "--help")

    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower()


def test_an_unknown_command_is_refused_with_the_one_that_was_meant() -> None:
    """Exit code 2: a command line that cannot be."""
    done = run("lsts")

    assert done.returncode == 2
    assert "Did you mean 'lists'?" in done.stderr


def test_a_refusal_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    """No traceback; the line says what was needed."""
    broken = tmp_path / "rules.yaml"
    broken.write_text(RULES.replace("weight: 40", "weight: 400"))
    done = run("rules", "check", broken)

    assert (done.returncode, done.stdout) == (1, "")
    expected = f"prahari: {broken} line 5: weight must be a whole number from 0 to 100; got 400\n"
    assert done.stderr == expected


def test_a_broker_that_does_not_answer_is_named() -> None:
    """With what to do about it, and nothing else on the terminal."""
    done = run("control", "show", BROKER_URL="kafka://127.0.0.1:1")

    assert done.returncode == 1
    assert done.stderr.startswith("prahari: needed the topic control on kafka://127.0.0.1:1, got: ")
    assert len(done.stderr.splitlines()) == 1


def test_answers_for_machines_are_one_json_value(tmp_path: Path) -> None:
    """Valid or not, stdout holds JSON and the exit code says which."""
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(RULES)
    bad.write_text(RULES.replace("feature: amount_rupees", "feature: amount_dollars"))
    checked, refused = run("rules", "check", good, "--json"), run("rules", "check", bad, "--json")

    assert (checked.returncode, refused.returncode) == (0, 1)
    assert [rule["id"] for rule in json.loads(checked.stdout)["rules"]] == ["ANY_AMOUNT"]
    problems = json.loads(refused.stdout)["problems"]
    assert problems[0].startswith(f"{bad} line 7: no feature is named 'amount_dollars'")


def test_what_differs_between_two_files_is_told_rule_by_rule(tmp_path: Path) -> None:
    """Weight and condition of the one rule, in words."""
    before, after = tmp_path / "before.yaml", tmp_path / "after.yaml"
    before.write_text(RULES)
    after.write_text(RULES.replace("weight: 40", "weight: 50").replace("value: 0", "value: 10"))
    done = run("rules", "diff", after, "--against", before, "--json")

    assert done.returncode == 0, done.stderr
    told = [(change["field"], change["before"], change["after"]) for change in json.loads(done.stdout)]
    assert told == [("weight", "40", "50"), ("when", "amount_rupees > 0", "amount_rupees > 10")]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("prahari rul", "rules"),
        ("prahari rules wh", "what-if"),
        ("prahari simulate history --rec", "--recent"),
        ("prahari worker --lo", "--loglevel"),
        ("prahari export --o", "--out"),
    ],
)
def test_the_shell_completes_commands_and_options(typed: str, offered: str) -> None:
    """Those of commands that are loaded when they are run too."""
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}

    assert run(_PRAHARI_COMPLETE="complete_bash", **words).stdout.split() == [offered]
