"""Simulated days with well calibrated scores, ordinary and adversarial, for judging how the budget is spent.

A payment's log-odds are those of its class: legitimate ones normal around a low mean, frauds `SEPARATION` deviations
above, both such that a payment of log-odds z is a fraud with just that chance. Buckets are log-odds in steps of 1/48.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SEPARATION = 3.0
RATE_PPM = 5_000
HOUR_WEIGHTS = (1.5, 1, 0.6, 0.5, 0.5, 1, 2, 3.5, 5, 6, 6.5, 6.5, 6.3, 6, 5.8, 5.8, 6, 6.5, 7, 7, 6, 4.5, 3.2, 2.3)


class Payments(NamedTuple):
    """One day's payments in their order: score buckets, which are frauds, and the minute of the day of each."""

    buckets: NDArray[np.int64]
    frauds: NDArray[np.bool_]
    minutes: NDArray[np.int64]


def ordinary(count: int, prevalence: float, rng: np.random.Generator, *, intensity: float = 1.0) -> Payments:
    """Return payments in no particular order; `intensity` multiplies the frauds but not what the scores expect."""
    frauds = rng.random(count) < prevalence * intensity
    deviate = rng.standard_normal(count) + SEPARATION * frauds
    log_odds = np.log(prevalence / (1 - prevalence)) + SEPARATION * deviate - SEPARATION**2 / 2
    return Payments(_bucket(log_odds), frauds, _minutes(count))


def _minutes(count: int) -> NDArray[np.int64]:
    """Return when each of a whole day's payments comes, as `HOUR_WEIGHTS` spread them."""
    passed = np.cumsum((0.0, *HOUR_WEIGHTS)) / sum(HOUR_WEIGHTS)
    minutes: NDArray[np.float64] = np.interp((np.arange(count) + 0.5) / max(1, count), passed, np.arange(25) * 60.0)
    return minutes.astype(np.int64)


def _bucket(log_odds: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.clip((log_odds + 9) * 48, 0, 1023).astype(np.int64)


def _in_order(day: Payments, key: NDArray[np.float64] | NDArray[np.int64]) -> Payments:
    order = np.argsort(key, kind="stable")
    return day._replace(buckets=day.buckets[order], frauds=day.frauds[order])


def _frauds_at(day: Payments, rng: np.random.Generator, times: NDArray[np.float64]) -> Payments:
    """Move the frauds to the given moments of 0..1; the rest stay where they are."""
    moment = np.sort(rng.random(len(day.frauds)))
    moment[day.frauds] = times
    return _in_order(day, moment)


def _hour(hour: int) -> tuple[float, float]:
    passed = np.cumsum((0.0, *HOUR_WEIGHTS)) / sum(HOUR_WEIGHTS)
    return float(passed[hour]), float(passed[hour + 1])


def _frauds_in_hour(hour: int) -> Callable[[Payments, np.random.Generator], Payments]:
    return lambda day, rng: _frauds_at(day, rng, rng.uniform(*_hour(hour), int(day.frauds.sum())))


def _bursts(day: Payments, rng: np.random.Generator) -> Payments:
    count = int(day.frauds.sum())
    return _frauds_at(day, rng, rng.uniform(0.05, 0.95, 5)[rng.integers(0, 5, count)] + rng.random(count) / 200)


def _trend(sign: int) -> Callable[[Payments, np.random.Generator], Payments]:
    def arrange(day: Payments, rng: np.random.Generator) -> Payments:
        rank = np.argsort(np.argsort(day.buckets)) / len(day.buckets)
        return _in_order(day, sign * rank + rng.random(len(rank)))

    return arrange


def _drift(sign: int) -> Callable[[Payments, np.random.Generator], Payments]:
    def arrange(day: Payments, rng: np.random.Generator) -> Payments:
        log_odds = day.buckets / 48 - 9 + sign * np.linspace(-1.5, 1.5, len(day.buckets))
        frauds = rng.random(len(log_odds)) < 1 / (1 + np.exp(-log_odds))
        return day._replace(buckets=_bucket(log_odds), frauds=frauds)

    return arrange


def _ties(day: Payments, rng: np.random.Generator) -> Payments:
    del rng
    steps = np.array([0, 150, 300, 400, 500, 600, 700, 1023])
    return day._replace(buckets=steps[np.searchsorted(steps, day.buckets, side="right") - 1])


def _at_random(day: Payments, rng: np.random.Generator) -> Payments:
    """Frauds come in up to four windows of any width, on a day whose scores drift and that may be cut short."""
    windows = int(rng.integers(1, 5))
    width = rng.uniform(0.002, 1.0, windows) ** rng.integers(1, 4)
    start = rng.random(windows) * (1 - width)
    chosen = rng.integers(0, windows, int(day.frauds.sum()))
    day = _frauds_at(day, rng, start[chosen] + width[chosen] * rng.random(len(chosen)))
    drift = np.linspace(0, 48 * float(rng.normal(0, 0.5)), len(day.buckets)).astype(np.int64)
    end = int(len(day.buckets) * rng.uniform(0.6, 1.0))
    return _cut(day._replace(buckets=np.clip(day.buckets + drift, 0, 1023)), end)


def _silent_night(day: Payments, rng: np.random.Generator) -> Payments:
    del rng
    return _cut(day, len(day.buckets) * 3 // 4)


def _cut(day: Payments, count: int) -> Payments:
    return Payments(day.buckets[:count], day.frauds[:count], day.minutes[:count])


ADVERSARIAL: dict[str, Callable[[Payments, np.random.Generator], Payments]] = {
    "scores sorted, rising": lambda day, _: _in_order(day, day.buckets),
    "scores sorted, falling": lambda day, _: _in_order(day, -day.buckets),
    "the best tend to come late": _trend(1),
    "the best tend to come early": _trend(-1),
    "log-odds rise by 3 over the day": _drift(1),
    "log-odds fall by 3 over the day": _drift(-1),
    "all frauds in the first hour": _frauds_in_hour(0),
    "all frauds in the last hour": _frauds_in_hour(23),
    "frauds in five bursts": _bursts,
    "scores tied in eight steps": _ties,
    "a silent night": _silent_night,
    "drawn at random": _at_random,
}
