"""Draws: repeatable, independent of order and company, and of the distributions that they claim."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.accounts import ACCOUNT_BITS, shuffled
from simulator.dice import Dice, mix

MASK = (1 << 64) - 1


def naive_mix(bits: int) -> int:
    """Splitmix64's finaliser with Python's own integers."""
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
    return bits ^ (bits >> 31)


@given(st.integers(0, MASK))
def test_mixing_is_splitmix64(bits: int) -> None:
    """The vectorised finaliser equals the published one."""
    assert naive_mix(bits) == int(mix(np.array([bits], dtype=np.uint64))[0])


@given(st.integers(0, 2**31), st.lists(st.integers(0, 2**40), min_size=1, max_size=30))
def test_a_draw_does_not_depend_on_its_company(seed: int, ids: list[int]) -> None:
    """An id's number is the same alone, in any block and in any order."""
    together = Dice(seed).uniform("x", np.array(ids))
    alone = [float(Dice(seed).uniform("x", np.array([one]))[0]) for one in ids]

    assert alone == together.tolist()


def test_purposes_names_seeds_and_ids_all_matter() -> None:
    """Changing any one of them gives other numbers."""
    ids = np.arange(50)
    base = Dice(1).uniform("x", ids)
    others = [
        Dice(2).uniform("x", ids),
        Dice(1).uniform("y", ids),
        Dice(1).named("n").uniform("x", ids),
        Dice(1).uniform("x", ids, 0),
        Dice(1).uniform("x", ids + 1),
    ]

    assert all(abs(np.corrcoef(base, other)[0, 1]) < 0.5 for other in others)


def test_uniform_numbers_fill_their_range_evenly() -> None:
    """A hundred bins of a hundred thousand consecutive ids are about equally full."""
    counts = np.histogram(Dice(3).uniform("even", np.arange(100_000)), bins=100, range=(0, 1))[0]

    assert counts.min() > 850
    assert counts.max() < 1150


def test_picks_follow_their_weights() -> None:
    """Weights 1 and 3 are picked a quarter and three quarters of the time."""
    picks = Dice(3).pick("weights", (1.0, 3.0), np.arange(40_000))

    assert abs((picks == 1).mean() - 0.75) < 0.01


def test_normal_numbers_have_mean_0_and_deviation_1() -> None:
    """So log-normal amounts have the median that they are given."""
    numbers = Dice(3).normal("bell", np.arange(100_000))

    assert abs(numbers.mean()) < 0.02
    assert abs(numbers.std() - 1) < 0.02


@given(st.integers(-(2**40), 2**40))
def test_the_shuffle_of_accounts_is_one_to_one(seed: int) -> None:
    """No two accounts get the same place, so no two get the same name."""
    account = np.concatenate([np.arange(500), np.arange(2**27, 2**27 + 500), [2**ACCOUNT_BITS - 1]])
    places = shuffled(seed, account)

    assert len(account) == len(np.unique(places))
    assert places.min() >= 0
    assert places.max() < 2**ACCOUNT_BITS
