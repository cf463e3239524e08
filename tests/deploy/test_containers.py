"""The image, the compose file and the manifests, as far as they can be held true without running them."""

from __future__ import annotations

import configparser
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
from faust.types.settings import Settings as FaustSettings

import prahari.models
import prahari.run
import simulator.__main__
from app.settings import Settings
from app.views.routes import ROUTES
from tests.deploy.files import DEPLOY, ROOT, compose, copied, manifests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

IMAGE = "prahari"
OWN = ("features", "rules", "models", "budget", "replay", "tables", "agents", "backtest", "simulator", "app", "prahari")
TYPERS = {"simulator": simulator.__main__.app, "models": prahari.models.app}
FAUST_COMMANDS = {"worker", "warm-up"}


def ours() -> dict[str, dict[str, Any]]:
    """Return the services of the compose file that run our image."""
    return {name: service for name, service in compose()["services"].items() if service.get("image") == IMAGE}


def image_environment() -> dict[str, str]:
    """Return the variables that the image sets."""
    return dict(re.findall(r"\b([A-Z][A-Z0-9_]+)=(\S+)", (DEPLOY / "Dockerfile").read_text()))


def environments() -> dict[str, Mapping[str, str]]:
    """Return every environment that is given to a process of ours."""
    found: dict[str, Mapping[str, str]] = {name: service.get("environment", {}) for name, service in ours().items()}
    return {**found, "Dockerfile": image_environment(), "kubernetes": manifests()["ConfigMap", "prahari"]["data"]}


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield every command line of ours, those within shell scripts too."""
    yield "Dockerfile", eval_list((DEPLOY / "Dockerfile").read_text().rsplit("CMD ", 1)[1])
    yield "kubernetes", manifests()["StatefulSet", "prahari"]["spec"]["template"]["spec"]["containers"][0]["args"]
    for name, service in ours().items():
        words = service.get("command", [])
        scripts = words[2].splitlines() if words[:1] == ["sh"] else [shlex.join(words)]
        for line in scripts:
            parts = shlex.split(line.replace("$$", "$"))
            while parts and re.fullmatch(r"[A-Z_]+=\S*", parts[0]):
                parts = parts[1:]
            if parts and parts[0] in ("python", "faust"):
                yield name, parts


def eval_list(text: str) -> list[str]:
    """Return the words of a Dockerfile's exec form."""
    return re.findall(r'"([^"]*)"', text.splitlines()[0])


@pytest.mark.parametrize(("where", "words"), list(commands()))
def test_a_command_is_one_that_there_is_with_options_that_it_takes(where: str, words: list[str]) -> None:
    """Typer parses each command line as it would when run."""
    if words[0] == "faust":
        assert words[1:3] == ["-A", "app.main"], where
        assert words[3] in FAUST_COMMANDS, where
        return
    assert words[1] == "-m", where
    group: Any = typer.main.get_command(TYPERS[words[2]])
    context = group.make_context(words[2], list(words[3:]))
    name, command, rest = group.resolve_command(context, list(words[3:]))
    command.make_context(name, [re.sub(r"^\$\w+$", "2026-01-01", word) for word in rest], parent=context)


@pytest.mark.parametrize("where", sorted(environments()))
def test_settings_are_known_by_name_and_their_values_can_be(where: str) -> None:
    """A setting that was renamed must not be set silently for nobody."""
    known = {setting.env_name for setting in FaustSettings.SETTINGS.values()}
    ignored = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "MPLCONFIGDIR"}
    given = environments()[where]

    own = {name.removeprefix("PRAHARI_").lower(): value for name, value in given.items() if "PRAHARI_" in name}
    assert set(own) <= set(Settings.model_fields)
    Settings.model_validate(own)
    assert {name for name in given if "PRAHARI_" not in name} <= known | ignored


def test_the_image_holds_every_package_and_runs_as_nobody_special() -> None:
    """What app imports is copied, what is copied exists and reaches the build, and root is given up."""
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert set(OWN) <= set(copied())
    assert all((ROOT / name).exists() for name in copied())
    assert set(copied()) <= let_through
    assert [line for line in lines if line.startswith("USER")][-1] == "USER 10001:10001"


def test_no_service_runs_as_root_and_volumes_belong_to_who_writes_them() -> None:
    """Ours keep the image's user and gain no rights; a directory that a volume is mounted on is the user's own."""
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    made = set(re.search(r"mkdir -p ([^&]+)&&", dockerfile)[1].split())  # type: ignore[index]
    owned = set(re.search(r"chown prahari:prahari ([^\n]+)", dockerfile)[1].split())  # type: ignore[index]

    assert [name for name, service in compose()["services"].items() if "user" in service] == []
    for name, service in ours().items():
        mounts = {mount.split(":")[1] for mount in service["volumes"]}
        assert mounts <= made & owned, name
        assert service["cap_drop"] == ["ALL"], name


def test_the_systemd_unit_starts_a_worker_again_and_without_rights() -> None:
    """Its command is one that there is, each instance has data and port of its own, and root is nowhere."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign] # names as systemd spells them
    unit.read_string((DEPLOY / "systemd/prahari@.service").read_text())
    service = unit["Service"]
    program, name, *options = shlex.split(service["ExecStart"].replace("%i", "6066"))
    command: Any = typer.main.get_command(prahari.run.worker)

    assert (program, name) == ("/opt/prahari/.venv/bin/prahari", "worker")
    assert command.make_context(name, options).params["port"] == 6066
    assert service["ExecStart"].count("%i") == 2
    assert (service["User"], service["Restart"], service["NoNewPrivileges"]) == ("prahari", "always", "true")


def test_compose_mounts_what_exists_and_waits_for_what_there_is() -> None:
    """Bind mounts are in the repository, volumes are declared, dependencies are services."""
    document = compose()

    for name, service in document["services"].items():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            exists = (ROOT / source).exists() if source.startswith(".") else source in document["volumes"]
            assert exists, f"{name}: {mount}"
        assert set(service.get("depends_on", {})) <= set(document["services"]), name


def test_two_workers_share_nothing_but_the_model() -> None:
    """Each has a data volume, a port and a name of its own, under which the other reaches it."""
    first, second = (compose()["services"][f"worker-{number}"] for number in (1, 2))

    assert [first["environment"]["WEB_HOST"], second["environment"]["WEB_HOST"]] == ["worker-1", "worker-2"]
    data = [next(mount for mount in worker["volumes"] if mount.endswith(":/data")) for worker in (first, second)]
    assert data[0] != data[1]
    assert first["ports"] != second["ports"]


def test_only_this_machine_reaches_the_demo() -> None:
    """Published ports are bound to loopback: the token of the compose file is no secret."""
    published = [port for service in compose()["services"].values() for port in service.get("ports", [])]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_kubernetes_asks_views_that_there_are() -> None:
    """Probes and the scrape's annotation name open routes and the container's port."""
    spec = manifests()["StatefulSet", "prahari"]["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    probes = [container[kind]["httpGet"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")]
    paths = {probe["path"] for probe in probes} | {spec["template"]["metadata"]["annotations"]["prometheus.io/path"]}

    assert paths <= {route.path for route in ROUTES if route.role is None}
    assert {probe["port"] for probe in probes} <= {port["name"] for port in container["ports"]}
    port = manifests()["ConfigMap", "prahari"]["data"]["WEB_PORT"]
    assert port == str(container["ports"][0]["containerPort"])


def test_kubernetes_selects_the_pods_that_it_makes() -> None:
    """Service, set, disruption budget and network policy all mean the same pods, and mounts have their volumes."""
    found = manifests()
    spec = found["StatefulSet", "prahari"]["spec"]
    labels = spec["template"]["metadata"]["labels"]

    assert spec["selector"]["matchLabels"] == labels
    assert found["PodDisruptionBudget", "prahari"]["spec"]["selector"]["matchLabels"] == labels
    assert found["NetworkPolicy", "prahari"]["spec"]["podSelector"]["matchLabels"] == labels
    assert all(found["Service", name]["spec"]["selector"] == labels for name in ("prahari", "prahari-web"))
    assert spec["serviceName"] == "prahari"
    volumes = {volume["name"] for volume in spec["template"]["spec"]["volumes"]}
    volumes |= {claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]}
    assert {mount["name"] for mount in spec["template"]["spec"]["containers"][0]["volumeMounts"]} == volumes


def test_pods_run_without_rights() -> None:
    """Not as root, no new privileges, no capabilities, no token of the cluster."""
    pod = manifests()["StatefulSet", "prahari"]["spec"]["template"]["spec"]

    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    context = pod["containers"][0]["securityContext"]
    assert not context["allowPrivilegeEscalation"]
    assert context["capabilities"]["drop"] == ["ALL"]
