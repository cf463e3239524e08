"""What the budget made of each payment, kept by the worker that runs the budget for those who ask.

The budget counts decisions by payee partition and sequence. Who asks for one that is not counted yet waits; of counted
ones only the admitted are kept, the newest few thousand. What was counted before this worker took the budget over is
not known here: it stands in `alerts`.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

ADMITTED_MAX = 8_192


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a payment is an alert, and the lowest score bucket that could be admitted then; None: not known."""

    should_alert: bool
    threshold: int | None


class Admissions:
    """Told by the budget stage, asked by `/score`.

    >>> admissions = Admissions()
    >>> admissions.begin({0: 5})
    >>> admissions.counted(0, until=8, admitted={6}, threshold=lambda: 700)
    >>> [admissions.known(0, sequence) for sequence in (4, 5, 6, 8)]
    [None, Admission(should_alert=False, threshold=700), Admission(should_alert=True, threshold=700), None]
    """

    def __init__(self) -> None:
        self._from: dict[int, int] = {}
        self._next: dict[int, int] = {}
        self._threshold: Callable[[], int | None] = lambda: None
        self._admitted: OrderedDict[tuple[int, int], int | None] = OrderedDict()
        self._waiting: defaultdict[int, dict[int, list[asyncio.Future[Admission]]]] = defaultdict(dict)

    def begin(self, next_sequence: Mapping[int, int]) -> None:
        """Say what was counted, by payee partition, when this worker took the budget over."""
        self._from, self._next = dict(next_sequence), dict(next_sequence)
        self._admitted.clear()

    def counted(
        self, partition: int, *, until: int, admitted: Collection[int], threshold: Callable[[], int | None]
    ) -> None:
        """Take what the budget counted of a payee partition; `threshold` is asked only where one is wanted."""
        self._next[partition] = until
        self._threshold = threshold
        for sequence in admitted:
            self._admitted[partition, sequence] = threshold()
        while len(self._admitted) > ADMITTED_MAX:
            self._admitted.popitem(last=False)
        waiting = self._waiting[partition]
        for sequence in [sequence for sequence in waiting if sequence < until]:
            for future in waiting.pop(sequence):
                if not future.done():
                    future.set_result(Admission(sequence in admitted, threshold()))

    def known(self, partition: int, sequence: int) -> Admission | None:
        """Return what is known of a counted decision; None where it is not counted, or was before our time."""
        if self.before_our_time(partition, sequence) or sequence >= self._next.get(partition, 0):
            return None
        place = (partition, sequence)
        admitted = place in self._admitted
        return Admission(admitted, self._admitted[place] if admitted else self._threshold())

    def before_our_time(self, partition: int, sequence: int) -> bool:
        """Whether a decision was counted before this worker took the budget over."""
        return sequence < self._from.get(partition, 0)

    async def wait(self, partition: int, sequence: int, timeout_s: float) -> Admission | None:
        """Return what becomes of a decision, or None where it is not counted in time or was before our time."""
        found = self.known(partition, sequence)
        if found is not None or self.before_our_time(partition, sequence):
            return found
        future: asyncio.Future[Admission] = asyncio.get_running_loop().create_future()
        waiting = self._waiting[partition].setdefault(sequence, [])
        waiting.append(future)
        try:
            return await asyncio.wait_for(future, timeout_s)
        except TimeoutError:
            return None
        finally:
            if future in waiting:
                waiting.remove(future)
            if not waiting:
                self._waiting[partition].pop(sequence, None)
