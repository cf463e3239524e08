"""A grid of measured regret as one table: a row for each kind of day, a column for each volume and share of frauds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backtest.regret import total

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backtest.regret import Case
    from budget.offline import Regret

    Grid = Mapping[Case, Regret]


def head_of(grid: Grid) -> tuple[str, ...]:
    """Return the names of the columns."""
    return ("day", *(f"{payments:,} a day, {prevalence:.2%}" for payments, prevalence in _columns(grid)))


def rows_of(grid: Grid) -> list[tuple[str, ...]]:
    """Return a row for each kind of day: regret, that of the worst seed, and what hindsight catches over all seeds.

    >>> from backtest.regret import Case
    >>> from budget.offline import Regret
    >>> rows_of({Case("dull", 1_000, 0.01, seed): Regret(caught, 10, 20) for seed, caught in ((1, 10), (2, 8))})
    [('dull', '10.0% (20%) 20')]
    """
    names = dict.fromkeys(case.name for case in grid)
    return [(name, *(_cell(_seeds(grid, name, *column)) for column in _columns(grid))) for name in names]


def as_json(grid: Grid) -> list[dict[str, object]]:
    """Return every case with what was found, one by one."""
    return [{**case._asdict(), **regret._asdict(), "regret": regret.share} for case, regret in grid.items()]


def _columns(grid: Grid) -> list[tuple[int, float]]:
    return list(dict.fromkeys((case.payments, case.prevalence) for case in grid))


def _seeds(grid: Grid, name: str, payments: int, prevalence: float) -> list[Regret]:
    return [regret for case, regret in grid.items() if case[:3] == (name, payments, prevalence)]


def _cell(found: list[Regret]) -> str:
    together = total(found)
    return f"{together.share:.1%} ({max(one.share for one in found):.0%}) {together.caught_under_limits:,}"
