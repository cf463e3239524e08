"""Compiles the functions of this package that run per payment, from the Python that they are written in (numba).

Machine code is kept under `.cache/compiled/<digest>`, the digest being that of all kernel sources: numba itself looks
only at the file of the function it compiles, and would go on with stale code of what that function calls. `compiled`
functions are plain Python over arrays: `py_func` runs one as it stands, but for those that hash or take words apart.
"""

from __future__ import annotations

import hashlib
import platform
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from features.numba_alone import numba

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")

_ROOT = Path(__file__).parent.parent


def _digest() -> str:
    sources = hashlib.sha256(f"{numba.__version__} {platform.python_version()}".encode())
    for folder in ("features", "rules", "models", "agents"):
        for path in sorted((_ROOT / folder).glob("*.py")):
            if b"compiled" in (text := path.read_bytes()):
                sources.update(text)
    return sources.hexdigest()[:16]


def _cache_dir() -> Path:
    """Return where machine code is kept: in the project, or in the system's place for temporary files."""
    for base in (_ROOT / ".cache", Path(tempfile.gettempdir()) / "prahari"):
        directory = base / "compiled" / _digest()
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=directory):
                return directory
        except OSError:
            continue
    raise OSError(f"needed a directory to keep compiled code in, got none: make {_ROOT / '.cache'} writable")


numba.config.CACHE_DIR = str(_cache_dir())

_jit = partial(numba.njit, cache=True, nogil=True, error_model="numpy")


def compiled(function: Function) -> Function:
    """Compile a function at its first call, for the types it is called with; it must not make arrays.

    So numba need not count who holds an array, which for small accounts took more than all of the work on them.
    """
    return cast("Function", _jit(function, _nrt=False))


def compiled_making_arrays(function: Function) -> Function:
    """Compile a function that makes arrays of its own."""
    return cast("Function", _jit(function, _nrt=True))
