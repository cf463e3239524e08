"""Where overdue verdicts stand (`agents.overdue`): the sources and offsets by which bundles tell of their places."""

from __future__ import annotations

from agents.bundle import CONTROL_SOURCE

_RANK_BITS = 20
_FIRST_SOURCE = CONTROL_SOURCE - 1


def overdue_source(payer_partition: int) -> int:
    """Return the source that overdue verdicts of a payer partition have in bundles; or the partition of a source.

    >>> overdue_source(0), overdue_source(3), overdue_source(-5)
    (-2, -5, 3)
    """
    return _FIRST_SOURCE - payer_partition


def is_overdue(source: int) -> bool:
    """Whether a source of a bundle's items is one of overdue verdicts."""
    return source <= _FIRST_SOURCE


def overdue_offset(before: int, rank: int) -> int:
    """Return the offset of the overdue verdict of that rank in its place before an offset of `transactions`.

    >>> overdue_place(overdue_offset(17, 2))
    (17, 2)
    """
    return before << _RANK_BITS | rank


def overdue_place(offset: int) -> tuple[int, int]:
    """Return the offset of `transactions` that an overdue verdict stands before, and its rank."""
    return offset >> _RANK_BITS, offset & (1 << _RANK_BITS) - 1
