"""What an alert is worth where scores go on for ever as usual: the standing price, and what the last ones ask above it.

Alerts accrue at a rate per transaction and cannot be spent before; transactions come with known tails and worths. Let
pi(n) be what the n-th unspent alert adds to the worth of all that follows. A transaction is admitted when it is worth
more. What is gained per transaction, g, must be the same whatever is unspent:

    g = rate * pi(n + 1) + E[max(0, worth - pi(n))],    pi(0) infinite,

so pi(1) = g / rate, the average worth of an alert, and each next one follows. The largest g for which pi stays
positive is min over w of rate * w + E[max(0, worth - w)]; there pi falls towards w, the standing price, of which just
the rate's share of transactions is worth more. That is the optimum of the long run, not of a day: the end of a day is
the forecast's matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from budget.worth import WORTH_OF, WORTHS, bucket_worth

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RUNGS_MAX = 64
_SMALL_SHIFT = 6


class Steady(NamedTuple):
    """The standing price, the average alert, and for 1, 2, ... unspent alerts what each asks above the price."""

    price: int
    average: int
    above: tuple[int, ...]


def steady(tail: NDArray[np.int64], rate_tail: int, *, rungs: int = RUNGS_MAX) -> Steady:
    """Return the prices for transactions with these tails and alerts accruing at `rate_tail`, both of 2**-24.

    >>> from budget.tails import TAIL_ONE, tails
    >>> import numpy as np
    >>> found = steady(tails(np.array([990] + [0] * 431 + [5] * 2 + [0] * 590)), TAIL_ONE // 200)
    >>> [round(worth / 2**30, 2) for worth in (found.price, found.average)]
    [0.5, 0.51]
    """
    of_tail = worth_above(tail)
    gain = rate_tail * WORTHS + of_tail - WORTHS * tail
    at = int(gain.argmin())
    price, average = WORTH_OF[at], int(gain[at]) // rate_tail
    worth_of_tail, tail_of = of_tail.tolist(), tail.tolist()
    above, value = [], average
    for _ in range(rungs):
        above.append(max(0, value - price))
        if above[-1] <= price >> _SMALL_SHIFT:
            break
        bucket = bucket_worth(value)
        better = max(0, worth_of_tail[bucket] - value * tail_of[bucket])
        value = (int(gain[at]) - better) // rate_tail
    return Steady(price, average, tuple(above))


def worth_above(tail: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each bucket what the transactions of its tail are worth together, in 2**-24 of a worth.

    >>> from budget.tails import BUCKETS
    >>> import numpy as np
    >>> int(worth_above(np.ones(BUCKETS, np.int64))[0]) == WORTH_OF[BUCKETS - 1]
    True
    """
    each = tail.copy()
    each[:-1] -= tail[1:]
    total: NDArray[np.int64] = (each * WORTHS)[::-1].cumsum()[::-1]
    return total
