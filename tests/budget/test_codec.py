"""Integers and histograms survive their bytes, and foreign bytes are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget.codec import Reader, pack_histogram, put_uints


@given(st.lists(st.integers(0, 2**63 - 1)))
def test_integers_survive_their_bytes(numbers: list[int]) -> None:
    """Whatever is put is read back, and nothing is left over."""
    out = bytearray([7])
    put_uints(out, numbers)
    reader = Reader(bytes(out), version=7, what="numbers")

    assert tuple(numbers) == reader.uints(len(numbers))
    reader.end()


@given(st.lists(st.one_of(st.just(0), st.integers(0, 2**62)), max_size=64))
def test_a_histogram_packs_as_its_integers_do(counts: list[int]) -> None:
    """The fast form for arrays writes the very bytes of the plain one, up to the highest filled bucket."""
    packed = pack_histogram(np.array(counts, np.int64))

    kept = max((index + 1 for index, count in enumerate(counts) if count), default=0)
    plain = bytearray()
    put_uints(plain, [kept, *counts[:kept]])
    assert bytes(plain) == packed
    assert counts == Reader(b"\x01" + packed, version=1, what="counts").histogram(len(counts)).tolist()


@pytest.mark.parametrize("number", [-1, 2**63])
def test_an_integer_out_of_range_is_refused(number: int) -> None:
    """Only what can be read back is written."""
    with pytest.raises(ValueError, match="needed an unsigned integer"):
        put_uints(bytearray(), [number])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "got no bytes"),
        (b"\x02", "got 2"),
        (b"\x01", "got its end"),
        (b"\x01\x80", "got its end"),
        (b"\x01" + b"\xff" * 9, "at most 9 bytes"),
        (b"\x01\x05\x00", "at most 4 buckets"),
    ],
)
def test_foreign_bytes_are_refused(data: bytes, message: str) -> None:
    """Another version, a cut, an overlong integer or histogram gives one clear message."""
    with pytest.raises(ValueError, match=message):
        Reader(data, version=1, what="counts").histogram(4)


def test_bytes_left_over_are_refused() -> None:
    """A state is read to its end or not at all."""
    with pytest.raises(ValueError, match="needed the end"):
        Reader(b"\x01\x00", version=1, what="counts").end()
