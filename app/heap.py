"""Keeps the C heap in few pieces: glibc gives threads heaps of their own, and what one frees another cannot use.

RocksDB, LightGBM and uvloop's helpers make a dozen threads in a worker that take turns. Other C libraries have no such
setting, and need none.
"""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8  # malloc.h
_ARENAS = 2


def limit_arenas() -> None:
    """Let all threads share two heaps; called before there are threads."""
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
    except (OSError, AttributeError):
        return
