"""Imports numba without scipy, which numba would load for products of matrices that nothing here makes.

That is 30 MB of a worker's memory. Whoever needs scipy itself, as training does, imports it as ever.
"""

from __future__ import annotations

import importlib
import sys

__all__ = ["cgutils", "extending", "numba", "types"]

_absent = "scipy" not in sys.modules
if _absent:
    sys.modules["scipy"] = None  # type: ignore[assignment]  # so Python is told that a module cannot be imported
try:
    import numba
    from numba import extending, types
    from numba.core import cgutils

    # It looks for scipy when it is imported, and once more when it first needs this.
    importlib.import_module("numba.np.arraymath")
finally:
    if _absent:
        del sys.modules["scipy"]
