"""What a payee partition decides by: the scorer, the lists and the alert rate of its place in the `control` log.

A control record takes force where it stands among the payments of the partition: the stage ends a part before it, so
that all payments of a part are decided alike. Nothing of it is in the stage's state but the offset of the last record
applied: what that stands for is a fold of the log (`agents.in_force`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from agents.in_force import InForce, fold

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from agents.lists import Lists
    from models.scoring import Scorer
    from rules.shadow import ShadowRules


class Challenger(Protocol):
    """A model in the shadow: n rows of shape [n, F] in, n probabilities out."""

    def __call__(self, rows: NDArray[np.float64]) -> Sequence[float]: ...


@dataclass(frozen=True, slots=True)
class Deciding:
    """What decides now: in force and, beside it, what is on trial."""

    scorer: Scorer
    challenger: Challenger | None = None
    shadow: ShadowRules | None = None
    rate_ppm: int | None = None


class Controlled:
    """What one payee partition decides by.

    `resolve` turns what is in force into what decides. It may wait for a model that is not here yet; it raises where
    the process must not go on, and never gives another model than the one in force.
    """

    def __init__(
        self, in_force: InForce, deciding: Deciding, resolve: Callable[[InForce], Awaitable[Deciding]] | None = None
    ) -> None:
        self.in_force = in_force
        self.deciding = deciding
        self._resolve = resolve

    @classmethod
    def fixed(cls, scorer: Scorer) -> Controlled:
        """Return one that decides by this scorer, whatever `control` says; for replays and tests of stages."""
        return cls(InForce(), Deciding(scorer))

    @property
    def lists(self) -> Lists:
        """The block and allow lists in force."""
        return self.in_force.lists

    @property
    def offset(self) -> int:
        """The last control record applied."""
        return self.in_force.offset

    async def apply(self, offset: int, value: bytes) -> None:
        """Put a control record in force; one applied before changes nothing."""
        after = await asyncio.to_thread(fold, self.in_force, offset, value)  # parsing many rules takes a while
        if self._resolve is not None and after is not self.in_force:
            self.deciding = await self._resolve(after)
        self.in_force = after
