"""The data directory: used only when it is ours, whole and free."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from app.broker import jars, storage
from features.errors import BrokerError

if TYPE_CHECKING:
    from pathlib import Path


def formatted(root: Path, *, cluster: str = "ours", found: str = "ours", node: int = 1, version: str = "") -> Path:
    """Lay out what a formatted directory has, as far as it is checked before Kafka starts."""
    (root / "log").mkdir()
    (root / storage.MARKER).write_text(f"{cluster} {version or jars.kafka_version()}\n")
    (root / "log" / "meta.properties").write_text(f"#\nversion=1\nnode.id={node}\ncluster.id={found}\n")
    return root


def test_a_whole_directory_is_configured_for_the_ports_of_this_start(tmp_path: Path) -> None:
    """The ports of the last start play no part."""
    storage.prepare(formatted(tmp_path), (), 1234, 1235)

    text = (tmp_path / "server.properties").read_text()
    assert "advertised.listeners=PLAINTEXT://localhost:1234,CONTROLLER://127.0.0.1:1235\n" in text
    assert "\nlog.dirs=log\n" in text


@pytest.mark.parametrize(("found", "node"), [("theirs", 1), ("ours", 2)])
def test_another_cluster_s_logs_are_refused(tmp_path: Path, found: str, node: int) -> None:
    """Logs of another cluster or node, copied in, are named."""
    with pytest.raises(
        BrokerError, match=f"belongs to cluster ours but its logs are those of node {node} of cluster {found}"
    ):
        storage.prepare(formatted(tmp_path, found=found, node=node), (), 1, 2)


def test_logs_of_a_newer_kafka_are_refused(tmp_path: Path) -> None:
    """A downgrade would end in Kafka's own, far less clear, refusal."""
    with pytest.raises(BrokerError, match=r"written by Kafka 10\.0\.0, newer than"):
        storage.prepare(formatted(tmp_path, version="10.0.0"), (), 1, 2)


@pytest.mark.parametrize("missing", ["log/cluster", "log/meta.properties"])
def test_a_directory_that_lacks_its_identity_is_broken(tmp_path: Path, missing: str) -> None:
    """It is never formatted over: there may be records in it."""
    (formatted(tmp_path) / missing).unlink()

    with pytest.raises(BrokerError, match=f"is broken .*{missing.split('/')[1]}"):
        storage.prepare(tmp_path, (), 1, 2)


def test_a_directory_with_other_files_is_left_alone(tmp_path: Path) -> None:
    """A mistyped --data does not scatter logs over somebody's home."""
    (tmp_path / "thesis.tex").write_text("")

    with pytest.raises(BrokerError, match=r"holds other files \(thesis\.tex\)"):
        storage.claim(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_is_no_data_directory(tmp_path: Path) -> None:
    """The message names the path and the option."""
    (tmp_path / "file").write_text("")

    with pytest.raises(BrokerError, match=r"file cannot be used .*--data"):
        storage.claim(tmp_path / "file")


def test_a_claimed_directory_cannot_be_claimed_again(tmp_path: Path) -> None:
    """It is free again once the lock's last holder is gone."""
    descriptor = storage.claim(tmp_path)
    with pytest.raises(BrokerError, match="in use by another broker"):
        storage.claim(tmp_path)
    os.close(descriptor)

    os.close(storage.claim(tmp_path))
