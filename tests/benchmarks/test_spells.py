"""Slow spells of the machine are found by what the same work costs, and what was due near one is set apart."""

from __future__ import annotations

import numpy as np

from benchmarks.spells import AFTER_MS, BEFORE_MS, Watching, apart, spells


def test_work_that_is_slow_in_a_row_is_a_spell() -> None:
    """From the first slow piece to the last, quicker ones between them included."""
    at_ms = [3.0 * number for number in range(100)]
    took_us = [50.0] * 100
    took_us[40] = took_us[42] = took_us[50] = 400.0

    assert spells(at_ms, took_us) == [(120.0, 150.0)]


def test_two_spells_far_apart_are_two() -> None:
    """A second at its own pace between them belongs to neither."""
    at_ms = [0.0, 3.0, 6.0, 900.0, 903.0, 906.0, 909.0, 1_800.0, 1_803.0]
    took_us = [50.0, 500.0, 500.0, 50.0, 50.0, 50.0, 50.0, 500.0, 500.0]

    assert spells(at_ms, took_us) == [(3.0, 6.0), (1_800.0, 1_803.0)]


def test_a_machine_that_is_evenly_slow_has_no_spells() -> None:
    """What work costs is measured against itself; nothing seen is no spell either."""
    assert spells([0.0, 3.0, 6.0], [900.0, 905.0, 910.0]) == []
    assert spells([], []) == []


def test_what_is_due_near_a_spell_is_set_apart() -> None:
    """Shortly before it too, for it is not decided yet, and behind it, where others wait."""
    due_ms = np.array([1_000 - BEFORE_MS - 1, 1_000 - BEFORE_MS, 1_050, 1_100 + AFTER_MS, 1_100 + AFTER_MS + 1])

    assert apart(due_ms, [(1_000.0, 1_100.0)]).tolist() == [True, False, False, False, True]


def test_watching_ends_and_says_what_it_saw() -> None:
    """Its process looks until it is told to end."""
    with Watching() as machine:
        sum(range(3_000_000))

    assert 0.0 <= machine.slow_share <= 1.0
    assert all(begin <= end for begin, end in machine.spells)
