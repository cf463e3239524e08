"""docs/reference/metrics.md: every metric of `/metrics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.metrics.names import Metrics
from prahari.reference.markup import code, table

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIXES = {"counter": "_total", "gauge": "", "histogram": ""}

_INTRO = """# Metrics

What `/metrics` of each worker shows Prometheus; `deploy/grafana` draws it, `deploy/prometheus/alerts.yml` watches it,
and [the runbook](../runbook.md) says what to do. Process and Python metrics of prometheus-client stand beside them.

"""


def metrics_page() -> Iterator[str]:
    """Yield the page."""
    yield from _INTRO.splitlines()
    rows = []
    for metric in vars(Metrics()).values():
        if hasattr(metric, "_labelnames"):
            (described,) = metric.describe()
            labels = ", ".join(code(label) for label in metric._labelnames)  # noqa: SLF001 - no public name
            name = described.name + _SUFFIXES[described.type]
            rows.append((code(name), described.type, labels, described.documentation))
    yield from table(("metric", "type", "labels", "meaning"), rows)
