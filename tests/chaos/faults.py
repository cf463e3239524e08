"""Does the harm of a trial: one function per kind of fault, each a few seconds long."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaConsumer, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.chaos.plan import Fault
    from tests.chaos.rig import Rig
    from tests.processes import WorkerProcess

WORKERS_MAX = 3
ZOMBIE_S = (7.5, 11.0)  # a session lasts 6 s
#: Further behind, copies of verdicts would be from before they were given; further ahead, Kafka refuses them.
CLOCK_S = (-240.0, 3_000.0)
_BALLAST_BYTES = 64 * 1024
_SIGHT_S = 5.0


async def harm(rig: Rig, prefix: str, fault: Fault) -> None:
    """Do one fault and return when it is over."""
    await _HARM[fault.kind](rig, prefix, random.Random(fault.dice))


def _victim(rig: Rig, dice: random.Random) -> WorkerProcess:
    return dice.choice(sorted(rig.wanted, key=lambda worker: worker.datadir.name) or rig.workers)


async def _kill(rig: Rig, _: str, dice: random.Random) -> None:
    victim = _victim(rig, dice)
    rig.kill(victim)
    await asyncio.sleep(dice.uniform(0, 2))
    rig.start(victim)


async def _kill_in_recovery(rig: Rig, _: str, dice: random.Random) -> None:
    victim = _victim(rig, dice)
    for _again in range(dice.randint(2, 4)):
        rig.kill(victim)
        rig.start(victim)
        await _until(lambda: "assigned" in victim.log(), dice.uniform(4, 10))
        await asyncio.sleep(dice.uniform(0, 1))
    rig.kill(victim)
    rig.start(victim)


async def _kill_at_output(rig: Rig, prefix: str, dice: random.Random) -> None:
    await _sight_of_a_decision(rig, prefix)
    await _kill(rig, prefix, dice)


async def _freeze(rig: Rig, _: str, dice: random.Random) -> None:
    victim = _victim(rig, dice)
    if victim.alive:
        victim.send_signal(signal.SIGSTOP)
        await asyncio.sleep(dice.uniform(*ZOMBIE_S))
        victim.send_signal(signal.SIGCONT)


async def _freeze_at_output(rig: Rig, prefix: str, dice: random.Random) -> None:
    await _sight_of_a_decision(rig, prefix)
    await _freeze(rig, prefix, dice)


async def _stutter(rig: Rig, _: str, dice: random.Random) -> None:
    for _again in range(25):
        victim = _victim(rig, dice)
        if victim.alive:
            victim.send_signal(signal.SIGSTOP)
            await asyncio.sleep(dice.uniform(0.005, 0.25))
            victim.send_signal(signal.SIGCONT)
        await asyncio.sleep(dice.uniform(0, 0.1))


async def _join(rig: Rig, _: str, dice: random.Random) -> None:
    idle = [worker for worker in rig.workers if worker not in rig.wanted]
    if len(rig.wanted) < WORKERS_MAX:
        rig.start(idle[0]) if idle else rig.add()
    await asyncio.sleep(dice.uniform(0, 3))


async def _leave(rig: Rig, _: str, dice: random.Random) -> None:
    victim = _victim(rig, dice)
    await rig.stop(victim)
    await asyncio.sleep(dice.uniform(0, 2))
    if len(rig.wanted) == 0 or dice.random() < 0.7:
        rig.start(victim)


async def _wipe(rig: Rig, _: str, dice: random.Random) -> None:
    victim = _victim(rig, dice)
    rig.kill(victim)
    _empty(victim.datadir)
    rig.start(victim)


async def _tear(rig: Rig, _: str, dice: random.Random) -> None:
    """Cut, garble or remove some files, as a half-written disk would have them."""
    victim = _victim(rig, dice)
    rig.kill(victim)
    files = sorted(path for path in victim.datadir.rglob("*") if path.is_file() and path.stat().st_size)
    for path in dice.sample(files, min(len(files), dice.randint(1, 6))):
        data = path.read_bytes()
        at = dice.randrange(len(data))
        way = dice.random()
        if way < 0.5:
            path.write_bytes(data[:at])
        elif way < 0.85:
            path.write_bytes(data[:at] + dice.randbytes(min(64, len(data) - at)) + data[at + 64 :])
        else:
            path.unlink()
    rig.start(victim)


async def _full_disk(rig: Rig, _: str, dice: random.Random) -> None:
    if not rig.mounts:
        return
    ballast = rig.mounts[0] / "ballast"
    await asyncio.to_thread(_fill, ballast)
    await asyncio.sleep(dice.uniform(3, 7))
    ballast.unlink(missing_ok=True)


async def _slow_disk(rig: Rig, _: str, dice: random.Random) -> None:
    await _harm_by_shim(rig, dice, disk_s=dice.choice((0.002, 0.02, 0.1)))


async def _clock_jump(rig: Rig, _: str, dice: random.Random) -> None:
    await _harm_by_shim(rig, dice, clock_s=dice.uniform(*CLOCK_S))


async def _harm_by_shim(rig: Rig, dice: random.Random, **harm: float) -> None:
    shim = rig.shims.get(_victim(rig, dice))
    if shim is None:
        return
    shim.harm(**harm)
    await asyncio.sleep(dice.uniform(3, 9))
    shim.harm()


async def _broker_kill(rig: Rig, _: str, dice: random.Random) -> None:
    await asyncio.to_thread(rig.broker.kill)
    await asyncio.sleep(dice.uniform(0, 4))
    await asyncio.to_thread(rig.broker.start)


async def _broker_restart(rig: Rig, _: str, dice: random.Random) -> None:
    await asyncio.to_thread(rig.broker.stop)
    await asyncio.sleep(dice.uniform(0, 8))
    await asyncio.to_thread(rig.broker.start)


async def _broker_away(rig: Rig, _: str, dice: random.Random) -> None:
    await asyncio.to_thread(rig.broker.kill)
    await asyncio.sleep(dice.uniform(45, 70))
    await asyncio.to_thread(rig.broker.start)


async def _broker_freeze(rig: Rig, _: str, dice: random.Random) -> None:
    os.kill(rig.broker.pid, signal.SIGSTOP)
    await asyncio.sleep(dice.uniform(1, 10))
    os.kill(rig.broker.pid, signal.SIGCONT)


_HARM: dict[str, Callable[[Rig, str, random.Random], Awaitable[None]]] = {
    "kill": _kill,
    "kill-in-recovery": _kill_in_recovery,
    "kill-at-output": _kill_at_output,
    "freeze": _freeze,
    "freeze-at-output": _freeze_at_output,
    "stutter": _stutter,
    "join": _join,
    "leave": _leave,
    "wipe": _wipe,
    "tear": _tear,
    "full-disk": _full_disk,
    "slow-disk": _slow_disk,
    "clock-jump": _clock_jump,
    "broker-kill": _broker_kill,
    "broker-restart": _broker_restart,
    "broker-freeze": _broker_freeze,
    "broker-away": _broker_away,
}


async def _sight_of_a_decision(rig: Rig, prefix: str) -> None:
    """Return the moment a new decision is in its log, or after some seconds without one."""
    consumer = AIOKafkaConsumer(bootstrap_servers=rig.broker.bootstrap, enable_auto_commit=False, fetch_max_wait_ms=100)
    await consumer.start()
    try:
        logs = [TopicPartition(f"{prefix}decisions", number) for number in range(4)]
        consumer.assign(logs)
        await consumer.seek_to_end(*logs)
        await consumer.getmany(timeout_ms=int(_SIGHT_S * 1000))
    finally:
        closing = asyncio.create_task(consumer.stop())
        closing.add_done_callback(lambda task: task.exception())


async def _until(condition: Callable[[], bool], timeout_s: float) -> None:
    end = asyncio.get_running_loop().time() + timeout_s
    while not condition() and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.05)


def _empty(directory: Path) -> None:
    for path in directory.iterdir() if directory.exists() else ():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _fill(ballast: Path) -> None:
    try:
        with ballast.open("wb") as file:
            while True:
                file.write(b"\0" * _BALLAST_BYTES)
                file.flush()
    except OSError:
        return
