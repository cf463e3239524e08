"""The embedded broker as an object: start, stop, kill, start again on the same data."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from app.broker import jars, java, ports, storage
from app.broker.process import Guarded
from features.errors import BrokerError, PortTaken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

POLL_S = 0.02
#: Between the look for a free port and Kafka's taking it another program may; then it is tried with others.
START_TRIES = 3


class EmbeddedBroker:
    """One Kafka on `localhost:port` with its data in `data`; as a context manager it runs inside the block.

    `port` 0 takes a free one, kept once it has started, also over restarts. The broker ends with this process, also
    when that is killed.
    """

    def __init__(self, port: int, data: Path | str, *, start_timeout_s: float = 60.0) -> None:
        self.port = port or ports.free_port()
        self._may_move = port == 0
        self.data = Path(data).expanduser().resolve()
        self._start_timeout_s = start_timeout_s
        self._process: Guarded | None = None

    @property
    def bootstrap(self) -> str:
        """The address for clients, 'localhost:PORT'."""
        return f"localhost:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of Kafka's Java; raises BrokerError when it is not running."""
        if self._process is None:
            raise BrokerError("the broker is not running: call start() first")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether Kafka's process is alive."""
        return self._process is not None and self._process.running

    def start(self, on_download: Callable[[int], None] = lambda _missing: None) -> float:
        """Start Kafka, formatting an empty data directory first; return the seconds until it answered a first request.

        Raises BrokerError, in one line that says what to do, when port, data directory, jars or Kafka itself refuse.
        """
        if self.running:
            raise BrokerError(f"the broker on {self.bootstrap} is running already")
        began = time.monotonic()
        class_path = jars.class_path(on_download=on_download)
        for left in reversed(range(START_TRIES)):
            try:
                self._launch(class_path)
                break
            except PortTaken:
                if not left:
                    raise
                if self._may_move:
                    self.port = ports.free_port()
        self._may_move = False
        return time.monotonic() - began

    def stop(self) -> None:
        """Shut Kafka down in order and wait for it; nothing happens when it is not running."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """Kill Kafka as a crash would (SIGKILL) and wait until it is gone; `start` brings it back on the same data."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self, class_path: Sequence[Path]) -> None:
        lock = storage.claim(self.data)
        try:
            ports.require_free(self.port)
            storage.prepare(self.data, class_path, self.port, ports.free_port())
            (self.data / "broker.log").unlink(missing_ok=True)
            command = java.command(class_path, "kafka.Kafka", "server.properties")
            self._process = Guarded(command, self.data, pass_fds=(lock,))
        finally:
            os.close(lock)  # Kafka's process holds it from here on
        self._wait_until_ready(self._process)

    def _wait_until_ready(self, process: Guarded) -> None:
        """Wait for an answer of this very Kafka: another one's may come first from a port that both took for free."""
        deadline, own = time.monotonic() + self._start_timeout_s, storage.cluster_id(self.data)
        try:
            while ports.cluster_id(self.port) != own:
                self._require_starting(process, deadline)
                time.sleep(POLL_S)
        except BaseException:
            self.kill()
            raise

    def _require_starting(self, process: Guarded, deadline: float) -> None:
        if not process.running:
            cause = process.cause()
            kind = PortTaken if "Address already in use" in cause else BrokerError
            raise kind(f"Kafka stopped while starting: {cause} (more in {self.data}/broker.log)")
        if time.monotonic() > deadline:
            raise BrokerError(f"Kafka did not answer within {self._start_timeout_s:g} s: see {self.data}/broker.log")
