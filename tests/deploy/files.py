"""Reads what is in `deploy/` and beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def read_yaml(path: Path) -> list[Any]:
    """Return every document of a YAML file."""
    return list(YAML(typ="safe").load_all(path))


def compose() -> dict[str, Any]:
    """Return docker-compose.yml with its anchors merged."""
    (document,) = read_yaml(ROOT / "docker-compose.yml")
    found: dict[str, Any] = document
    return found


def alerts() -> list[dict[str, Any]]:
    """Return every alert rule."""
    (document,) = read_yaml(DEPLOY / "prometheus/alerts.yml")
    return [rule for group in document["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Return every panel of the dashboard that shows something."""
    dashboard = orjson.loads((DEPLOY / "grafana/dashboards/prahari.json").read_bytes())
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def manifests() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the Kubernetes manifests of the kustomization by kind and name."""
    folder = DEPLOY / "kubernetes"
    (kustomization,) = read_yaml(folder / "kustomization.yaml")
    documents = [document for name in kustomization["resources"] for document in read_yaml(folder / name)]
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def copied() -> list[str]:
    """Return what the Dockerfile copies from the repository."""
    text = (DEPLOY / "Dockerfile").read_text()
    return [found[1] for found in re.finditer(r"^COPY (?!--from)(\S+) \S+$", text, re.MULTILINE)]
