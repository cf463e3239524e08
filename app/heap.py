"""Keeps a worker's memory small where libraries would not.

glibc gives threads heaps of their own, and what one frees another cannot use: RocksDB, LightGBM and uvloop's helpers
make a dozen threads in a worker, of which those in Python take turns anyhow. LLVM's code, which numba loads kernels by,
is needed once, and 65 MB. Other systems have no such settings; nothing happens there.
"""

from __future__ import annotations

import contextlib
import ctypes
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_M_ARENA_MAX = -8  # malloc.h
_ARENAS = 1  # two cost 10 to 25 MB, and no less time
_MADV_DONTNEED = 4  # mman.h
_SMAPS = Path("/proc/self/smaps")


def limit_arenas() -> None:
    """Let all threads share one heap; called before there are threads."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def let_go_of_code(library: str) -> None:
    """Give back the memory that holds the code of a library by this name: what is called again is read again.

    Only what is the same in the file is given back, so that nothing can be lost.
    """
    with contextlib.suppress(OSError, AttributeError):
        give_back = ctypes.CDLL(None).madvise
        give_back.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        for begin, end in list(unchanged(_SMAPS.read_text(), library)):
            give_back(begin, end - begin, _MADV_DONTNEED)


def unchanged(smaps: str, library: str) -> Iterator[tuple[int, int]]:
    """Yield where a library's file is mapped, not to be written, and not a page of it was (proc_pid_smaps(5)).

    >>> list(unchanged('''
    ... 7f00-7f40 r-xp 00000000 fe:00 1234   /lib/libx.so
    ... Anonymous:             0 kB
    ... 7f40-7f50 r--p 00004000 fe:00 1234   /lib/libx.so
    ... Anonymous:             4 kB
    ... 7f50-7f60 rw-p 00005000 fe:00 1234   /lib/libx.so
    ... Anonymous:             0 kB
    ... ''', "libx"))
    [(32512, 32576)]
    """
    mapped, permissions, name = "", "", ""
    for line in smaps.splitlines():
        words = line.split()
        if len(words) > 4 and "-" in words[0]:
            mapped, permissions, name = words[0], words[1], words[-1]
        elif words[:2] == ["Anonymous:", "0"] and "w" not in permissions and library in name:
            begin, end = mapped.split("-")
            yield int(begin, 16), int(end, 16)
