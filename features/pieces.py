"""Many byte strings in one: where each begins and ends, instead of an object for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Pieces(NamedTuple):
    """n pieces of `data`, each from its begin to its end; one that ends before it begins is none (a null)."""

    data: NDArray[np.uint8]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[bytes | None]) -> Pieces:
        """Return these texts as pieces.

        >>> Pieces.of([b"ab", None, b""]).each()
        [b'ab', None, b'']
        """
        lengths = np.fromiter([-1 if text is None else len(text) for text in texts], np.int64, len(texts))
        ends = np.maximum(lengths, 0).cumsum()
        data = np.frombuffer(b"".join([text for text in texts if text]) or b"\0", np.uint8)
        return cls(data, ends - np.maximum(lengths, 0), np.where(lengths < 0, -1, ends))

    def chosen(self, at: NDArray[np.int64]) -> Pieces:
        """Return the pieces at these places."""
        return Pieces(self.data, self.begins[at], self.ends[at])

    def part(self, begin: int, end: int) -> Pieces:
        """Return the pieces from one place to another."""
        return Pieces(self.data, self.begins[begin:end], self.ends[begin:end])

    def each(self) -> list[bytes | None]:
        """Return the pieces as byte strings."""
        whole = self.data.tobytes()
        return [
            whole[begin:end] if begin <= end else None
            for begin, end in zip(self.begins.tolist(), self.ends.tolist(), strict=True)
        ]


def begins_of(ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where pieces that stand one behind the other begin.

    >>> begins_of(np.array([2, 2, 5])).tolist()
    [0, 2, 2]
    """
    begins = np.zeros(len(ends), np.int64)
    begins[1:] = ends[:-1]
    return begins


def cut(data: NDArray[np.uint8], ends: NDArray[np.int64]) -> list[bytes]:
    """Return the pieces that end where `ends` says.

    >>> cut(np.frombuffer(b"abcde", np.uint8), np.array([2, 2, 5])), cut(np.empty(0, np.uint8), np.array([], np.int64))
    ([b'ab', b'', b'cde'], [])
    """
    places = ends.tolist()
    if not places:
        return []
    whole = data[: places[-1]].tobytes()
    return [whole[start:end] for start, end in zip([0, *places[:-1]], places, strict=True)]
