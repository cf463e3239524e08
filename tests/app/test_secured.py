"""A worker against a Kafka that wants a password over TLS, as a bank's does."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from app.broker import storage
from app.broker.embedded import EmbeddedBroker
from app.broker.ports import free_port
from tests.processes import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_bank="secret";'


def make_certificate(directory: Path) -> tuple[str, Path]:
    """Return key and certificate as one PEM text, and the file that clients trust; skip the test without openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is needed to make a certificate")
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return key.read_text() + certificate.read_text(), certificate


@pytest.fixture
def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Path]]:
    """Run a broker with a second listener, SASL over TLS; give its port and what to trust."""
    port, write = free_port(), storage.write_properties
    pem, certificate = make_certificate(tmp_path)
    (tmp_path / "broker.pem").write_text(pem)
    more = {
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,BANK:SASL_SSL",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.bank.plain.sasl.jaas.config": LOGIN,
        "listener.name.bank.ssl.keystore.type": "PEM",
        "listener.name.bank.ssl.keystore.location": str(tmp_path / "broker.pem"),
    }

    def write_secured(root: Path, own: int, controller: int, log_dir: str = "log") -> None:
        write(root, own, controller, log_dir)
        path = root / "server.properties"
        lines = path.read_text().splitlines()
        for name in ("listeners", "advertised.listeners"):
            lines = [f"{line},BANK://localhost:{port}" if line.startswith(f"{name}=") else line for line in lines]
        lines = [line for line in lines if line.split("=")[0] not in more]
        path.write_text("\n".join([*lines, *(f"{name}={value}" for name, value in more.items())]) + "\n")

    monkeypatch.setattr(storage, "write_properties", write_secured)
    with EmbeddedBroker(0, tmp_path / "kafka"):
        yield port, certificate


def test_a_worker_runs_on_a_kafka_with_tls_and_a_password(secured: tuple[int, Path], tmp_path: Path) -> None:
    """Faust's consumer and producer, topics, changelogs and alignment all log in."""
    port, certificate = secured
    settings = {
        "PRAHARI_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "PRAHARI_KAFKA_SASL_MECHANISM": "PLAIN",
        "PRAHARI_KAFKA_USERNAME": "bank",
        "PRAHARI_KAFKA_PASSWORD": "secret",
        "PRAHARI_KAFKA_CA_FILE": str(certificate),
    }
    worker = WorkerProcess("app.main", tmp_path / "worker", f"localhost:{port}", settings).start()
    try:
        worker.wait_ready()
        worker.stop()
    finally:
        worker.kill()

    assert worker.exit_code == 0
