"""Leaks planted on purpose: each is a mistake that somebody could make, in the place where it would be made.

Kernels run uncompiled here (`py_func`), so that what they call can be another; all else is the shipped code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from features import habits, passing, payee, payer, windows
from features.events import KEY, KIND, VERDICT
from features.layout import AMOUNTS, COUNT, DEVICE_COUNT, LAST_MS, WINDOW_COUNT
from features.processed import Processed
from features.side import Side
from features.vector import feature_index
from features.windows import BOUNDS
from models import train
from models.dataset import DatasetBuilder
from replay import verdicts
from replay.engine import Replay
from tests.features.oracle import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pytest

    from models.dataset import Dataset

    Plant = Callable[[pytest.MonkeyPatch], None]


def _uncompiled(patch: pytest.MonkeyPatch) -> None:
    """Run both sides in plain Python down to `read_row`."""
    for module, side in ((payer, payer.PAYERS), (payee, payee.PAYEES)):
        patch.setattr(module, "read_row", module.read_row.py_func)
        patch.setattr(side, "_run", module.run.py_func)


def _windows_end(module: Any, shift_ms: int) -> Plant:
    """Windows that end after T."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        _uncompiled(patch)
        honest = module.read_windows

        def leaky(account: Any, shape: Any, time_ms: int, tally: Any) -> None:
            honest(account, shape, time_ms + shift_ms, tally)

        patch.setattr(module, "read_windows", leaky)

    return plant


def windows_end_with_the_newest(patch: pytest.MonkeyPatch) -> None:
    """Windows measured from the newest payment seen, which a late one must not know."""
    _uncompiled(patch)
    honest = windows.read_windows

    def leaky(account: Any, shape: Any, time_ms: int, tally: Any) -> None:
        honest(account, shape, max(time_ms, int(account[LAST_MS]) + 1), tally)

    patch.setattr(payer, "read_windows", leaky)


def _verdicts_early(module: Any, name: str, early_ms: int) -> Plant:
    """Verdicts known before their label time."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        _uncompiled(patch)
        honest = getattr(module, name)
        patch.setattr(module, name, lambda account, time_ms, *rest: honest(account, time_ms + early_ms, *rest))

    return plant


def since_the_newest(patch: pytest.MonkeyPatch) -> None:
    """Time since the last payment, be it later than T."""
    _uncompiled(patch)
    patch.setattr(payee, "seconds_since_last", lambda account, _, time_ms: abs(time_ms - account[LAST_MS]) / 1000)


def largest_of_all(patch: pytest.MonkeyPatch) -> None:
    """Take the amount over the largest in the whole ring, what lies after T too."""
    _uncompiled(patch)

    def leaky(account: Any, amount_paise: int, _: Any) -> float:
        amounts = account[AMOUNTS : AMOUNTS + account[COUNT]]
        return float(amount_paise / amounts.max()) if len(amounts) else float("nan")

    patch.setattr(payer, "over_largest", leaky)


def devices_of_all_time(patch: pytest.MonkeyPatch) -> None:
    """Devices counted from the list and not from the payments before T."""
    _uncompiled(patch)

    def leaky(account: Any, _: int, own: Any, __: Any) -> None:
        own[:] = account[DEVICE_COUNT]

    patch.setattr(payer, "_read_devices", leaky)


def habits_of_the_whole_ring(patch: pytest.MonkeyPatch) -> None:
    """Work out what is usual with payments after T."""
    _uncompiled(patch)
    honest = habits.read_habits

    def leaky(account: Any, event: Any, tally: Any, own: Any) -> None:
        wide = tally.copy()
        wide[BOUNDS, 1] = account[COUNT]
        honest(account, event, wide, own)

    patch.setattr(payer, "read_habits", leaky)


def money_that_leaves_later(patch: pytest.MonkeyPatch) -> None:
    """Count what a payee pays within the day after T."""
    _uncompiled(patch)
    honest = passing.read_passing
    patch.setattr(payee, "read_passing", lambda account, time_ms, *rest: honest(account, time_ms + DAY, *rest))


def folded_before_read(patch: pytest.MonkeyPatch) -> None:
    """Fold a part as a whole before its rows are read, all as of the part's end."""
    honest = Side.process_lanes

    def leaky(self: Side, states: Any, events: Any, lanes: Any) -> Processed:
        done = honest(self, states, events, lanes)
        again = events.copy()
        again[:, KEY] += 1
        late = again[:, KIND] != VERDICT
        again[late, 2] = int(events[:, 2].max())
        rows = honest(self, done.states, again, lanes).rows
        return Processed(rows, done.outcomes, done.states, done.watermarks_ms)

    patch.setattr(Side, "process_lanes", leaky)


def _interleave(label_ms: Callable[[Any], int], *, before: bool) -> Plant:
    """Verdicts folded beside their payments, whatever their label time says."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        def leaky(rows: Iterable[Any], _: int | None = None) -> Iterator[Any]:
            for row in rows:
                labelled = row._replace(label_time_ms=label_ms(row))
                known = [] if row.is_fraud is None else [verdicts.verdict_of(labelled)]
                yield from (*known, row.transaction) if before else (row.transaction, *known)

        patch.setattr(train, "interleave_verdicts", leaky)

    return plant


def until_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Training that folds and uses verdicts of after `--until`."""
    honest = train.gather

    def leaky(plan: Any, on_payment: Any) -> Any:
        return honest(plan._replace(until_ms=None), on_payment)

    patch.setattr("tests.leakage.ways.gather", leaky)


def rows_of_the_next_payment(patch: pytest.MonkeyPatch) -> None:
    """Rows out of step with their payments by one."""
    honest = Replay.feed

    def leaky(self: Replay, records: Any) -> Any:
        transactions, rows = honest(self, records)
        return transactions, np.roll(rows, -1, axis=0)

    patch.setattr(Replay, "feed", leaky)


def _dataset(spoil: Callable[[Any], None]) -> Plant:
    """Finish a dataset with numbers of the whole file."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        honest = DatasetBuilder.finish

        def leaky(self: DatasetBuilder) -> Dataset:
            dataset = honest(self)
            spoil(dataset)
            return dataset

        patch.setattr(DatasetBuilder, "finish", leaky)

    return plant


def _scale(dataset: Any) -> None:
    dataset.rows[:, 0] -= dataset.rows[:, 0].mean()


def _encode(dataset: Any) -> None:
    dataset.rows[:, feature_index("payee_fraud_rate_30d")] = dataset.labels.mean()


def _fill(dataset: Any) -> None:
    """Fill what is not known with the next known value of the column."""
    column = dataset.rows[:, feature_index("payee_seconds_since_payer")]
    for at in range(len(column) - 2, -1, -1):
        if np.isnan(column[at]):
            column[at] = column[at + 1]


_OF_MONTH = WINDOW_COUNT - 1
_SOON = 30 * HOUR

#: Each leak and where it is planted: in the kernels that all ways share, or in training alone.
KERNEL_PLANTS: dict[str, Plant] = {
    "payer windows that end an hour late": _windows_end(payer, HOUR),
    "payee windows that include T itself": _windows_end(payee, 1),
    "payee windows that end a day late": _windows_end(payee, DAY),
    "windows measured from the newest payment": windows_end_with_the_newest,
    "time since the newest payment, be it later": since_the_newest,
    "the largest amount of all time": largest_of_all,
    "devices of all time": devices_of_all_time,
    "habits that count what came later": habits_of_the_whole_ring,
    "fraud counts known 30 h early": _verdicts_early(payer, "count_frauds", _SOON),
    "a verdict known at its very label time": _verdicts_early(payee, "count_frauds", 1),
    "judged payments known 30 h early": _verdicts_early(payee, "read_judged", _SOON),
    "money that a payee passes on after T": money_that_leaves_later,
    "a part folded first, and read as of its end": folded_before_read,
}
TRAINING_PLANTS: dict[str, Plant] = {
    "rows out of step by one": rows_of_the_next_payment,
    "verdicts known with their payments": _interleave(lambda row: row.transaction.event_time_ms, before=False),
    "a payment that knows its own label": _interleave(lambda row: row.transaction.event_time_ms - 1, before=True),
    "amounts centred over the whole file": _dataset(_scale),
    "the fraud rate of the whole file": _dataset(_encode),
    "the unknown filled from the future": _dataset(_fill),
}
