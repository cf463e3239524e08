"""Whole words in arrays of bytes, for compiled code: numba by itself reads and writes such arrays byte by byte.

Uncompiled, the Python below is what runs. Words are little-endian, as everything at rest is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir

from features.compiled import compiled
from features.numba_alone import cgutils, extending, types

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

WORD_BYTES = 8
_WORD, _TWO_WORDS = ir.IntType(8 * WORD_BYTES), ir.IntType(16 * WORD_BYTES)
_ONES = (1 << (8 * WORD_BYTES)) - 1


def load_word(data: Bytes, at: int) -> int:
    """Read the eight bytes from `at` on; all of them must be within `data`."""
    return int.from_bytes(data[at : at + WORD_BYTES].tobytes(), "little", signed=True)


def store_word(data: Bytes, at: int, word: int) -> None:
    """Write eight bytes from `at` on; all of them must be within `data`."""
    for byte in range(WORD_BYTES):
        data[at + byte] = word >> (8 * byte) & 0xFF


def copy_bytes(data: Bytes, at: int, source: Bytes, begin: int, length: int) -> None:
    """Write source[begin : begin + length] into `data` from `at` on; both must hold them, and not overlap.

    >>> import numpy as np
    >>> room = np.zeros(4, np.uint8)
    >>> copy_bytes(room, 1, np.arange(9, dtype=np.uint8), 5, 2)
    >>> room.tolist()
    [0, 5, 6, 0]
    """
    data[at : at + length] = source[begin : begin + length]


@compiled
def get(data: Bytes, at: int, width: int) -> int:
    """Read a value of so many bytes: below 2^63, or of eight. `WORD_BYTES` from `at` on must be within `data`.

    >>> import numpy as np
    >>> get(np.arange(1, 10, dtype=np.uint8), 0, 2)
    513
    """
    word = load_word(data, at)
    return word if width == WORD_BYTES else word & ((1 << (8 * width)) - 1)


@compiled
def put(data: Bytes, at: int, value: int, width: int) -> int:
    """Write the lowest bytes of a value and return where they end; what is behind them, up to a word, is lost."""
    store_word(data, at, value)
    return at + width


def plus(one: int, other: int) -> int:
    """Add words as a processor does: what does not fit into 64 bits is lost.

    >>> plus(2**64 - 1, 2)
    1
    """
    return (one + other) & _ONES


def times(one: int, other: int) -> int:
    """Multiply words likewise."""
    return (one * other) & _ONES


def times_folded(one: int, other: int) -> int:
    """Multiply words and return the lower 64 bits of the product, of which the upper ones flip bits.

    >>> times_folded(2**63, 6)
    3
    """
    product = (one & _ONES) * (other & _ONES)
    return (product & _ONES) ^ (product >> 64)


def shifted(word: int, bits: int) -> int:
    """Move a word's bits down; zeros come behind them."""
    return (word & _ONES) >> bits


def swapped(word: int) -> int:
    """Return a word's bytes in the other order."""
    return int.from_bytes((word & _ONES).to_bytes(WORD_BYTES, "little"), "big")


def _byte(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
    """Return where a byte of an array of bytes stands."""
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [at])


def _address(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Return where a word of an array of bytes stands."""
    return builder.bitcast(_byte(context, builder, signature.args[0], *arguments[:2]), _WORD.as_pointer())


@extending.intrinsic  # type: ignore[untyped-decorator]
def _load(_typing: Any, data: Any, at: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = builder.load(_address(context, builder, signature, arguments))
        word.align = 1
        return word

    return types.int64(data, at), generate


@extending.intrinsic  # type: ignore[untyped-decorator]
def _store(_typing: Any, data: Any, at: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        stored = builder.store(arguments[2], _address(context, builder, signature, arguments))
        stored.align = 1
        return context.get_dummy_value()

    return types.void(data, at, word), generate


@extending.intrinsic  # type: ignore[untyped-decorator]
def _copy(_typing: Any, data: Any, at: Any, source: Any, begin: Any, length: Any) -> Any:  # noqa: ARG001 - types
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        to = _byte(context, builder, signature.args[0], *arguments[:2])
        cgutils.raw_memcpy(builder, to, _byte(context, builder, signature.args[2], *arguments[2:4]), arguments[4], 1)
        return context.get_dummy_value()

    return types.void(data, types.intp, source, types.intp, types.intp), generate


@extending.overload(load_word, strict=False)  # type: ignore[untyped-decorator]
def _load_word(data: Any, at: Any) -> Any:  # noqa: ARG001 - as above
    return lambda data, at: _load(data, at)  # noqa: PLW0108 - numba compiles Python functions, no intrinsics


@extending.overload(store_word, strict=False)  # type: ignore[untyped-decorator]
def _store_word(data: Any, at: Any, word: Any) -> Any:  # noqa: ARG001 - as above
    return lambda data, at, word: _store(data, at, word)  # noqa: PLW0108 - as above


@extending.overload(copy_bytes, strict=False)  # type: ignore[untyped-decorator]
def _copy_bytes(data: Any, at: Any, source: Any, begin: Any, length: Any) -> Any:  # noqa: ARG001 - as above
    return lambda data, at, source, begin, length: _copy(data, at, source, begin, length)  # noqa: PLW0108 - as above


def _of_words(function: Callable[..., int], build: Callable[..., Any]) -> None:
    """Let compiled code do what a function of two words does by what `build` makes of them."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001 - numba's form
        return build(builder, *arguments)

    @extending.intrinsic  # type: ignore[untyped-decorator]
    def made(_typing: Any, one: Any, other: Any) -> Any:  # noqa: ARG001 - the types that it is compiled for
        return types.int64(types.int64, types.int64), generate

    @extending.overload(function, strict=False)  # type: ignore[untyped-decorator]
    def _made(one: Any, other: Any) -> Any:  # noqa: ARG001 - as above
        return lambda one, other: made(one, other)  # noqa: PLW0108 - as above


def _folded(builder: Any, one: Any, other: Any) -> Any:
    product = builder.mul(builder.zext(one, _TWO_WORDS), builder.zext(other, _TWO_WORDS))
    upper = builder.lshr(product, _TWO_WORDS(8 * WORD_BYTES))
    return builder.xor(builder.trunc(product, _WORD), builder.trunc(upper, _WORD))


_of_words(plus, lambda builder, *both: builder.add(*both))
_of_words(times, lambda builder, *both: builder.mul(*both))
_of_words(times_folded, _folded)
_of_words(shifted, lambda builder, *both: builder.lshr(*both))


@extending.intrinsic  # type: ignore[untyped-decorator]
def _swap(_typing: Any, word: Any) -> Any:  # noqa: ARG001 - as above
    return types.int64(types.int64), lambda _context, builder, _signature, arguments: builder.bswap(*arguments)


@extending.overload(swapped, strict=False)  # type: ignore[untyped-decorator]
def _swapped_word(word: Any) -> Any:  # noqa: ARG001 - as above
    return lambda word: _swap(word)  # noqa: PLW0108 - as above
