"""A part as one side works on it: the lanes that its events stand in, and what they came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Lane(NamedTuple):
    """Events of one partition among those of several: where they end, and the newest event time accepted before."""

    end: int
    watermark_ms: int


class Processed(NamedTuple):
    """What a part came to: rows [n, width], outcomes [n], the accounts' new bytes in the order given.

    `watermarks_ms` are the newest event times now, one for each lane.
    """

    rows: NDArray[np.float64]
    outcomes: NDArray[np.int64]
    states: list[bytes]
    watermarks_ms: list[int]

    @property
    def watermark_ms(self) -> int:
        """The newest event time, where there is one lane."""
        return self.watermarks_ms[-1]
