"""What a partition that drains a backlog has read and not yet worked on: when, and between which accounts.

Workers tell each other (`app.head_sharing`), so that one whose payments concern none of the accounts of another's
earlier ones need not wait for them. In a sparse backlog, a payment every few seconds, a second of event time holds
next to nothing, and waiting for each other's every step would make draining as slow as a message there and back.
"""

from __future__ import annotations

import base64
from collections import deque
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Self

import numpy as np

from agents.bundle import Kind
from agents.reading import NO_TIME, REJECTED
from features.events import PARTY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from agents.merging import Kept

#: Records told of a partition: 16 kB. Runs are shorter, as accounts are shared.
TOLD_MAX = 500
#: Records of ours looked at for what they share with others.
LOOK_MAX = 128
#: With as many payments per second of event time as this in each partition, steps of a second are large enough: with
#: twice as many, two workers drain 2,000 a second by them.
DENSE_PER_S = 5


@dataclass(frozen=True, slots=True)
class Coming:
    """n records by their times, never falling, and their accounts [n, 2]: payer and payee by the hash of their VPAs.

    There is nothing else up to `until_ms`.
    """

    until_ms: int
    times_ms: NDArray[np.int64]
    accounts: NDArray[np.int64]

    @classmethod
    def of(cls, kept: Kept, since_ms: int = NO_TIME, count_max: int = LOOK_MAX) -> Self:
        """Take the first of what is kept, but for what waits for nobody; nothing counts as before `since_ms`."""
        kinds, order_ms = kept.read.kinds[kept.start : kept.end], np.maximum(kept.order_ms, since_ms)
        until_ms = int(order_ms[-1]) if len(order_ms) <= count_max else int(order_ms[count_max]) - 1
        kinds = kinds[:count_max]
        at = np.flatnonzero((kinds != REJECTED) & (kinds != Kind.WARM_UP))
        places = at + kept.start
        accounts = np.column_stack([kept.read.payer_parties[places], kept.read.events[places, PARTY]])
        return cls(until_ms, order_ms[at], accounts)

    @classmethod
    def joined(cls, pieces: Sequence[Coming]) -> Self:
        """Return what comes in several pieces, in the order of time, as one."""
        times_ms = np.concatenate([piece.times_ms for piece in pieces])
        accounts = np.concatenate([piece.accounts for piece in pieces])
        order = np.argsort(times_ms, kind="stable")
        return cls(max(piece.until_ms for piece in pieces), times_ms[order], accounts[order])

    def first(self, count: int) -> Coming:
        """Return the first records, and until when there is nothing else."""
        if len(self.times_ms) <= count:
            return self
        return Coming(int(self.times_ms[count]) - 1, self.times_ms[:count], self.accounts[:count])

    def since(self, time_ms: int) -> Coming:
        """Return what is not before a time."""
        first = int(np.searchsorted(self.times_ms, time_ms))
        return Coming(self.until_ms, self.times_ms[first:], self.accounts[first:])

    def encode(self) -> list[int | str]:
        """Return it in a form that JSON holds."""
        columns = np.column_stack([self.times_ms, self.accounts]).astype("<i8")
        return [self.until_ms, base64.b64encode(columns.tobytes()).decode()]

    @classmethod
    def decode(cls, said: Sequence[int | str]) -> Self:
        """Return what `encode` made; ValueError or TypeError where it did not.

        >>> Coming.decode(Coming(9, np.array([7]), np.array([[1, 2]])).encode()).accounts.tolist()
        [[1, 2]]
        """
        until_ms, columns = said
        numbers = np.frombuffer(base64.b64decode(str(columns)), "<i8").astype(np.int64).reshape(-1, 3)
        return cls(int(until_ms), numbers[:, 0], numbers[:, 1:])


class ReadAhead:
    """All that one partition has read and that is not yet durable, piece by piece as it was read."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[int, Coming | None]] = deque()

    def add(self, until_ms: int, coming: Coming | None) -> None:
        """Add what was read up to a time; None where it is too dense to tell."""
        self._pieces.append((until_ms, coming))

    def drop_before(self, head_ms: int) -> None:
        """Drop the pieces of which everything is durable."""
        while self._pieces and self._pieces[0][0] < head_ms:
            self._pieces.popleft()

    @property
    def told(self) -> bool:
        """Whether there is something, and nothing of it too dense to tell."""
        return bool(self._pieces) and all(coming is not None for _, coming in self._pieces)

    @property
    def until_ms(self) -> int:
        """The time of the newest record."""
        return self._pieces[-1][0]

    def whole(self) -> Coming:
        """Return all that is told."""
        return Coming.joined([coming for _, coming in self._pieces if coming is not None])


def sparse(records: int, span_ms: int) -> bool:
    """Whether so many records in such a time are few enough for steps of a second to be small.

    >>> sparse(1_000, 600_000), sparse(1_000, 60_000)
    (True, False)
    """
    return records * 1_000 < DENSE_PER_S * span_ms


def conflicts_ms(ours: Mapping[int, Coming], theirs: Coming, free_ms: int) -> dict[int, int]:
    """Return the time at which each partition of ours must wait, by partition; without one, it need not.

    That is the time of its first record that shares an account with an earlier one of theirs, or of a partition of ours
    that must wait itself. Nothing waits up to `free_ms`.

    >>> theirs = Coming(20, np.array([10, 20]), np.array([[1, 2], [3, 4]]))
    >>> first = Coming(40, np.array([5, 15, 30]), np.array([[1, 9], [5, 9], [4, 8]]))
    >>> second = Coming(40, np.array([29, 40]), np.array([[6, 8], [8, 7]]))
    >>> conflicts_ms({0: first, 1: second}, theirs, 0)
    {0: 30, 1: 40}
    """
    accounts, firsts = np.unique(theirs.accounts.ravel(), return_index=True)
    waiting_ms = dict(zip(accounts.tolist(), theirs.times_ms[firsts // 2].tolist(), strict=True))
    records = [
        (time_ms, partition, *both)
        for partition, coming in ours.items()
        for time_ms, both in zip(coming.times_ms.tolist(), coming.accounts.tolist(), strict=True)
    ]
    stopped: dict[int, int] = {}
    for time_ms, group in groupby(sorted(records), key=itemgetter(0)):
        of_one_moment = list(group)
        for _, partition, payer, payee in of_one_moment:
            since_ms = min(waiting_ms.get(payer, time_ms), waiting_ms.get(payee, time_ms))
            if since_ms < time_ms and time_ms > free_ms:
                stopped.setdefault(partition, time_ms)
        if len(stopped) == len(ours):
            break
        for _, partition, *both in of_one_moment:
            if partition in stopped:
                waiting_ms.update({one: min(time_ms, waiting_ms.get(one, time_ms)) for one in both})
    return stopped
