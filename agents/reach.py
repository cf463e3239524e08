"""How far partitions that drain a backlog may go, by where others stand and by what comes there (`agents.coming`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.coming import Coming, conflicts_ms
from agents.others import ALIGNMENT_MS, NEVER_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from agents.others import Heard


def bound_ms(near_ms: Sequence[int], theirs: Collection[Heard]) -> int | None:
    """Return the latest event time that may be worked on, whatever comes in other partitions; None: any.

    `near_ms` is how far partitions of ours let others go, `theirs` what other workers said of theirs.
    """
    return min([*near_ms, *(heard.head_ms + ALIGNMENT_MS for heard in theirs)], default=None)


def reaches_ms(
    kept: Mapping[int, Callable[[], Coming]], near_ms: Sequence[int], theirs: Collection[Heard]
) -> dict[int, int]:
    """Return how far each partition of `kept`, which gives what it has next, may go; empty: nobody holds them.

    >>> import numpy as np
    >>> from agents.others import Heard
    >>> rent = Coming(60_000, np.array([10_000, 60_000]), np.array([[1, 2], [3, 4]]))
    >>> ours = Coming(90_000, np.array([20_000, 50_000]), np.array([[5, 6], [2, 7]]))
    >>> reaches_ms({0: lambda: ours}, [], [Heard(5_000, 0.0, rent)])
    {0: 49999}
    """
    if not kept or (bound := bound_ms(near_ms, theirs)) is None:
        return {}
    told = [heard.coming for heard in theirs if heard.coming]
    until_ms = min([*near_ms, *(heard.until_ms for heard in theirs)])
    if until_ms <= bound or not told:
        return dict.fromkeys(kept, bound)
    ours = {partition: coming() for partition, coming in kept.items()}
    until_ms = max(bound, min(until_ms, *(coming.until_ms for coming in ours.values())))
    waits_ms = conflicts_ms(ours, Coming.joined(told), bound)
    return {partition: min(until_ms, waits_ms.get(partition, NEVER_MS) - 1) for partition in kept}
