"""XXH3's 64 bits without a seed, compiled, of texts of up to 240 bytes (github.com/Cyan4973/xxHash, xxhash_spec.md).

A batch of payments is hashed where it is read: the library's own call for each text costs as much as reading the
payment. Tests hold both equal for every length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.compiled import compiled
from features.words import load_word, plus, shifted, swapped, times, times_folded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

#: Longer texts have another form, which is the library's alone.
BYTES_MAX = 240

_SECRET = np.frombuffer(
    bytes.fromhex(
        "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
        "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
        "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
        "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
    ),
    np.uint8,
)


def _signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


def _secret(at: int, size: int = 8) -> int:
    return int.from_bytes(_SECRET[at : at + size].tobytes(), "little")


_PRIME_1, _PRIME_2, _PRIME_3 = map(_signed, (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_AVALANCHE, _RRMXMX = _signed(0x165667919E3779F9), _signed(0x9FB21C651E98DF25)
_FLIP_0 = _signed(_secret(56) ^ _secret(64))
_FLIP_3 = _secret(0, 4) ^ _secret(4, 4)
_FLIP_8 = _signed(_secret(8) ^ _secret(16))
_FLIP_16, _FLIP_16_END = _signed(_secret(24) ^ _secret(32)), _signed(_secret(40) ^ _secret(48))
_LAST_SECRET = 136 - 17


@compiled
def xxh3(data: Bytes, begin: int, end: int) -> int:
    """Return the hash of `data[begin:end]`, at most `BYTES_MAX` of it, as a signed number.

    >>> xxh3(np.frombuffer(b"ravi@okaxis", np.uint8), 0, 11) % 2**64 == 0x804C_B083_116E_D524
    True
    """
    length = end - begin
    if length > 128:
        return _upto_240(data, begin, length)
    if length > 16:
        return _upto_128(data, begin, length)
    if length > 8:
        first, last = load_word(data, begin) ^ _FLIP_16, load_word(data, end - 8) ^ _FLIP_16_END
        return _avalanched(plus(plus(plus(length, swapped(first)), last), times_folded(first, last)))
    if length > 3:
        return _mixed_8(data, begin, length)
    if length > 0:
        head, middle, tail = int(data[begin]), int(data[begin + (length >> 1)]), int(data[end - 1])
        return _avalanched_64((head << 16 | middle << 24 | tail | length << 8) ^ _FLIP_3)
    return _avalanched_64(_FLIP_0)


@compiled
def _mixed_8(data: Bytes, begin: int, length: int) -> int:
    mixed = plus(_half(data, begin + length - 4), _half(data, begin) << 32) ^ _FLIP_8
    mixed ^= (mixed << 49 | shifted(mixed, 15)) ^ (mixed << 24 | shifted(mixed, 40))
    mixed = times(mixed, _RRMXMX)
    mixed ^= plus(shifted(mixed, 35), length)
    mixed = times(mixed, _RRMXMX)
    return mixed ^ shifted(mixed, 28)


@compiled
def _upto_128(data: Bytes, begin: int, length: int) -> int:
    sum_ = times(length, _PRIME_1)
    for step in range((length - 1) // 32, -1, -1):
        sum_ = plus(sum_, _mixed_16(data, begin + 16 * step, 32 * step))
        sum_ = plus(sum_, _mixed_16(data, begin + length - 16 * (step + 1), 32 * step + 16))
    return _avalanched(sum_)


@compiled
def _upto_240(data: Bytes, begin: int, length: int) -> int:
    sum_ = times(length, _PRIME_1)
    for step in range(8):
        sum_ = plus(sum_, _mixed_16(data, begin + 16 * step, 16 * step))
    sum_ = _avalanched(sum_)
    for step in range(8, length // 16):
        sum_ = plus(sum_, _mixed_16(data, begin + 16 * step, 16 * (step - 8) + 3))
    return _avalanched(plus(sum_, _mixed_16(data, begin + length - 16, _LAST_SECRET)))


@compiled
def _mixed_16(data: Bytes, at: int, secret: int) -> int:
    first = load_word(data, at) ^ load_word(_SECRET, secret)
    return times_folded(first, load_word(data, at + 8) ^ load_word(_SECRET, secret + 8))


@compiled
def _half(data: Bytes, at: int) -> int:
    return int(data[at]) | int(data[at + 1]) << 8 | int(data[at + 2]) << 16 | int(data[at + 3]) << 24


@compiled
def _avalanched(word: int) -> int:
    word ^= shifted(word, 37)
    word = times(word, _AVALANCHE)
    return word ^ shifted(word, 32)


@compiled
def _avalanched_64(word: int) -> int:
    word ^= shifted(word, 33)
    word = times(word, _PRIME_2)
    word ^= shifted(word, 29)
    word = times(word, _PRIME_3)
    return word ^ shifted(word, 32)
