"""A deployment of the real flow for tests: workers, a load, and waiting until everything is decided."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.lag import GroupLag
from tests.processes import WorkerProcess

if TYPE_CHECKING:
    from pathlib import Path

DRAIN_S = 120


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
        """Return when the group has committed everything, hop after hop."""
        lag = GroupLag(f"{self.prefix}prahari", self.prefix, 4, {"bootstrap_servers": self.bootstrap})
        await lag.start()
        try:
            for topic in ("transactions", "transactions-by-payee", "candidates"):
                async with asyncio.timeout(DRAIN_S):
                    while await lag.committed(topic) < await lag.end(topic):
                        await asyncio.sleep(0.2)
        finally:
            await lag.stop()
