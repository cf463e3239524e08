"""`world`: serves workers that hold what a test gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.views.worlds import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Serve workers until the test ends."""
    served = World()
    yield served
    await served.close()
