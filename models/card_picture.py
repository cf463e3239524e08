"""The model card's picture: precision by recall, calibration, what the trees look at, and recall by kind of fraud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from models.manifest import Manifest

_SIZE = (11.0, 7.5)
_DOTS_PER_INCH = 90
_INPUTS_SHOWN = 14


def draw_card(path: Path, manifest: Manifest, labels: NDArray[np.int8], probabilities: NDArray[np.float64]) -> None:
    """Draw a trained model's test slice into a PNG file."""
    import matplotlib as mpl  # noqa: PLC0415 - heavy, and only pictures need it

    mpl.use("Agg")
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=_SIZE, layout="constrained")
    curve, calibration, importance, kinds = figure.subplots(2, 2).flat
    _curve(curve, manifest.metrics["model"], labels, probabilities)
    _calibration(calibration, manifest.metrics.get("calibration"))
    shares = sorted(manifest.metrics["importance"].items(), key=lambda one: -one[1])[:_INPUTS_SHOWN][::-1]
    importance.barh([name for name, _ in shares], [share for _, share in shares], color="tab:blue")
    importance.set(title="what the trees look at", xlabel="share of the gain of all splits")
    _kinds(kinds, manifest.metrics["kinds"])
    figure.savefig(path, dpi=_DOTS_PER_INCH, metadata={"Software": None})


def _curve(axes: Any, found: dict[str, float], labels: NDArray[np.int8], probabilities: NDArray[np.float64]) -> None:
    """Precision and recall at every threshold, and the point that the budget buys beside the best one."""
    ordered = labels[np.argsort(-probabilities, kind="stable")]
    caught = np.cumsum(ordered)
    recall, precision = caught / caught[-1], caught / np.arange(1, len(ordered) + 1)
    axes.plot(recall, precision, color="tab:blue")
    axes.plot(found["recall"], found["precision"], "o", color="tab:blue", label="at the budget")
    axes.plot(
        found["recall_ceiling"], found["precision_ceiling"], "x", color="tab:red", label="the most possible there"
    )
    axes.set(title="the test slice", xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.05))
    axes.legend()


def _calibration(axes: Any, groups: list[dict[str, float]] | None) -> None:
    axes.set(title="calibration", xlabel="probability told", ylabel="frauds found")
    known = [group for group in groups or [] if group["found"] > 0]
    if not known:
        axes.text(0.5, 0.5, "too short a history", ha="center", transform=axes.transAxes)
        return
    told, found = [group["told"] for group in known], [group["found"] for group in known]
    axes.loglog([min(told), 1], [min(told), 1], color="lightgrey")
    axes.loglog(told, found, "o-", color="tab:blue")


def _kinds(axes: Any, kinds: dict[str, dict[str, int]]) -> None:
    axes.set(title="recall at the budget", xlabel="share of the kind's frauds")
    if not kinds:
        axes.text(0.5, 0.5, "the history names no kinds", ha="center", transform=axes.transAxes)
        return
    names = list(kinds)[::-1]
    axes.barh(names, [kinds[name]["caught"] / kinds[name]["frauds"] for name in names], color="tab:red")
