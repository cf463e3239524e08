"""A worker that cannot let go of its partitions, or cannot stop, is ended."""

from __future__ import annotations

import threading
import time

from app.time_limit import TimeLimit
from features.errors import BrokerError

LIMIT_S = 10.0


class Ended:
    """Takes what would end the process."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.where = ""
        self.error: BaseException | None = None

    def __call__(self, where: str, error: BaseException) -> None:
        self.where, self.error = where, error
        self.called.set()


def test_what_does_not_end_ends_the_process_though_the_event_loop_is_stuck() -> None:
    """The thread that waits here is the one that runs the event loop in a worker."""
    ended = Ended()
    with TimeLimit("rebalance", ended, limit_s=0.01):
        assert ended.called.wait(LIMIT_S)
    assert ended.where == "rebalance"
    assert isinstance(ended.error, BrokerError)
    assert "no end of it in 0.01 s" in str(ended.error)


def test_what_ends_in_time_ends_nothing() -> None:
    """Nothing is left that could end the process later."""
    ended, before = Ended(), threading.active_count()
    with TimeLimit("rebalance", ended, limit_s=LIMIT_S):
        assert threading.active_count() == before + 1
    until = time.monotonic() + LIMIT_S / 2
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.001)
    assert threading.active_count() == before
    assert not ended.called.is_set()


def test_a_limit_that_was_begun_needs_no_end() -> None:
    """As for a stop, which ends with the process."""
    ended = Ended()
    TimeLimit("stop", ended, limit_s=0.01).begin()
    assert ended.called.wait(LIMIT_S)
