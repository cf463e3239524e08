"""Tables on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A file or a pipe has no width: a row stays on one line.
_FILE_WIDTH = 240


def show(head: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """Print a table; every column but the first holds numbers."""
    table = Table(*head, title=title or None, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    console.print(table)
