"""Ends a worker whose stop, or whose giving up of partitions, does not end: what is not committed is made again.

Such a wait is for Kafka and its client, which may never answer; the watchdog looks at partitions that are open, not at
those that are being left. The limit is kept by a thread, so it holds where the event loop is stuck too.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from features.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable

#: Longer than a request may take (40 s), shorter than Kubernetes waits for a worker that it stops (60 s).
LEAVING_LIMIT_S = 55.0


class TimeLimit:
    """As a context, or from `begin` on: ends the process unless what is `where` has ended within `limit_s`."""

    def __init__(
        self, where: str, end_process: Callable[[str, BaseException], None], *, limit_s: float = LEAVING_LIMIT_S
    ) -> None:
        error = BrokerError(
            "needed to bring everything computed to Kafka and to let go of its partitions, got no end of it in "
            f"{limit_s:g} s. The worker ends, and goes on where it was when started again; see that Kafka answers."
        )
        self._timer = threading.Timer(limit_s, end_process, (where, error))
        self._timer.daemon = True

    def begin(self) -> None:
        """Begin a limit that ends with the process."""
        self._timer.start()

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
