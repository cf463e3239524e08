"""docs/simulator.md is a contract: its table is what its command prints, and it names every option."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import typer.main

from simulator import describe
from simulator.__main__ import app
from simulator.writer import write_history
from tests.simulator.making import make

if TYPE_CHECKING:
    import click

DOCUMENT = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()


def test_the_table_is_what_the_command_prints(tmp_path: Path) -> None:
    """To refresh it, run the document's first two commands and paste."""
    write_history(make(300_000, 40, 1).frame, tmp_path / "history.parquet")

    assert describe.table(describe.load(tmp_path / "history.parquet")) in DOCUMENT


def test_every_option_is_explained() -> None:
    """Each option of both commands stands in the document."""
    group: click.Group = typer.main.get_command(app)  # type: ignore[assignment]
    options = {
        option for command in group.commands.values() for parameter in command.params for option in parameter.opts
    }

    assert {option for option in options if not re.search(rf"{option}\b", DOCUMENT)} <= {"--out", "--pictures"}
