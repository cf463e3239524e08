"""Markdown, as far as the pages need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield a table and an empty line; None is an empty cell.

    >>> list(table(("a", "b"), [(1, None)]))
    ['| a | b |', '|---|---|', '| 1 |  |', '']
    """
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(cell(value) for value in row)} |"
    yield ""


def cell(value: object) -> str:
    """Return a value as one line that stays within its cell."""
    return "" if value is None else " ".join(str(value).split()).replace("|", "\\|")


def code(value: object) -> str:
    """Return a value as code; nothing for None and for empty text."""
    return "" if value in (None, "") else f"`{value}`"
