"""What every test may ask for: `broker`, the project's own embedded Kafka, started once for the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from app.broker.embedded import EmbeddedBroker

if TYPE_CHECKING:
    from collections.abc import Iterator

# How long an example takes is the machine's affair: it is shared, and tests run side by side.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for the broker, so that `-m "not broker"` needs no one to remember it."""
    for item in items:
        if "broker" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """Run a broker on a free port (`.bootstrap`); a test that calls `.stop()` or `.kill()` calls `.start()` again."""
    with EmbeddedBroker(0, tmp_path_factory.mktemp("kafka")) as running:
        yield running
