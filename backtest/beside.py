"""The same as `backtest.reading`, in a process beside this one: features are made while earlier ones are scored.

The other process does what this one would have done, in the same order, so every number is the same. Batches come
through a pipe, a few ahead; it ends with this process, and when nobody asks for more.
"""

from __future__ import annotations

from contextlib import suppress
from multiprocessing import get_context
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING, Any

import msgspec

from backtest.reading import Counts, Reading
from features.errors import BacktestError, HistoryError
from replay.history import HistoryRow

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from multiprocessing.connection import Connection

    from backtest.plan import Plan
    from backtest.reading import Batch

BATCHES_AHEAD = 4

_decoder = msgspec.msgpack.Decoder(list[HistoryRow])


class ReadingBeside:
    """One pass over a history by another process; `counts` is whole when the batches have ended."""

    def __init__(self, plan: Plan, on_bad_row: Callable[[int, str], None] | None) -> None:
        self._plan = plan
        self._on_bad_row = on_bad_row
        self.counts = Counts()

    def batches(self) -> Generator[Batch]:
        """Yield what `Reading.batches` does; raises `BacktestError` if the other process is killed."""
        context = get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        skips = self._on_bad_row is not None
        process = context.Process(target=_read, args=(self._plan, theirs, skips), daemon=True)
        process.start()
        theirs.close()
        waiting: Queue[tuple[Any, ...] | None] = Queue(BATCHES_AHEAD)
        receiver = Thread(target=_receive, args=(ours, waiting), daemon=True)
        receiver.start()
        try:
            while (message := waiting.get()) is not None:
                yield from self._take(*message)
            process.join()
            if process.exitcode:
                raise BacktestError(
                    f"needed the process that reads the history, got its end with {process.exitcode}: is there memory?"
                )
        finally:
            process.terminate()
            process.join()
            # The receiver comes to the end of the pipe once there is room for what is still in it.
            while receiver.is_alive():
                with suppress(Empty):
                    waiting.get(timeout=0.05)
            ours.close()

    def _take(self, kind: str, *content: Any) -> Iterator[Batch]:
        if kind == "batch":
            yield _decoder.decode(content[0]), content[1]
        elif kind == "bad row" and self._on_bad_row is not None:
            self._on_bad_row(*content)
        elif kind == "counts":
            self.counts = Counts(*content)
        elif kind == "error":
            raise HistoryError(content[0])


def _receive(pipe: Connection, waiting: Queue[tuple[Any, ...] | None]) -> None:
    """Take messages off the pipe while there is room for them; None ends them."""
    try:
        while True:
            waiting.put(pipe.recv())
    except (EOFError, OSError):
        waiting.put(None)


def _read(plan: Plan, pipe: Connection, skips: bool) -> None:
    """Be the other process."""

    def bad_row(number: int, why: str) -> None:
        pipe.send(("bad row", number, why))

    reading = Reading(plan, bad_row if skips else None)
    try:
        for rows, features in reading.batches():
            pipe.send(("batch", msgspec.msgpack.encode(rows), features))
        pipe.send(("counts", *reading.counts))
    except HistoryError as error:
        pipe.send(("error", str(error)))
