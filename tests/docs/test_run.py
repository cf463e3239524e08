"""Documents are followed as a reader would: block by block, in order, on a Kafka of their own."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from agents.ports import KIND_HEADER, KIND_VERDICT
from prahari.reference.records import RECORDS
from tests.docs.pages import DOCS, blocks
from tests.docs.sandbox import Sandbox
from tests.topics import read_topic, write_topic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The first test waits for the whole tutorial; each block has a limit of its own, and says which it was.
pytestmark = [pytest.mark.broker, pytest.mark.timeout(900)]

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


def test_the_tutorial_leads_to_an_alert_and_a_verdict(followed: Sandbox) -> None:
    """Each of its blocks waits for what the text promises; here it is only seen that all were followed."""
    assert (followed.directory / "model" / "manifest.json").exists()


@pytest.mark.parametrize("topic", RECORDS)
async def test_records_have_the_fields_that_the_reference_names(followed: Sandbox, topic: str) -> None:
    """What the tutorial wrote and brought forth; what every record must have, each has, and none has more."""
    if topic == "rejected":
        await write_topic(followed.bootstrap, "transactions", [(b"a@b", b"no payment")])
    found = await _records(followed.bootstrap, topic)
    records = [
        json.loads(record.value)
        for record in found
        if (KIND_HEADER, KIND_VERDICT) not in record.headers and record.value != b"no payment"
    ]

    named = {field.name for field in RECORDS[topic]}
    always = {field.name for field in RECORDS[topic] if not field.sometimes}
    for record in records:
        assert always <= record.keys() <= named
    told = {name for record in records for name in record}
    assert topic != "decisions" or "features" in told


async def _records(bootstrap: str, topic: str) -> list[Any]:
    """Return what is in a topic as soon as there is something."""
    async with asyncio.timeout(60):
        while not (records := await read_topic(bootstrap, topic)):
            await asyncio.sleep(0.2)
    return records


@pytest.mark.parametrize("page", AFTER, ids=lambda page: page.stem)
def test_a_how_to_does_what_it_says(followed: Sandbox, page: Path) -> None:
    """From a terminal of its own, in the folder of the tutorial."""
    followed.forget_terminals()
    for block in blocks(page):
        followed.run(block)
