"""Trees evaluated by LightGBM's own C library, called directly.

`import lightgbm` pulls in SciPy and scikit-learn: 100 MB and more than a second per worker, and each of its `predict`
calls costs 60 us before the first tree. The C functions below are the library's stable public interface (c_api.h);
tests hold the results equal to the Python package, which training uses.
"""

from __future__ import annotations

import ctypes
import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from features.errors import ArtifactMismatch, PrahariError
from models.libgomp import ensure_libgomp

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FLOAT64 = 1
_ROW_MAJOR = 1
_RAW_MARGIN = 1
_CONTRIBUTIONS = 3
_ALL_TREES = -1
_ONE_THREAD = b"num_threads=1"
"""One thread per worker: workers share the machine, and a thread pool costs more than a batch."""


@cache
def _library() -> ctypes.CDLL:
    """Load the shared library out of the installed package, without importing the package."""
    ensure_libgomp()
    spec = importlib.util.find_spec("lightgbm")
    if spec is None or spec.origin is None:
        raise PrahariError("the package lightgbm was needed to score with a model; run `make setup`")
    found = sorted(Path(spec.origin).parent.glob("*/lib_lightgbm.*"))
    if not found:
        raise PrahariError(f"lib_lightgbm was needed under {Path(spec.origin).parent}; run `make setup` again")
    library = ctypes.CDLL(str(found[0]))
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    return library


def _check(status: int, doing: str) -> None:
    if status != 0:
        reason = _library().LGBM_GetLastError().decode(errors="replace")
        raise ArtifactMismatch(f"LightGBM could not {doing}: {reason}; train the model again with this version")


class Booster:
    """A tree ensemble from LightGBM's text form; safe to use from several threads at once."""

    def __init__(self, text: str) -> None:
        self._handle = ctypes.c_void_p()
        self._free = _library().LGBM_BoosterFree
        iterations = ctypes.c_int()
        status = _library().LGBM_BoosterLoadModelFromString(
            text.encode(), ctypes.byref(iterations), ctypes.byref(self._handle)
        )
        _check(status, "read the model text")
        width = ctypes.c_int()
        _check(_library().LGBM_BoosterGetNumFeature(self._handle, ctypes.byref(width)), "count the model's inputs")
        self.width = width.value
        self.tree_count = iterations.value

    def __del__(self) -> None:
        if self._handle:
            self._free(self._handle)

    def margins(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum the leaves of all trees for n rows of shape [n, width]; each row by itself, trees in order."""
        return self._predict(inputs, _RAW_MARGIN, 1)[:, 0]

    def contributions(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Split each margin exactly among the inputs (TreeSHAP): [n, width + 1], the last column is the base value."""
        return self._predict(inputs, _CONTRIBUTIONS, self.width + 1)

    def _predict(self, inputs: NDArray[np.float64], kind: int, columns: int) -> NDArray[np.float64]:
        rows = np.ascontiguousarray(inputs, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.width:
            raise ArtifactMismatch(f"rows of {self.width} inputs were needed; got shape {rows.shape}: train again")
        result = np.empty((len(rows), columns), dtype=np.float64)
        if not len(rows):
            return result
        length = ctypes.c_int64()
        status = _library().LGBM_BoosterPredictForMat(
            self._handle,
            ctypes.c_void_p(rows.ctypes.data),
            _FLOAT64,
            ctypes.c_int32(len(rows)),
            ctypes.c_int32(self.width),
            _ROW_MAJOR,
            kind,
            0,
            _ALL_TREES,
            _ONE_THREAD,
            ctypes.byref(length),
            ctypes.c_void_p(result.ctypes.data),
        )
        _check(status, "predict")
        if length.value != result.size:
            raise ArtifactMismatch(f"{result.size} predictions were needed; got {length.value}: train again")
        return result
