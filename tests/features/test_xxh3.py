"""Hashing where payments are read is the library's hashing: another key would make two payments of one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from features.xxh3 import BYTES_MAX, xxh3


@pytest.mark.parametrize("length", range(BYTES_MAX + 1))
def test_every_length_is_hashed_as_by_the_library(length: int) -> None:
    """Each range of lengths has a form of its own."""
    text = np.random.default_rng(length).integers(0, 256, length, np.uint8).tobytes()
    assert xxh3(np.frombuffer(b"<<" + text + b">>", np.uint8), 2, 2 + length) % 2**64 == xxh3_64_intdigest(text)


@settings(deadline=None)
@given(text=st.binary(max_size=BYTES_MAX))
def test_any_text_is_hashed_as_by_the_library(text: bytes) -> None:
    """Runs of one byte too."""
    assert xxh3(np.frombuffer(text or b"\0", np.uint8), 0, len(text)) % 2**64 == xxh3_64_intdigest(text)
