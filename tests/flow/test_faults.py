"""The whole flow on real workers and a real broker, under faults, held against a naive fold of its own logs."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import subprocess
import sys

import pytest

from tests.flow.deployment import Deployment, audit

PAYMENTS = 50_000
#: Shares of late, repeated, disordered and broken records in the load.
FAULTS = ["--late", "0.002", "--duplicate", "0.01", "--out-of-order", "0.01", "--corrupt", "0.005"]


def load(deployment: Deployment, payments: int, rate: int, seed: int) -> subprocess.Popen[bytes]:
    """Start a load of live payments with faults in them."""
    command = [sys.executable, "-m", "simulator", "stream", "--bootstrap", deployment.bootstrap]
    command += ["--prefix", deployment.prefix, "--rate", str(rate), "--transactions", str(payments)]
    return subprocess.Popen([*command, "--seed", str(seed), *FAULTS], stdout=subprocess.DEVNULL)


@pytest.mark.timeout(400)
async def test_every_payment_is_decided_once_while_workers_are_killed(deployment: Deployment) -> None:
    """Five kill -9 at random moments over 50,000 payments, one with the datadir gone, change nothing written."""
    workers = [deployment.worker("one").start().wait_ready(), deployment.worker("two").start().wait_ready()]
    sending = load(deployment, PAYMENTS, rate=3_000, seed=7)
    for number in range(5):
        await asyncio.sleep(random.uniform(0.5, 4))
        victim = random.choice(workers)
        victim.kill()
        if number == 2:
            shutil.rmtree(victim.datadir)
        await asyncio.sleep(random.uniform(0, 1.5))
        victim.start()
    assert await asyncio.to_thread(sending.wait) == 0

    topics = await audit(deployment)
    assert len(topics.transactions) >= PAYMENTS


@pytest.mark.timeout(300)
async def test_a_frozen_worker_that_wakes_up_after_its_partitions_moved_harms_nothing(deployment: Deployment) -> None:
    """A zombie's outputs are repeats and its state reaches no log."""
    frozen = deployment.worker("frozen").start().wait_ready()
    successor = deployment.worker("successor").start().wait_ready()
    sending = load(deployment, 15_000, rate=1_000, seed=8)
    await asyncio.sleep(3)
    frozen.send_signal(signal.SIGSTOP)
    await asyncio.sleep(9)
    frozen.send_signal(signal.SIGCONT)
    assert await asyncio.to_thread(sending.wait) == 0
    if not frozen.alive:
        frozen.start()
    assert successor.alive

    await audit(deployment)
