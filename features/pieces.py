"""Cuts what compiled code wrote one behind the other into pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def cut(data: NDArray[np.uint8], ends: NDArray[np.int64]) -> list[bytes]:
    """Return the pieces that end where `ends` says.

    >>> import numpy as np
    >>> cut(np.frombuffer(b"abcde", np.uint8), np.array([2, 2, 5])), cut(np.empty(0, np.uint8), np.array([], np.int64))
    ([b'ab', b'', b'cde'], [])
    """
    places = ends.tolist()
    if not places:
        return []
    whole = data[: places[-1]].tobytes()
    return [whole[start:end] for start, end in zip([0, *places[:-1]], places, strict=True)]
