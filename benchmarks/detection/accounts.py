"""Transfers among accounts with laundering rings, as in IBM's AMLSim (Suzumura and Kanezashi; Weber et al., 2018).

Written anew from its description: accounts have few or many partners (a scale-free graph) and pay each of them at its
own pace, daily to monthly, in amounts of 100 to 1,000 that vary little per partner. Alerts are rings of accounts that
move money in one of six patterns within one to thirty days, in amounts of the same range; all of their transfers are
laundering. A tenth of the accounts may be in rings, and some are in several, so that what was found out about an
account is worth knowing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

    Edges = list[tuple[int, int, float]]

ACCOUNTS, DAYS = 12_000, 183
DAY_SECONDS = 86_400
_RINGS_A_DAY = 4
_SUSPECTS = 0.1
_PACES = (1, 3, 7, 14, 30)
_PACE_SHARES = (0.03, 0.12, 0.35, 0.2, 0.3)
_LOW, _HIGH = 100.0, 1_000.0
_SKIMMED = 0.05


def make(seed: int, *, accounts: int = ACCOUNTS, days: int = DAYS) -> pl.DataFrame:
    """Return transfers by time: seconds from the start, payer, payee, amount, is_fraud, scenario (0: honest)."""
    dice = np.random.default_rng(seed)
    suspects = dice.choice(accounts, int(accounts * _SUSPECTS), replace=False)
    rings = [
        _ring(dice, suspects, start, days) for start in range(days) for _ in range(int(dice.poisson(_RINGS_A_DAY)))
    ]
    frame = pl.concat([_ordinary(dice, accounts, days), *rings])
    return frame.sort("seconds", maintain_order=True)


def _ordinary(dice: np.random.Generator, accounts: int, days: int) -> pl.DataFrame:
    """Return what partners pay each other, each pair at its pace and in its amount."""
    partners = np.minimum(1 + dice.pareto(1.6, accounts).astype(np.int64), 60)
    payer = np.repeat(np.arange(accounts), partners)
    weight = dice.permutation(1.0 / (np.arange(accounts) + 20.0) ** 0.7)
    payee = dice.choice(accounts, len(payer), p=weight / weight.sum())
    payer, payee = payer[payer != payee], payee[payer != payee]
    pace = dice.choice(_PACES, len(payer), p=_PACE_SHARES)
    usual = dice.uniform(_LOW, _HIGH, len(payer))
    count = days // pace
    pair = np.repeat(np.arange(len(payer)), count)
    turn = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    day = dice.uniform(0, pace)[pair] + turn * pace[pair] + dice.normal(0, 0.3, len(pair))
    seconds = ((np.floor(day) + dice.beta(3, 3, len(pair))) * DAY_SECONDS).astype(np.int64)
    amount = usual[pair] * dice.normal(1.0, 0.08, len(pair))
    inside = (seconds >= 0) & (seconds < days * DAY_SECONDS)
    return _frame(seconds[inside], payer[pair][inside], payee[pair][inside], amount[inside], 0)


def _ring(dice: np.random.Generator, suspects: np.ndarray, start: int, days: int) -> pl.DataFrame:
    """Return one alert's transfers; the order of a pattern's steps is the order in time."""
    scenario = int(dice.integers(1, len(_PATTERNS) + 1))
    members = dice.choice(suspects, int(dice.integers(5, 16)), replace=False)
    amount = float(dice.uniform(_LOW, _HIGH))
    edges = _PATTERNS[scenario - 1](members.tolist(), amount)
    lasts = float(dice.uniform(1, 30))
    at = np.sort(dice.uniform(0, lasts, len(edges)))
    seconds = ((start + np.floor(at) + dice.beta(3, 3, len(edges))) * DAY_SECONDS).astype(np.int64)
    amounts = np.array([value for _, _, value in edges]) * dice.normal(1.0, 0.05, len(edges))
    inside = seconds < days * DAY_SECONDS
    payer, payee = (np.array([edge[side] for edge in edges], np.int64) for side in (0, 1))
    return _frame(seconds[inside], payer[inside], payee[inside], amounts[inside], scenario)


def _frame(
    seconds: np.ndarray, payer: np.ndarray, payee: np.ndarray, amount: np.ndarray, scenario: int
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "seconds": seconds,
            "payer": payer.astype(np.int64),
            "payee": payee.astype(np.int64),
            "amount": np.maximum(np.round(amount, 2), 0.01),
            "is_fraud": np.full(len(seconds), int(scenario > 0), np.int8),
            "scenario": np.full(len(seconds), scenario, np.int8),
        }
    )


def _fan_in(members: list[int], amount: float) -> Edges:
    return [(member, members[0], amount) for member in members[1:]]


def _fan_out(members: list[int], amount: float) -> Edges:
    return [(members[0], member, amount) for member in members[1:]]


def _cycle(members: list[int], amount: float) -> Edges:
    following = [*members[1:], members[0]]
    return [
        (payer, payee, amount * (1 - _SKIMMED) ** at)
        for at, (payer, payee) in enumerate(zip(members, following, strict=True))
    ]


def _scatter_gather(members: list[int], amount: float) -> Edges:
    middle = members[2:]
    out = [(members[0], one, amount) for one in middle]
    return [*out, *((one, members[1], amount * (1 - _SKIMMED)) for one in middle)]


def _gather_scatter(members: list[int], amount: float) -> Edges:
    half = len(members) // 2
    gathered = [(one, members[0], amount) for one in members[1:half]]
    return [*gathered, *((members[0], one, amount * (1 - _SKIMMED)) for one in members[half:])]


def _bipartite(members: list[int], amount: float) -> Edges:
    half = len(members) // 2
    return [(payer, payee, amount) for payer in members[:half] for payee in members[half:]]


_PATTERNS: tuple[Callable[[list[int], float], Edges], ...] = (
    *(_fan_in, _fan_out, _cycle),
    *(_scatter_gather, _gather_scatter, _bipartite),
)
