"""`python -m benchmarks.failover`: how long payments wait when one of two workers dies or stops, or all is lost.

Two workers share the accounts. While payments come evenly over all partitions, one is killed with SIGKILL, or stopped
in order; the longest time from a payment's being sent to its decision being in the log is what a failover costs. The
third case is a single worker whose machine is lost with its disk, and a new one started that same moment: it restores
every account, and its own start-up is in the figure.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from aiokafka import AIOKafkaProducer
from rich.console import Console

from benchmarks.deployment import Deployment
from benchmarks.drain import committed, start_up
from benchmarks.kafka import Logs, preload
from benchmarks.load import World
from benchmarks.model import ensure_model
from benchmarks.sampling import watch
from benchmarks.state import fill_plan
from benchmarks.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = 200
BEFORE_S = 5.0
AFTER_S = 35.0
_RESTORED = re.compile(r"restored \S+: (\d+) records in ([\d.]+) s")
console = Console(highlight=False)

COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "accounts": lambda run: f"{run['accounts']:,}",
    "case": lambda run: run["case"],
    "longest wait s": lambda run: f"{run['longest_wait_s']:.1f}",
    "decided": lambda run: f"{run['decided']:,} of {run['sent']:,}",
    "restored": lambda run: f"{run['restored']:,}",
    "restoring s": lambda run: f"{run['restoring_s']:.1f}",
}


def main(
    accounts: Annotated[list[int], typer.Option("--accounts", help="Payers and payees together; several: in turn.")],
    cases: Annotated[list[str] | None, typer.Option("--case", help="kill, stop, lost; all unless told.")] = None,
) -> None:
    """Measure and print."""
    model, runs = ensure_model(), list[dict[str, Any]]()
    for count in accounts:
        for case in cases or ["kill", "stop", "lost"]:
            with Deployment(f"failover-{count}-{case}", model) as deployment:
                runs.append({"accounts": count, "case": case, **asyncio.run(_measure(deployment, count, case))})
            console.print(table(COLUMNS, runs), soft_wrap=True)


async def _measure(deployment: Deployment, accounts: int, case: str) -> dict[str, Any]:
    await start_up(deployment, console.print)
    plan = fill_plan(accounts)
    await preload(deployment.broker.bootstrap, World(plan).payments())
    workers = [deployment.start_worker(name) for name in (["one"] if case == "lost" else ["one", "two"])]
    async with Logs(deployment.broker.bootstrap) as logs:
        await watch(deployment, logs, plan.transactions, lambda _: None)
        await committed(deployment)
        begins = await logs.ends("decisions")
        paying = asyncio.create_task(_pay(deployment.broker.bootstrap, plan.payers))
        await asyncio.sleep(BEFORE_S)
        said_before = len(workers[-1].said())
        os.kill(workers[0].pid, signal.SIGTERM if case == "stop" else signal.SIGKILL)
        if case == "lost":
            workers.append(deployment.start_worker("new"))
            said_before = 0
        sent = await paying
        await committed(deployment)
        decisions = await logs.read("decisions", begins, await logs.ends("decisions"))
    waits_s: dict[str, float] = {}
    for decision in decisions:  # a takeover decides again what was not committed: the first decision counts
        transaction_id, wait_s = _waited(*decision)
        waits_s.setdefault(transaction_id, wait_s)
    restored = [(int(count), float(took_s)) for count, took_s in _RESTORED.findall(workers[-1].said()[said_before:])]
    return {
        "longest_wait_s": max(waits_s.values()),
        "decided": len(waits_s),
        "sent": sent,
        "restored": sum(count for count, _ in restored),
        "restoring_s": max((took_s for _, took_s in restored), default=0.0),
    }


def _waited(stamp_ms: int, value: bytes) -> tuple[str, float]:
    """Return a payment's id and the seconds from when it was sent, its event time, to its decision in the log."""
    decision = json.loads(value)
    return decision["transaction_id"], stamp_ms / 1000 - datetime.fromisoformat(decision["event_time"]).timestamp()


async def _pay(bootstrap: str, payers: int) -> int:
    """Send payments of the known payers at an even rate, and return how many."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    began, sent = time.monotonic(), 0
    try:
        while (passed_s := time.monotonic() - began) < BEFORE_S + AFTER_S:
            while sent < passed_s * RATE:
                payer = f"payer{sent * 7919 % payers}@okaxis"
                payment = {
                    "transaction_id": f"failover-{sent}",
                    "event_time": int(time.time() * 1000),
                    "amount": 100,
                    "payer_vpa": payer,
                    "payee_vpa": f"payee{sent * 104729 % payers}@okaxis",
                }
                await producer.send("transactions", json.dumps(payment).encode(), key=payer.encode())
                sent += 1
            await asyncio.sleep(0.005)
        await producer.flush()
    finally:
        await producer.stop()
    return sent


if __name__ == "__main__":
    typer.run(main)
