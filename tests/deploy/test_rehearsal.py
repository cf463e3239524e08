"""What docker-compose.yml starts, started: the same commands with the same settings, as processes of this machine.

Kafka is configured by the class that its image's entrypoint calls, from the file's own environment. What differs is
what has to: names and paths of containers become ports and folders of this machine, and the month is a small one.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from app.broker import jars, java, ports
from app.broker.process import Guarded
from tests.deploy.files import DEPLOY, ROOT, compose, read_yaml
from tests.deploy.test_containers import eval_list, image_environment
from tests.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DONE, HEALTHY = "service_completed_successfully", "service_healthy"
OURS = ("prepare", "worker-1", "worker-2", "warm-up", "simulator")
#: The image's own, where the file names no other.
CLUSTER_ID = "5L6g3nShT-eMCtK--X86sw"
#: The least that the image's class wants to add loggers to.
LOGGING = "Configuration: {Loggers: {Root: {level: INFO}, Logger: []}}\n"
_LIMIT_S = 180.0


class Machine:
    """Runs services of the compose file side by side without containers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.services: dict[str, Any] = compose()["services"]
        self.ports = {name: ports.free_port() for name in ("kafka", "controller", "worker-1", "worker-2")}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.kafka: Guarded | None = None
        (folder / "shared").mkdir()

    def own(self, text: str, service: str) -> str:
        """Return a command or value with this machine's names in place of the containers'."""
        changes = {
            "kafka:9092": f"localhost:{self.ports['kafka']}",
            "kafka:9093": f"localhost:{self.ports['controller']}",
            "0.0.0.0:9092": f"127.0.0.1:{self.ports['kafka']}",
            "0.0.0.0:9093": f"127.0.0.1:{self.ports['controller']}",
            "/var/lib/kafka/data": str(self.folder / "kafka"),
            "/shared": str(self.folder / "shared"),
            "--transactions 60000 --people 3500": "--transactions 6000 --people 500",
            "3500": "500",
            "$$": "$",
            "6066": str(self.ports.get(service, 6066)),
        }
        text = re.sub("|".join(map(re.escape, changes)), lambda found: changes[found[0]], text)
        return str(self.folder / service) if text == "/data" else text

    def environment(self, service: str) -> dict[str, str]:
        """Return what a service's processes get: the image's variables, then the file's."""
        given = {**image_environment(), **self.services[service].get("environment", {})}
        token = {"PRAHARI_API_TOKEN": "only-for-this-demo"}
        theirs = {name: self.own(value, service) for name, value in {**given, **token}.items() if name != "PATH"}
        if "WEB_HOST" in theirs:
            theirs["WEB_HOST"] = "localhost"
        venv = os.path.dirname(sys.executable)  # noqa: PTH120 - as it stands in PATH
        return {**java.environment(), **theirs, "PATH": f"{venv}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def start(self, service: str) -> subprocess.Popen[bytes]:
        """Start a service's command, the image's where it names none."""
        given = self.services[service].get("command")
        command = given or eval_list((DEPLOY / "Dockerfile").read_text().rsplit("CMD ", 1)[1])
        with (self.folder / f"{service}.log").open("wb") as log:
            process = subprocess.Popen(
                [self.own(word, service) for word in command],
                cwd=self.folder,
                env=self.environment(service),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def start_kafka(self) -> None:
        """Configure and start Kafka as its image does."""
        defaults, mounted, final = (self.folder / name for name in ("defaults", "mounted", "final"))
        for folder in (defaults, mounted, final):
            folder.mkdir()
        for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
            (defaults / name).write_text(LOGGING if name.endswith("yaml") else "")
        folders = ("--default-configs-dir", defaults, "--mounted-configs-dir", mounted, "--final-configs-dir", final)
        set_up = java.command(jars.class_path(), "kafka.docker.KafkaDockerWrapper", "setup", *map(str, folders))
        environment = {**self.environment("kafka"), "CLUSTER_ID": CLUSTER_ID}
        done = subprocess.run(set_up, env=environment, check=False, capture_output=True, text=True, cwd=self.folder)
        assert done.returncode == 0, done.stderr[-2000:]
        run = java.command(jars.class_path(), "kafka.Kafka", str(final / "server.properties"))
        self.kafka = Guarded(run, self.folder)
        wait_until(lambda: ports.answers(self.ports["kafka"]), "Kafka with the file's settings", _LIMIT_S)

    def healthy(self, service: str) -> bool:
        """Ask a service as the file's health check does."""
        _, *command = self.services[service]["healthcheck"]["test"]
        words = [self.own(word, service) for word in command]
        return not subprocess.run(words, env=self.environment(service), capture_output=True, check=False).returncode

    def reach(self, service: str, condition: str) -> None:
        """Start a service and return when it is what others wait for."""
        process = self.start(service)
        log = self.folder / f"{service}.log"
        if condition == DONE:
            assert process.wait(_LIMIT_S) == 0, log.read_text()[-3000:]
        elif condition == HEALTHY:
            wait_until(lambda: self.healthy(service) or process.poll() is not None, f"health, see {log}", _LIMIT_S)
            assert process.poll() is None, log.read_text()[-3000:]

    def ask(self, service: str, path: str) -> bytes:
        """Ask a worker's view with the file's token."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports[service]}{path}")
        request.add_header("Authorization", "Bearer only-for-this-demo")
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - a fixed scheme
            return bytes(answer.read())

    def seen_today(self, service: str) -> int:
        """Ask a worker how many payments of today the budget counted; 404 is that there were none."""
        try:
            return int(json.loads(self.ask(service, "/budget/today"))["seen"])
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.NOT_FOUND:
                raise
            return 0

    def stop(self) -> None:
        """End everything, Kafka last."""
        for process in reversed(self.processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what a shell started may outlive it
            process.wait()
        if self.kafka is not None:
            self.kafka.stop()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Give a machine on which nothing outlives the test."""
    made = Machine(tmp_path)
    yield made
    made.stop()


def order(services: dict[str, Any]) -> list[str]:
    """Return our services so that each comes after what it waits for; fails on a circle."""
    found: list[str] = []
    while len(found) < len(OURS):
        ready = [
            name
            for name in OURS
            if name not in found and set(services[name].get("depends_on", {})) <= {*found, "kafka"}
        ]
        assert ready, f"these wait for each other: {set(OURS) - set(found)}"
        found.append(ready[0])
    return found


@pytest.mark.broker
def test_what_the_compose_file_starts_comes_up_and_decides_payments(machine: Machine) -> None:
    """Each service reaches what others wait for, in their order; both workers answer, with what the simulator sent."""
    conditions = {
        name: wanted["condition"]
        for service in machine.services.values()
        for name, wanted in service.get("depends_on", {}).items()
    }
    machine.start_kafka()
    for service in order(machine.services):
        machine.reach(service, conditions.get(service, ""))
    (prometheus,) = read_yaml(DEPLOY / "prometheus/prometheus.yml")
    targets = [
        target.split(":")[0] for job in prometheus["scrape_configs"] for target in job["static_configs"][0]["targets"]
    ]

    assert targets == ["worker-1", "worker-2"]
    wait_until(lambda: machine.seen_today("worker-2") > 0, "a payment of today", _LIMIT_S)
    for worker in targets:
        assert b"prahari_ready 1.0" in machine.ask(worker, "/metrics")
        assert json.loads(machine.ask(worker, "/model"))
    assert (machine.folder / "shared" / "warmed-up").exists()
    assert machine.processes[-1].poll() is None, (machine.folder / "simulator.log").read_text()[-2000:]
