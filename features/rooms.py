"""Room to write into that is used again: what is written is copied out, so that as much is kept as was needed.

Room is as large as what could have to be written. Got anew for each part of 2,048 payments it is ten megabytes that
were never in the processor's caches, and a heap with holes.
"""

from __future__ import annotations

import threading

import numpy as np


class Room(threading.local):
    """Bytes of one user in one thread, of which what stood there before is left."""

    def __init__(self) -> None:
        self._bytes = np.empty(0, np.uint8)

    def of(self, size: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        """Return room of `size` bytes, good until the next call.

        >>> len(Room().of(3))
        3
        """
        if len(self._bytes) < size:
            self._bytes = np.empty(size, np.uint8)
        return self._bytes[:size]
