"""Dashboard and alerts read what workers tell, and the runbook knows every alert and every error."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.metrics.names import Metrics
from features import errors
from tests.deploy.files import ROOT, alerts, panels
from tests.deploy.promql import selectors

#: What Prometheus itself adds.
SCRAPED = {"up"}
TARGET_LABELS = {"job", "instance"}
RUNBOOK = (ROOT / "docs/runbook.md").read_text()


def expressions() -> list[tuple[str, str]]:
    """Return every expression with where it stands."""
    shown = [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]
    return shown + [(rule["alert"], rule["expr"]) for rule in alerts()]


def labels_of(metrics: Metrics) -> dict[str, set[str]]:
    """Return the label names of each series of ours."""
    found: dict[str, set[str]] = {}
    for held in vars(metrics).values():
        names: tuple[str, ...] = getattr(held, "_labelnames", ())
        for description in held.describe() if hasattr(held, "describe") else ():
            for suffix in ("", "_total", "_bucket", "_count", "_sum"):
                found[description.name + suffix] = {*names, *(("le",) if suffix == "_bucket" else ())}
    return found


@pytest.mark.parametrize(("where", "expression"), expressions())
def test_an_expression_reads_series_that_workers_have(where: str, expression: str) -> None:
    """A renamed metric breaks a test, not a night; labels are those of the metric."""
    known, labels = Metrics().families | SCRAPED, labels_of(Metrics())

    for selector in selectors(expression):
        assert selector.name in known, f"{where}: no worker has {selector.name}"
        unknown = selector.labels - labels.get(selector.name, set()) - TARGET_LABELS
        assert not unknown, f"{where}: {selector.name} has no label {unknown}"


def test_every_metric_of_ours_is_shown_or_watched() -> None:
    """What nobody looks at need not be counted."""
    read = {selector.name for _, expression in expressions() for selector in selectors(expression)}
    ours = {held for held in vars(Metrics()).values() if hasattr(held, "_labelnames")}

    unseen = [
        metric._name
        for metric in ours
        if not read & {metric._name + suffix for suffix in ("", "_total", "_bucket", "_count", "_sum")}
    ]
    assert unseen == []


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_it_is_and_stands_in_the_runbook(rule: dict[str, Any]) -> None:
    """Whoever is woken finds what it means and what to do under its name."""
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"]["summary"]
    section = re.search(rf"^### {rule['alert']}\n(.+?)(?=^##|\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert section is not None, f"docs/runbook.md has no section {rule['alert']}"
    assert "**Do**" in section[1], f"docs/runbook.md does not say what to do on {rule['alert']}"


def test_the_runbook_has_no_alert_that_does_not_exist() -> None:
    """A section for an alert that was removed sends people the wrong way."""
    named = set(re.findall(r"^### (Prahari\w+)$", RUNBOOK, re.MULTILINE))

    assert named == {rule["alert"] for rule in alerts()}


def test_the_runbook_knows_every_error_and_every_reason_of_rejection() -> None:
    """Each error of the tree, and each reason that stands in `rejected`, has a line of its own."""
    tree = {
        name for name, held in vars(errors).items() if isinstance(held, type) and issubclass(held, errors.PrahariError)
    }

    missing = {name for name in tree - {"PrahariError"} | errors.REJECTION_REASONS if f"`{name}`" not in RUNBOOK}
    assert missing == set()
