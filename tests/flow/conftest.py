"""What every test of the whole flow asks for: a deployment of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flow.deployment import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from app.broker.embedded import EmbeddedBroker


@pytest.fixture
def deployment(broker: EmbeddedBroker, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Deployment]:
    """Give a deployment whose workers do not outlive the test."""
    made = Deployment(broker.bootstrap, tmp_path, f"{request.node.name[5:40].replace('_', '-').rstrip('-')}.")
    yield made
    made.kill_all()
