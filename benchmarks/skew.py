"""How unevenly people pay and are paid: weights, and drawing with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Of all payments, what each of the five largest payers makes.
WHALE_PAYER_SHARE = 0.002


def payer_weights(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return how often each payer pays: a log-normal crowd, and five companies that pay out all day."""
    weights: NDArray[np.float64] = np.exp(rng.normal(0.0, 1.2, count))
    weights /= weights.sum()
    weights[: min(5, count)] = WHALE_PAYER_SHARE
    return weights


def payee_weights(count: int, whale_share: float) -> NDArray[np.float64]:
    """Return how often each payee is paid: a whale, and a long tail behind it."""
    weights: NDArray[np.float64] = 1.0 / np.arange(20.0, count + 20.0, dtype=np.float64)
    weights /= weights.sum()
    weights[0] = whale_share / (1.0 - whale_share)
    return weights


def cumulative(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the running sum of the weights, up to 1.

    >>> cumulative(np.array([1.0, 3.0])).tolist()
    [0.25, 1.0]
    """
    total: NDArray[np.float64] = np.cumsum(weights)
    total /= total[-1]
    return total


def draw(rng: np.random.Generator, shares: NDArray[np.float64], shape: int | tuple[int, ...]) -> NDArray[np.int64]:
    """Return numbers drawn by their cumulated weights."""
    drawn: NDArray[np.int64] = np.searchsorted(shares, rng.random(shape), side="right")
    return drawn.clip(0, len(shares) - 1)
