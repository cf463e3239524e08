"""Keeps what was measured: a JSON file and a picture per command, and one page of tables made of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from benchmarks.machine import describe
from benchmarks.plots import draw
from benchmarks.tables import TITLES, section

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path(__file__).parent / "results"
PAGE = "README.md"
_HEAD = "# Results\n\nMade by `python -m benchmarks`; `docs/performance.md` says how to read them.\n\n"


class Recorder:
    """One command's run: takes the machine's state at its begin and its end."""

    def __init__(self, name: str, command: str, folder: Path = RESULTS) -> None:
        self._name = name
        self._command = command
        self._folder = folder
        self._before = describe()

    def write(self, runs: Sequence[dict[str, Any]]) -> Path:
        """Write the runs, draw them, make the page anew and return it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        content = {
            "command": self._command,
            "machine": self._before,
            "load_average_after": describe()["load_average"],
            "runs": list(runs),
        }
        path = self._folder / f"{self._name}.json"
        path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
        draw(self._name, runs, path.with_suffix(".png"))
        return write_page(self._folder)


def write_page(folder: Path) -> Path:
    """Write the page of every command that has results, in the order of the titles."""
    known = {name: folder / f"{name}.json" for name in TITLES}
    contents = {name: orjson.loads(path.read_bytes()) for name, path in known.items() if path.exists()}
    page = folder / PAGE
    page.write_text(_HEAD + "\n".join(_section(name, content) for name, content in contents.items()))
    return page


def _section(name: str, content: dict[str, Any]) -> str:
    """Return a command's section; results of an older form ask for another run and hide no newer ones."""
    try:
        return section(name, content, content["command"])
    except KeyError as missing:
        return f"## {TITLES[name]}\n\nThese results have no {missing}: run `python -m benchmarks {name}` again.\n"
