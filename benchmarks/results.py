"""Keeps what was measured: one JSON file per command, and one page of tables made of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from benchmarks.machine import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RESULTS = Path(__file__).parent / "results"


def load(name: str) -> dict[str, Any] | None:
    """Return the newest result of a command, or None."""
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] | None = orjson.loads(path.read_bytes()) if path.exists() else None
    return found


class Recorder:
    """One command's run: takes the machine's state at its begin and its end."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        self._name = name
        self._options = options
        self._before = describe()

    def write(self, runs: Sequence[dict[str, Any]]) -> Path:
        """Write the runs and return the file."""
        RESULTS.mkdir(exist_ok=True)
        after = describe()["load_average"]
        content = {"options": self._options, "machine": self._before, "load_average_after": after, "runs": list(runs)}
        path = RESULTS / f"{self._name}.json"
        path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY) + b"\n")
        return path


def table(columns: dict[str, Callable[[dict[str, Any]], str]], runs: Sequence[dict[str, Any]]) -> str:
    """Return runs as a Markdown table; a column is its title and what it shows of a run.

    >>> print(table({"n": lambda run: str(run["n"])}, [{"n": 1}]))
    | n |
    |--:|
    | 1 |
    """
    head = "| " + " | ".join(columns) + " |"
    rows = ["| " + " | ".join(show(run) for show in columns.values()) + " |" for run in runs]
    return "\n".join([head, "|" + "--:|" * len(columns), *rows])
