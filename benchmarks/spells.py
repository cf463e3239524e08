"""When the machine itself is slow: a virtual processor may run anything ten times slower for a tenth of a second.

`python -m benchmarks.spells` does one small piece of work every few milliseconds, until its standard input ends, and
says what processor time each took: waiting for a processor is not in it, so a load beside it makes it little longer.
A latency that was measured in such a spell says what the machine did, and not what was measured; both are told.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Self

import numpy as np
import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from numpy.typing import NDArray

EVERY_S = 0.003
#: What takes so many times the median is slow; contention for caches makes it twice as long.
SLOW = 4.0
#: Slow work this close together is one spell.
_APART_MS = 40.0
#: What is due so long before a spell is still under way in it, and so long after it waits behind what piled up.
BEFORE_MS, AFTER_MS = 50.0, 150.0

Spell = tuple[float, float]


def spells(at_ms: Sequence[float], took_us: Sequence[float]) -> list[Spell]:
    """Return when spells began and ended, from when each piece of work was done and what it took.

    One slow piece alone is no spell: an interrupt makes it.

    >>> spells([0, 3, 6, 9, 12, 15, 18, 80, 83], [50, 51, 600, 500, 52, 700, 50, 600, 49])
    [(6, 15)]
    """
    slow = SLOW * float(np.median(took_us)) if len(took_us) else 0.0
    found: list[list[float]] = []
    for at, took in zip(at_ms, took_us, strict=True):
        if took >= slow > 0:
            if found and at - found[-1][-1] <= _APART_MS:
                found[-1].append(at)
            else:
                found.append([at])
    return [(times[0], times[-1]) for times in found if len(times) > 1]


def apart(due_ms: NDArray[np.float64], slow: Sequence[Spell]) -> NDArray[np.bool_]:
    """Tell of each time whether what was due then had nothing to do with a spell.

    >>> apart(np.array([0.0, 960.0, 1_000.0, 1_249.0, 1_260.0]), [(1_000.0, 1_100.0)]).tolist()
    [True, False, False, False, True]
    """
    kept = np.ones(len(due_ms), np.bool_)
    for begin, end in slow:
        kept &= (due_ms < begin - BEFORE_MS) | (due_ms > end + AFTER_MS)
    return kept


class Watching:
    """Looks for spells inside a `with` block, in a process of its own.

    After it `spells` has them, and `slow_share` says how much of the time they were.
    """

    spells: list[Spell]
    slow_share: float

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.spells"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        said, _ = self._process.communicate()
        at_ms, took_us = orjson.loads(said)
        self.spells = spells(at_ms, took_us)
        span_ms = at_ms[-1] - at_ms[0] if len(at_ms) > 1 else 0.0
        self.slow_share = sum(end - begin for begin, end in self.spells) / span_ms if span_ms else 0.0


def _work() -> int:
    total = 0
    for number in range(700):
        total += number * number
    return total


def _look(ended: threading.Event) -> tuple[list[float], list[float]]:
    """Work now and then until told to end; return when, in ms of the clock, and how long in us of processor time."""
    at_ms: list[float] = []
    took_us: list[float] = []
    while not ended.wait(EVERY_S):
        began_s = time.thread_time()
        _work()
        took_us.append((time.thread_time() - began_s) * 1e6)
        at_ms.append(time.time() * 1000)
    return at_ms, took_us


def main() -> None:
    """Look until standard input ends, then say what was seen."""
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.buffer.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    sys.stdout.buffer.write(orjson.dumps(_look(ended)))


if __name__ == "__main__":
    main()
