"""Documents are followed as a reader would: block by block, in order, on a Kafka of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import DOCS, blocks
from tests.docs.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TUTORIAL = DOCS / "tutorial.md"
#: Pages that go on from where the tutorial ends, with its worker running; each stands for itself.
AFTER = [
    *(DOCS / "how-to" / f"{name}.md" for name in ("add-a-rule", "connect-your-kafka", "tune-the-budget")),
    DOCS / "how-to" / "bring-your-own-history.md",
    DOCS / "web.md",
]
RUN = frozenset({TUTORIAL, *AFTER})


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Follow the tutorial to its end and leave all running."""
    sandbox = Sandbox(tmp_path_factory.mktemp("reader"))
    try:
        for block in blocks(TUTORIAL):
            sandbox.run(block)
        yield sandbox
    finally:
        sandbox.close()


@pytest.mark.broker
def test_the_tutorial_leads_to_an_alert_and_a_verdict(followed: Sandbox) -> None:
    """Each of its blocks waits for what the text promises; here it is only seen that all were followed."""
    assert (followed.directory / "model" / "manifest.json").exists()


@pytest.mark.broker
@pytest.mark.parametrize("page", AFTER, ids=lambda page: page.stem)
def test_a_how_to_does_what_it_says(followed: Sandbox, page: Path) -> None:
    """From a terminal of its own, in the folder of the tutorial."""
    followed.forget_terminals()
    for block in blocks(page):
        followed.run(block)
