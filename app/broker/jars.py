"""Kafka's jars: exactly those of `jars.lock`, fetched by jgo from the machine's Maven repository, each verified.

The lock names every jar and its SHA-256; nothing is resolved at run time, so nothing can drift. `scripts/lock_kafka.py`
makes it anew for another Kafka version.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from features.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCK_PATH = Path(__file__).with_name("jars.lock")
TRIES = 3
TIMEOUT_S = 60


class LockedJar(NamedTuple):
    """One jar: its Maven coordinate `group:artifact:version` and the SHA-256 it must have."""

    coordinate: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where it lies in a Maven repository.

        >>> LockedJar("org.slf4j:slf4j-api:1.7.36", "").path.as_posix()
        'org/slf4j/slf4j-api/1.7.36/slf4j-api-1.7.36.jar'
        """
        group, artifact, version = self.coordinate.split(":")
        return Path(*group.split("."), artifact, version, f"{artifact}-{version}.jar")


def cache_dir() -> Path:
    """Return where jars are kept: `PRAHARI_CACHE_DIR`, or `.cache` in the checkout."""
    configured = os.environ.get("PRAHARI_CACHE_DIR")
    return Path(configured).expanduser().resolve() if configured else Path(__file__).resolve().parents[2] / ".cache"


def read_lock(path: Path = LOCK_PATH) -> tuple[LockedJar, ...]:
    """Return the locked jars in class path order; lines are `SHA-256 coordinate`, `#` starts a comment."""
    lines = (line.split() for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return tuple(LockedJar(coordinate, sha256) for sha256, coordinate in lines)


def kafka_version() -> str:
    """Return the locked Kafka version, e.g. '4.1.1'."""
    return next(jar.coordinate.split(":")[2] for jar in read_lock() if ":kafka_" in jar.coordinate)


def class_path(
    jars: tuple[LockedJar, ...] | None = None,
    cache: Path | None = None,
    on_download: Callable[[int], None] = lambda _missing: None,
) -> tuple[Path, ...]:
    """Return the verified jars' paths, downloading those that `cache` lacks (how many, `on_download` is told first).

    Raises BrokerError when a jar cannot be had or is not, byte for byte, the locked one.
    """
    locked = read_lock() if jars is None else jars
    repository = (cache or cache_dir()) / "maven"
    if _missing(locked, repository):
        with _exclusive(repository):
            missing = _missing(locked, repository)  # another process may have fetched them while we waited
            on_download(len(missing))
            for jar in missing:
                _download(jar, repository)
    for jar in locked:
        _verify(jar, repository / jar.path)
    return tuple(repository / jar.path for jar in locked)


def _missing(locked: tuple[LockedJar, ...], repository: Path) -> list[LockedJar]:
    return [jar for jar in locked if not (repository / jar.path).is_file()]


def _verify(jar: LockedJar, path: Path) -> None:
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != jar.sha256:
        raise BrokerError(
            f"{jar.coordinate} must have the SHA-256 {jar.sha256} of jars.lock but has {actual}: it was altered or cut "
            f"short; delete {path} and run `make setup` again, and distrust the repository if it repeats"
        )


@contextmanager
def _exclusive(repository: Path) -> Iterator[None]:
    """Let one process at a time download into `repository`."""
    try:
        repository.mkdir(parents=True, exist_ok=True)
        file = (repository / ".lock").open("w")
    except OSError as exc:
        raise BrokerError(
            f"{repository}, where Kafka's jars are kept, cannot be written ({exc.strerror}): set PRAHARI_CACHE_DIR"
        ) from exc
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def maven_context(repository: Path) -> Any:
    """Return jgo's view of Maven Central, or of the mirror in the machine's jgo settings, kept in `repository`."""
    from jgo.config import GlobalSettings  # noqa: PLC0415 - a quarter of a second that only the first start pays
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415 - as above
    from jgo.maven import MavenContext  # noqa: PLC0415 - as above

    remote = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    return MavenContext(repo_cache=repository, remote_repos=remote, timeout=TIMEOUT_S)


def _download(jar: LockedJar, repository: Path) -> None:
    """Fetch one jar through jgo; what a broken connection left behind is removed, or jgo would take it for whole."""
    artifact = maven_context(repository).create_dependency(jar.coordinate).artifact
    for attempt in range(1, TRIES + 1):
        try:
            artifact.resolve()
        except (RuntimeError, OSError) as exc:  # requests' errors are OSErrors
            (repository / jar.path).unlink(missing_ok=True)
            if attempt == TRIES:
                raise BrokerError(
                    f"{jar.coordinate} is not in {repository} and could not be fetched ({type(exc).__name__}): the "
                    "first start needs Maven Central, or the mirror in jgo's settings; connect and run `make setup`"
                ) from exc
        else:
            return
