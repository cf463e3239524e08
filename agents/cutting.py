"""Cuts bundles where a part ends or items are applied already, and tells how far the sources in one reach."""

from __future__ import annotations

from agents.bundle import Bundle, Kind
from features.events import COLUMNS
from features.vector import PAYER_FEATURE_COUNT

_SOURCE_BYTES, _ITEM_BYTES, _ROW_BYTES = 4, 8 * COLUMNS, 8 * PAYER_FEATURE_COUNT


def part_of(bundle: Bundle, start: int, end: int) -> Bundle:
    """Return the bundle of the items in [start, end), itself where these are all; it has no control records."""
    end = min(end, len(bundle.offsets))
    if start == 0 and end == len(bundle.offsets):
        return bundle
    ends = bundle.content_ends()
    first = int(ends[start - 1]) if start else 0
    last = int(ends[end - 1]) if end > start else first
    row = start - bundle.kinds.count(Kind.DEBIT, 0, start)
    rows_end = row + end - start - bundle.kinds.count(Kind.DEBIT, start, end)
    return Bundle(
        bundle.version,
        bundle.sources[start * _SOURCE_BYTES : end * _SOURCE_BYTES],
        bundle.offsets[start:end],
        bundle.kinds[start:end],
        bundle.contents[first:last],
        (ends[start:end] - first).tobytes(),
        [],
        bundle.events[start * _ITEM_BYTES : end * _ITEM_BYTES],
        bundle.rows[row * _ROW_BYTES : rows_end * _ROW_BYTES],
    )


def first_offsets(bundle: Bundle) -> dict[int, int]:
    """Return the lowest offset of each source: those of one source rise."""
    return dict(zip(reversed(_sources(bundle)), reversed(bundle.offsets), strict=True))


def last_offsets(bundle: Bundle) -> dict[int, int]:
    """Return the highest offset of each source.

    >>> from agents.bundle import control_bundle, decode_bundle
    >>> last_offsets(decode_bundle(control_bundle([7, 9], [b"{}", b"{}"])))
    {-1: 9}
    """
    return dict(zip(_sources(bundle), bundle.offsets, strict=True))


def _sources(bundle: Bundle) -> list[int]:
    """Return `payer_partitions` as a list; of few items at a fraction of its cost."""
    return memoryview(bundle.sources).cast("i").tolist()
