"""How much of what hindsight would have caught the budget misses, on simulated days, ordinary and adversarial.

A day follows two usual ones, whose scores the budget has learned. A realistic month begins with nothing, and its days
differ by a fifth in size and a third in frauds. Hindsight is the best choice under the same limit at every moment.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from backtest.adversarial import ADVERSARIAL, RATE_PPM, Payments, ordinary
from budget.offline import Regret, measure_regret
from budget.threshold import BudgetState

if TYPE_CHECKING:
    from collections.abc import Sequence

REALISTIC = "realistic month"
NAMES = (REALISTIC, *ADVERSARIAL)
MONTH_DAYS = 30
WARM_DAYS = 2
FIRST_DAY = 20_000
_CHUNK = 1_000


class Case(NamedTuple):
    """One kind of day, `payments` long, `prevalence` of them frauds, drawn by a seed."""

    name: str
    payments: int
    prevalence: float
    seed: int


def spend(budget: BudgetState, day: int, payments: Payments) -> list[int]:
    """Let the budget see one day in chunks; return the positions admitted."""
    admitted = []
    for start in range(0, len(payments.buckets), _CHUNK):
        chunk = payments.buckets[start : start + _CHUNK].tolist()
        minutes = payments.minutes[start : start + _CHUNK].tolist()
        hits = budget.observe_run([day] * len(chunk), chunk, [True] * len(chunk), minutes)
        admitted += [start + hit for hit in hits]
    return admitted


def regret_of(payments: Payments, admitted: Sequence[int]) -> Regret:
    """Return what a day's alerts caught, beside both yardsticks."""
    return measure_regret(payments.buckets.tolist(), payments.frauds.tolist(), admitted, RATE_PPM)


def warm(budget: BudgetState, payments: int, prevalence: float, rng: np.random.Generator) -> None:
    """Let a budget learn two usual days."""
    for day in range(FIRST_DAY, FIRST_DAY + WARM_DAYS):
        spend(budget, day, ordinary(payments, prevalence, rng, intensity=rng.uniform(0.8, 1.2)))


def measure(case: Case) -> Regret:
    """Return the regret of one case; of a month, summed over its days."""
    rng, budget = np.random.default_rng([case.seed, 2]), BudgetState(RATE_PPM)
    if case.name == REALISTIC:
        found = [Regret(0, 0, 0)]
        for day in range(FIRST_DAY, FIRST_DAY + MONTH_DAYS):
            size = int(case.payments * rng.uniform(0.8, 1.2))
            payments = ordinary(size, case.prevalence, rng, intensity=rng.uniform(0.7, 1.35))
            found.append(regret_of(payments, spend(budget, day, payments)))
        return total(found)
    warm(budget, case.payments, case.prevalence, rng)
    payments = ADVERSARIAL[case.name](ordinary(case.payments, case.prevalence, rng), rng)
    return regret_of(payments, spend(budget, FIRST_DAY + WARM_DAYS, payments))


def total(found: Sequence[Regret]) -> Regret:
    """Return the sums of several days."""
    return Regret(*(sum(column) for column in zip(*found, strict=True)))


def measure_each(cases: Sequence[Case], processes: int = 1) -> dict[Case, Regret]:
    """Return the regret of each case."""
    if processes > 1:
        with ProcessPoolExecutor(processes) as pool:
            return dict(zip(cases, pool.map(measure, cases), strict=True))
    return {case: measure(case) for case in cases}


def measure_all(
    payments: int, prevalence: float, seeds: Sequence[int], names: Sequence[str] = NAMES
) -> dict[str, Regret]:
    """Return the regret of each kind of day, summed over the seeds."""
    found = measure_each([Case(name, payments, prevalence, seed) for name, seed in product(names, seeds)])
    return {name: total([regret for case, regret in found.items() if case.name == name]) for name in names}


def measure_grid(
    payments: Sequence[int], prevalence: Sequence[float], seeds: Sequence[int], processes: int = 1
) -> dict[Case, Regret]:
    """Return the regret of every kind of day, in every volume, at every share of frauds, by every seed."""
    return measure_each([Case(*one) for one in product(NAMES, payments, prevalence, seeds)], processes)
