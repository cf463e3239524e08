"""Holds the job in Java to the job in Python before either is measured: the same payments, the same decisions."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from benchmarks.engines.environment import HERE, model, run
from benchmarks.engines.jvm import command
from benchmarks.load import Plan, World
from features.errors import PrahariError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PAYMENTS = 2_000
_FIRST_MS = 1_760_000_000_000
_APART = 1e-9


def require_same_decisions(python: Path, names: Iterable[str]) -> None:
    """Raise where the job of a Java engine decides a payment otherwise than job.py does."""
    plan = Plan(_PAYMENTS, _FIRST_MS, payers=100, payees=40)
    payments = [value for chunk in World(plan).payments() for value in chunk.values]
    trained = model(python)
    for name in names:
        found = differences(decisions_of_python(python, trained, payments), decisions_of_java(name, trained, payments))
        if found:
            raise PrahariError(
                f"needed {name} to decide as job.py does, got {len(found)} others; the first: {found[0]}"
            )


def decisions_of_python(python: Path, trained: Path, payments: Sequence[bytes]) -> list[dict[str, Any]]:
    """Return what job.py decides on payments in their order."""
    return _decisions([str(python), str(HERE / "decide.py")], trained, payments)


def decisions_of_java(name: str, trained: Path, payments: Sequence[bytes]) -> list[dict[str, Any]]:
    """Return what the job of a Java engine decides on payments in their order, on that engine's class path."""
    with tempfile.TemporaryDirectory() as state:
        return _decisions(command(name, Path(state), "engines.Check"), trained, payments)


def differences(wanted: Sequence[dict[str, Any]], got: Sequence[dict[str, Any]]) -> list[str]:
    """Tell each decision that is another one in any field or in their order; in its probability by over 1e-9."""
    if len(wanted) != len(got):
        return [f"{len(got)} decisions in place of {len(wanted)}"]
    return [f"{one} in place of {other}" for other, one in zip(wanted, got, strict=True) if not _same(other, one)]


def _same(wanted: dict[str, Any], got: dict[str, Any]) -> bool:
    apart = abs(wanted["fraud_probability"] - got["fraud_probability"])
    return list(wanted) == list(got) and apart <= _APART and _rest(wanted) == _rest(got)


def _rest(decision: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in decision.items() if name != "fraud_probability"}


def _decisions(command_line: list[str], trained: Path, payments: Sequence[bytes]) -> list[dict[str, Any]]:
    printed = run(command_line, {"ENGINE_MODEL": str(trained)}, b"".join(payment + b"\n" for payment in payments))
    return [orjson.loads(line) for line in printed.splitlines()]
