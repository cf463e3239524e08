"""A history made once for all tests that only look at it."""

from __future__ import annotations

import pytest

from tests.simulator.making import Made, make


@pytest.fixture(scope="session")
def made() -> Made:
    """Return a month of 60,000 payments."""
    return make()
