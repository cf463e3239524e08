"""Card payments as in the Fraud Detection Handbook (Le Borgne, Siblini, Lebichot and Bontempi, 2022, chapter 3).

Written anew from its description: 5,000 customers and 10,000 terminals on a square of 100 by 100, 183 days from
2018-04-01. A customer has a mean amount of 5 to 100 with half of it as spread, pays up to 4 times a day on average
around noon, and only at terminals within a radius of 5. Three frauds:

1. every amount over 220;
2. each day two terminals are compromised, and all their payments of 28 days are fraud;
3. each day three customers are compromised, and a third of their payments of 14 days are fraud, of 5 times the amount.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

CUSTOMERS, TERMINALS, DAYS = 5_000, 10_000, 183
START_MS = 1_522_521_000_000
"""2018-04-01T00:00 in India."""

DAY_SECONDS = 86_400
_RADIUS = 5.0
_MOST_DAILY = 4.0
_LARGE = 220.0
_TERMINALS_A_DAY, _TERMINAL_DAYS = 2, 28
_CUSTOMERS_A_DAY, _CUSTOMER_DAYS, _FACTOR = 3, 14, 5.0


def make(seed: int, *, customers: int = CUSTOMERS, terminals: int = TERMINALS, days: int = DAYS) -> pl.DataFrame:
    """Return payments in order of time: seconds from the start, payer, payee, amount, is_fraud, scenario."""
    dice = np.random.default_rng(seed)
    frame = _payments(dice, customers, terminals, days)
    amount, customer = frame["amount"].to_numpy().copy(), frame["payer"].to_numpy()
    terminal, day = frame["payee"].to_numpy(), frame["seconds"].to_numpy() // DAY_SECONDS
    scenario = np.where(amount > _LARGE, 1, 0)
    for start in range(days - 1):
        hit = dice.choice(terminals, _TERMINALS_A_DAY, replace=False)
        scenario[_during(day, start, _TERMINAL_DAYS) & np.isin(terminal, hit)] = 2
    for start in range(days - 1):
        hit = dice.choice(customers, _CUSTOMERS_A_DAY, replace=False)
        rows = np.flatnonzero(_during(day, start, _CUSTOMER_DAYS) & np.isin(customer, hit))
        stolen = dice.choice(rows, len(rows) // 3, replace=False)
        amount[stolen] *= _FACTOR
        scenario[stolen] = 3
    return frame.with_columns(
        amount=pl.Series(np.maximum(np.round(amount, 2), 0.01)),
        is_fraud=pl.Series((scenario > 0).astype(np.int8)),
        scenario=pl.Series(scenario.astype(np.int8)),
    )


def _during(day: NDArray[np.int64], start: int, length: int) -> NDArray[np.bool_]:
    return (day >= start) & (day < start + length)


def _payments(dice: np.random.Generator, customers: int, terminals: int, days: int) -> pl.DataFrame:
    """Return what honest customers pay."""
    homes, places = dice.uniform(0, 100, (customers, 2)), dice.uniform(0, 100, (terminals, 2))
    mean = dice.uniform(5, 100, customers)
    daily = dice.uniform(0, _MOST_DAILY, customers)
    parts = []
    for number in range(customers):
        near = np.flatnonzero(((places - homes[number]) ** 2).sum(1) < _RADIUS**2)
        count = dice.poisson(daily[number], days)
        seconds = dice.normal(DAY_SECONDS / 2, 20_000, int(count.sum())).astype(np.int64)
        at = np.repeat(np.arange(days), count) * DAY_SECONDS + seconds
        inside = (seconds > 0) & (seconds < DAY_SECONDS)
        amount = dice.normal(mean[number], mean[number] / 2, len(at))
        amount = np.where(amount < 0, dice.uniform(0, 2 * mean[number], len(at)), amount)
        if not len(near):
            continue
        parts.append(
            pl.DataFrame(
                {
                    "seconds": at[inside],
                    "payer": np.full(int(inside.sum()), number),
                    "payee": dice.choice(near, len(at))[inside],
                    "amount": np.round(amount[inside], 2),
                }
            )
        )
    return pl.concat(parts).sort("seconds", maintain_order=True)
