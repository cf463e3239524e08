"""Kafka's jars: exactly the locked bytes, or a refusal that says why."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest

from app.broker import jars
from app.broker.jars import LockedJar
from features.errors import BrokerError

if TYPE_CHECKING:
    from pathlib import Path


def locked(cache: Path, name: str, content: bytes) -> LockedJar:
    """Lock a jar of this content and put it where the cache keeps it."""
    jar = LockedJar(f"org.example:{name}:1.0", hashlib.sha256(content).hexdigest())
    path = cache / "maven" / jar.path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return jar


def test_the_lock_pins_every_jar_by_sha_256() -> None:
    """Kafka and all it needs are there once each, with a full digest."""
    lock = jars.read_lock()

    assert len({jar.coordinate for jar in lock}) == len(lock) > 40
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in lock)
    assert f"org.apache.kafka:kafka-clients:{jars.kafka_version()}" in {jar.coordinate for jar in lock}


def test_the_class_path_is_the_lock_in_its_order(tmp_path: Path) -> None:
    """Nothing that merely lies in the cache gets on the class path."""
    second, first = locked(tmp_path, "second", b"2"), locked(tmp_path, "first", b"1")
    locked(tmp_path, "stranger", b"3")

    names = [path.name for path in jars.class_path((first, second), tmp_path)]

    assert names == ["first-1.0.jar", "second-1.0.jar"]


def test_an_altered_jar_is_refused(tmp_path: Path) -> None:
    """One changed byte is told with both digests and the file's path."""
    jar = locked(tmp_path, "altered", b"good")
    path = tmp_path / "maven" / jar.path
    path.write_bytes(b"evil")

    with pytest.raises(BrokerError, match=f"must have the SHA-256 {jar.sha256}.*{hashlib.sha256(b'evil').hexdigest()}"):
        jars.class_path((jar,), tmp_path)


def test_a_missing_registry_is_told_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline with an empty cache: the message names the jar and the way out; nothing half fetched stays."""
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    jar = LockedJar("org.slf4j:slf4j-api:1.7.36", "0" * 64)

    with pytest.raises(BrokerError, match=r"slf4j-api:1\.7\.36 is not in .* could not be fetched .*`make setup`"):
        jars.class_path((jar,), tmp_path)
    assert not (tmp_path / "maven" / jar.path).exists()


def test_a_broken_download_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a jar is not taken for a whole one by the next try."""
    jar = LockedJar("org.example:half:1.0", "0" * 64)
    path = tmp_path / "maven" / jar.path

    def break_off(_artifact: object) -> None:
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
        raise ConnectionError

    monkeypatch.setattr("jgo.maven.Artifact.resolve", break_off)

    with pytest.raises(BrokerError, match="could not be fetched"):
        jars.class_path((jar,), tmp_path)
    assert not path.exists()


def test_a_cache_that_cannot_be_written_is_told_plainly(tmp_path: Path) -> None:
    """The message names the variable that moves the cache."""
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(BrokerError, match="PRAHARI_CACHE_DIR"):
        jars.class_path((LockedJar("g:a:1", "0" * 64),), tmp_path / "file")


def test_the_cache_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PRAHARI_CACHE_DIR replaces the checkout's own cache directory."""
    monkeypatch.setenv("PRAHARI_CACHE_DIR", str(tmp_path))

    assert jars.cache_dir() == tmp_path
