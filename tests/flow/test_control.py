"""Changes of what is in force while payments flow and workers die: all is decided as its place in the logs says."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from typing import TYPE_CHECKING

import pytest

from app.control import sending
from app.model_store import ModelStore
from models.build import build
from models.manifest import write_artifact
from rules import DEFAULT_RULES, load_rules
from tests.agents.controls import RULES
from tests.flow.deployment import audit
from tests.flow.test_faults import load
from tests.models.conftest import make_dataset
from tests.processes import wait_until
from tests.topics import read_topic, write_topic

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flow.deployment import Deployment


async def decisions(deployment: Deployment) -> list[bytes]:
    """Return every decision so far."""
    return [record.value for record in await read_topic(deployment.bootstrap, f"{deployment.prefix}decisions")]


@pytest.mark.timeout(400)
async def test_rules_lists_and_the_rate_switch_at_one_place_while_workers_are_killed(deployment: Deployment) -> None:
    """Four changes and four kill -9 over 15,000 payments: decisions and alerts are what the naive fold says."""
    workers = [deployment.worker("one").start().wait_ready(), deployment.worker("two").start().wait_ready()]
    sending_load = load(deployment, 15_000, rate=1_000, seed=9)
    options, prefix = {"bootstrap_servers": deployment.bootstrap}, deployment.prefix
    async with asyncio.timeout(60):
        while len(busy := await decisions(deployment)) < 1_000:
            await asyncio.sleep(0.5)
    payees = sorted({value.split(b'"payee_vpa":"')[1].split(b'"')[0].decode() for value in busy})[:50]
    changes = [
        sending.rules_record(RULES, put_by="test"),
        sending.list_record([sending.entry("block", "vpa", payee) for payee in payees], put_by="test"),
        sending.rate_record(20_000, put_by="test"),
        sending.rules_record(None, put_by="test"),
    ]
    await write_topic(deployment.bootstrap, f"{prefix}control", [(None, b"garbage")])
    for number, change in enumerate(changes):
        await sending.put(change, options, prefix)
        await asyncio.sleep(random.uniform(0.2, 1.5))
        victim = random.choice(workers)
        victim.kill()
        if number == 2:
            shutil.rmtree(victim.datadir)
        await asyncio.sleep(random.uniform(0, 1))
        victim.start()
    assert await asyncio.to_thread(sending_load.wait) == 0

    topics = await audit(deployment)
    refused = [json.loads(record.value) for record in topics.rejected if b'"source_topic":"control"' in record.value]
    assert {(value["source_offset"], value["reason"]) for value in refused} == {(0, "invalid_json")}
    offsets = {record.value.split(b'"control_offset":')[1].split(b",")[0] for record in topics.decisions}
    assert {b"-1", b"4"} <= offsets


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained artifact."""
    directory: Path = tmp_path_factory.mktemp("trained")
    built = build(make_dataset(3_000), load_rules(DEFAULT_RULES), seed=3)
    write_artifact(directory, built.manifest, built.texts)
    return directory


@pytest.mark.timeout(300)
async def test_a_model_takes_force_without_a_restart_and_is_waited_for_where_it_is_missing(
    deployment: Deployment, trained: Path, tmp_path: Path
) -> None:
    """The worker that does not have it decides nothing more until it does, and then decides by it alone."""
    store, elsewhere = tmp_path / "store", ModelStore(tmp_path / "elsewhere")
    deployment.settings |= {"PRAHARI_MODEL_STORE": str(store), "PRAHARI_MODEL_WAIT_S": "120"}
    worker = deployment.worker("one").start().wait_ready()
    options, prefix = {"bootstrap_servers": deployment.bootstrap}, deployment.prefix
    assert await asyncio.to_thread(load(deployment, 500, rate=500, seed=3).wait) == 0
    await deployment.wait_drained()
    ref = elsewhere.add(trained)
    await sending.put(sending.model_record(ref, put_by="test"), options, prefix)
    wait_until(lambda: f"model {ref.version} is in force and was not found" in worker.log(), "the worker misses it")
    assert await asyncio.to_thread(load(deployment, 500, rate=500, seed=4).wait) == 0
    before = await decisions(deployment)
    shutil.copytree(tmp_path / "elsewhere", store)
    await deployment.wait_drained()
    worker.kill()
    worker.start().wait_ready()
    assert await asyncio.to_thread(load(deployment, 500, rate=500, seed=5).wait) == 0
    await deployment.wait_drained()
    after = await decisions(deployment)

    version = f'"model_version":"{ref.version}"'.encode()
    assert sum(version in value for value in before) == 0
    assert sum(version in value for value in after) == len(after) - len(before) >= 900
