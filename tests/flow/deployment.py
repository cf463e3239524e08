"""A deployment of the real flow for tests: workers, a load, and waiting until everything is decided."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from app.lag import GroupLag
from models.scoring import Scorer
from rules import load_rules
from tests.flow.auditor import Topics, check, expect
from tests.processes import WorkerProcess

DRAIN_S = 120
RATE_PPM = 5_000
RULES = Path("rules/rules.yaml")


class Deployment:
    """Workers with one prefix; each has a datadir of its own."""

    def __init__(self, bootstrap: str, path: Path, prefix: str, **settings: str) -> None:
        self.bootstrap = bootstrap
        self.path = path
        self.prefix = prefix
        self.settings = {"PRAHARI_TOPIC_PREFIX": prefix, "TOPIC_PARTITIONS": "4", **settings}
        self.workers: list[WorkerProcess] = []

    def worker(self, name: str) -> WorkerProcess:
        """Return a new worker, not yet started."""
        self.workers.append(WorkerProcess("app.main", self.path / name, self.bootstrap, self.settings))
        return self.workers[-1]

    def kill_all(self) -> None:
        """End every worker."""
        for worker in self.workers:
            worker.kill()

    async def stop_all(self) -> None:
        """Stop every worker cleanly."""
        for worker in self.workers:
            await asyncio.to_thread(worker.stop)

    async def wait_drained(self) -> None:
        """Return when the group has committed everything, hop after hop; fail where nothing more comes for `DRAIN_S`.

        However long it takes: partitions that catch up wait for each other at every second of event time.
        """
        lag = GroupLag(f"{self.prefix}prahari", self.prefix, 4, {"bootstrap_servers": self.bootstrap})
        await lag.start()
        try:
            for topic in ("transactions", "transactions-by-payee", "candidates"):
                reached, since_s = -1, time.monotonic()
                while (committed := await lag.committed(topic)) < await lag.end(topic):
                    if committed > reached:
                        reached, since_s = committed, time.monotonic()
                    assert time.monotonic() < since_s + DRAIN_S, f"{topic}: no more than {committed} in {DRAIN_S} s"
                    await asyncio.sleep(0.2)
        finally:
            await lag.stop()


async def audit(deployment: Deployment) -> Topics:
    """Stop the workers and hold what they wrote against the logs."""
    await deployment.wait_drained()
    await deployment.stop_all()
    topics = await Topics.read(deployment.bootstrap, deployment.prefix)
    check(topics, expect(topics, Scorer(load_rules(RULES), None)), RATE_PPM)
    return topics
