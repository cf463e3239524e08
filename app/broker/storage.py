"""The broker's data directory: whose it is, whether it is whole, and its first formatting.

```
DIR/lock               held by the running broker
DIR/server.properties  written at every start
DIR/broker.log         Kafka's warnings; console.log has what Java itself prints
DIR/log/               Kafka's log directory; it appears whole, by a rename
DIR/log/cluster        its cluster id and the Kafka version that wrote last
```
"""

from __future__ import annotations

import base64
import fcntl
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from app.broker import jars, java
from features.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Sequence

MARKER = Path("log", "cluster")
BASE_PROPERTIES = Path(__file__).with_name("server.properties")
OWN_NAMES = {"lock", "server.properties", "console.log", "log", "log.new"}


def claim(root: Path) -> int:
    """Make `root` if need be and lock it for this broker; return the lock's descriptor, which the broker inherits.

    Raises BrokerError when it is no directory that can be written, belongs to something else, or is in use.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        foreign = sorted(entry.name for entry in root.iterdir() if not _is_own(entry.name))
        if foreign and not (root / MARKER).exists():
            raise BrokerError(
                f"{root} holds other files ({foreign[0]}): give the broker a new or empty directory with --data"
            )
        descriptor = os.open(root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise BrokerError(
            f"the data directory {root} cannot be used ({exc.strerror}): give one that can be written with --data"
        ) from exc
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        os.close(descriptor)
        raise BrokerError(
            f"{root} is in use by another broker: stop it, or give another directory with --data"
        ) from exc
    return descriptor


def write_properties(root: Path, port: int, controller_port: int, log_dir: str = "log") -> None:
    """Write `root`/server.properties for a start on these ports."""
    own = (
        f"log.dirs={log_dir}",
        f"listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        f"advertised.listeners=PLAINTEXT://localhost:{port},CONTROLLER://127.0.0.1:{controller_port}",
        f"controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}",
    )
    (root / "server.properties").write_text(BASE_PROPERTIES.read_text() + "\n" + "\n".join(own) + "\n")


def prepare(root: Path, class_path: Sequence[Path], port: int, controller_port: int) -> None:
    """Leave `root` formatted and configured: formats it on its first start, else checks that it is ours and whole."""
    if (root / "log").exists():
        _check(root)
    else:
        _format(root, class_path, port, controller_port)
    write_properties(root, port, controller_port)


def cluster_id(root: Path) -> str:
    """Return the id of the cluster that a prepared `root` holds."""
    return (root / MARKER).read_text().split()[0]


def _is_own(name: str) -> bool:
    return name in OWN_NAMES or name.startswith("broker.log")


def _check(root: Path) -> None:
    """Raise BrokerError unless Kafka's own metadata say the same as our marker; then note the version in it."""
    try:
        cluster_id, version = (root / MARKER).read_text().split()
        lines = (root / "log" / "meta.properties").read_text().splitlines()
    except (OSError, ValueError) as exc:
        raise BrokerError(f"{root} is broken ({exc}): restore it, or delete it to start empty") from exc
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    if found.get("cluster.id") != cluster_id or found.get("node.id") != "1":
        raise BrokerError(
            f"{root} belongs to cluster {cluster_id} but its logs are those of node {found.get('node.id')} of cluster "
            f"{found.get('cluster.id')}: restore it, or give another directory with --data"
        )
    if _numbers(version) > _numbers(jars.kafka_version()):
        raise BrokerError(
            f"{root} was written by Kafka {version}, newer than {jars.kafka_version()}: use that one or newer"
        )
    (root / MARKER).write_text(f"{cluster_id} {jars.kafka_version()}\n")


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def _format(root: Path, class_path: Sequence[Path], port: int, controller_port: int) -> None:
    """Format under another name and rename, so that a start cut short leaves nothing half made."""
    shutil.rmtree(root / "log.new", ignore_errors=True)
    write_properties(root, port, controller_port, log_dir="log.new")
    cluster_id = _new_cluster_id()
    arguments = ("format", "--standalone", "--cluster-id", cluster_id, "--config", "server.properties")
    command = java.command(class_path, "kafka.tools.StorageTool", *arguments)
    done = subprocess.run(command, cwd=root, env=java.environment(), capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise BrokerError(f"{root} could not be formatted for Kafka: {''.join(last)}")
    (root / "log.new" / MARKER.name).write_text(f"{cluster_id} {jars.kafka_version()}\n")
    (root / "log.new").rename(root / "log")


def _new_cluster_id() -> str:
    """Return a random id in Kafka's form: 22 characters, never starting like an option."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text
