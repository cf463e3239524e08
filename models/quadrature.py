"""Integrals over 0 to 1 as weighted sums of a few values: Gauss and Legendre's rules, exact for polynomials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def rules(most: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the points and weights of the rules of 1 to `most` points, [n, at]; exact below the degree 2 n.

    >>> points, weights = rules(2)
    >>> float(np.round(np.sum(weights[2] * points[2] ** 3), 12))
    0.25
    """
    points, weights = np.zeros((most + 1, most)), np.zeros((most + 1, most))
    for count in range(1, most + 1):
        at, weight = np.polynomial.legendre.leggauss(count)
        points[count, :count], weights[count, :count] = (at + 1) / 2, weight / 2
    return points, weights
