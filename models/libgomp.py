"""LightGBM's OpenMP runtime `libgomp.so.1`, where the system has none.

LightGBM's wheel expects the system's `libgomp.so.1`, which slim systems lack and only root can install. scikit-learn's
wheel carries the same library under a name of its own. `ensure_libgomp` loads a copy of it that bears the expected
name; the dynamic linker then takes that copy for what LightGBM asks for. The copy lives in memory only.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import struct
import sys
from functools import cache
from pathlib import Path

from features.errors import PrahariError

SONAME = "libgomp.so.1"
ELF64_LITTLE_ENDIAN = b"\x7fELF\x02\x01"
PT_LOAD, PT_DYNAMIC = 1, 2
DT_NULL, DT_STRTAB, DT_SONAME = 0, 5, 14


@cache
def ensure_libgomp() -> str:
    """Make `libgomp.so.1` available to libraries loaded from now on; return where it came from.

    To be called before LightGBM's library is loaded. Does nothing where the system has one, or is not Linux. Raises
    PrahariError when there is neither a system's library nor scikit-learn's.
    """
    if sys.platform != "linux":
        return "not needed"
    try:
        ctypes.CDLL(SONAME, ctypes.RTLD_GLOBAL)
    except OSError:
        return _load_copy(_bundled())
    return "system"


def with_soname(library: bytes, soname: str = SONAME) -> bytes:
    """Return the 64-bit little-endian ELF shared library under another name, which must not be longer than its own.

    The name is overwritten where it stands: nothing moves, so no other part of the file has to change.

    Raises ValueError when `library` is no such file, has no name or a shorter one.
    """
    if not library.startswith(ELF64_LITTLE_ENDIAN):
        raise ValueError("a 64-bit little-endian ELF file is needed")
    segments = _segments(library)
    dynamic = dict(_dynamic_entries(library, segments))
    if DT_SONAME not in dynamic or DT_STRTAB not in dynamic:
        raise ValueError("a shared library that has a name is needed")
    start = _file_offset(segments, dynamic[DT_STRTAB]) + dynamic[DT_SONAME]
    end = library.index(b"\0", start)
    if len(soname) > end - start:
        raise ValueError(f"{soname!r} does not fit in the place of {library[start:end]!r}")
    return library[:start] + soname.encode().ljust(end - start, b"\0") + library[end:]


def _bundled() -> Path:
    """Return scikit-learn's own copy of the library."""
    spec = importlib.util.find_spec("sklearn")
    if spec is not None and spec.origin is not None:
        found = sorted(Path(spec.origin).parents[1].glob("scikit_learn.libs/libgomp*.so*"))
        if found:
            return found[0]
    raise PrahariError(
        f"LightGBM needs {SONAME} and neither the system nor scikit-learn's wheel has it: run `make setup`, or install "
        "the system's package libgomp1"
    )


def _load_copy(path: Path) -> str:
    """Load `path` under the name SONAME, for every library that asks for that name."""
    descriptor = os.memfd_create(SONAME)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(with_soname(path.read_bytes()))
        ctypes.CDLL(f"/proc/self/fd/{descriptor}", ctypes.RTLD_GLOBAL)
    except (OSError, ValueError) as exc:
        raise PrahariError(
            f"LightGBM needs {SONAME} and the copy in {path} cannot be used ({exc}): "
            "install the system's package libgomp1"
        ) from exc
    finally:
        os.close(descriptor)
    return str(path)


def _segments(library: bytes) -> list[tuple[int, int, int, int]]:
    """Return (type, file offset, virtual address, size in the file) of each program header."""
    (table,) = struct.unpack_from("<Q", library, 0x20)
    size, count = struct.unpack_from("<HH", library, 0x36)
    headers = (struct.unpack_from("<IIQQQQ", library, table + index * size) for index in range(count))
    return [(kind, offset, address, length) for kind, _flags, offset, address, _physical, length in headers]


def _dynamic_entries(library: bytes, segments: list[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
    """Return the (tag, value) pairs of the dynamic section."""
    entries = []
    for kind, offset, _address, length in segments:
        if kind == PT_DYNAMIC:
            entries = list(struct.iter_unpack("<QQ", library[offset : offset + length]))
    tags = [tag for tag, _value in entries]
    return entries[: tags.index(DT_NULL)] if DT_NULL in tags else entries


def _file_offset(segments: list[tuple[int, int, int, int]], address: int) -> int:
    for kind, offset, start, length in segments:
        if kind == PT_LOAD and start <= address < start + length:
            return offset + address - start
    raise ValueError(f"no segment holds the address {address:#x}")
