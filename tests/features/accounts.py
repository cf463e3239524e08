"""States opened up for tests: the account in bytes as the arena's row, its windows and its sketch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from features import payee, payer
from features.layout import COUNT, PARTIES, TIMES, WORDS
from features.payee import PAYEES
from features.payer import PAYERS
from features.sketch import add_party, estimate_parties, start_sketch
from features.windows import COUNTS, DISTINCTS, SUMS_PAISE, new_tally, read_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDES = {"payer": PAYERS, "payee": PAYEES}
SHAPES = {"payer": (payer.SHAPE, 0.23), "payee": (payee.SHAPE, 0.16)}


def opened(side: str, state: bytes) -> NDArray[np.int64]:
    """Return the account's words."""
    account: NDArray[np.int64] = SIDES[side].load([state])[0]
    return account.copy()


class Windows(NamedTuple):
    """What lies in each window, 5m to 30d."""

    counts: list[int]
    sums_paise: list[int]
    distincts: list[int]


def windows_of(side: str, account: NDArray[np.int64], time_ms: int) -> Windows:
    """Return the windows of an account before a time."""
    tally = new_tally()
    read_windows(account, SHAPES[side][0], time_ms, tally)
    return Windows(*(tally[row].tolist() for row in (COUNTS, SUMS_PAISE, DISTINCTS)))


def oldest_ms(account: NDArray[np.int64]) -> int:
    """Return the time of the oldest payment in the ring."""
    return int(account[TIMES])


class Sketch:
    """A sketch alone, in an account of its own."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape
        self.account = np.zeros(WORDS, np.int64)
        start_sketch(self.account)

    def add(self, party: int, time_ms: int) -> None:
        """Note a party."""
        add_party(self.account, self.shape, party, time_ms)

    def estimate(self, time_ms: int, starts_ms: list[int]) -> list[int]:
        """Estimate the parties of each start."""
        return [int(estimate_parties(self.account, self.shape, time_ms, start_ms)) for start_ms in starts_ms]


def parties_of(account: NDArray[np.int64]) -> list[int]:
    """Return the hashes in the ring."""
    parties: list[int] = account[PARTIES : PARTIES + int(account[COUNT])].tolist()
    return parties
