"""How commands answer: tables for people, one JSON value for machines; both on stdout, messages on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON value on stdout, for machines.")]

#: Wide enough that no cell is cut where nobody watches.
_PIPED_WIDTH = 200


def console(*, stderr: bool = False) -> Console:
    """Return a console that cuts nothing off in a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else _PIPED_WIDTH)


def say(message: str) -> None:
    """Tell somebody who watches what was done; stdout stays the answer's."""
    console(stderr=True).print(message, markup=False, soft_wrap=True)


def show_json(value: Any) -> None:
    """Write one JSON value."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table; columns whose name begins with > stand to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for name in columns:
        table.add_column(name.removeprefix(">"), justify="right" if name.startswith(">") else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console().print(table)
