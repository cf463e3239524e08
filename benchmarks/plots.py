"""One picture per command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


def draw(name: str, runs: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw a command's runs into a PNG file."""
    import matplotlib as mpl  # noqa: PLC0415 - takes a second, and only this needs it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - as above

    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    _DRAW[name](axes, runs)
    axes.grid(visible=True, alpha=0.3)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _drain(axes: Any, runs: Sequence[dict[str, Any]]) -> None:
    for run in runs:
        seconds, decided = zip(*run["curve"], strict=True)
        label = f"{run['transactions']:,} by {run['workers']}: {run['decided_per_s']:,.0f}/s"
        axes.plot(seconds, decided, label=label)
    axes.set(xlabel="seconds since the workers' start", ylabel="payments decided")
    axes.legend()


def _steady(axes: Any, runs: Sequence[dict[str, Any]]) -> None:
    _latencies(axes, runs, "ms from due to decided")


def _score(axes: Any, runs: Sequence[dict[str, Any]]) -> None:
    _latencies(axes, runs, "ms from due to answered")


def _latencies(axes: Any, runs: Sequence[dict[str, Any]], what: str) -> None:
    for run in runs:
        shares, latencies = zip(*run["curve"], strict=True)
        beyond = [1 / (1 - share) for share in shares]
        axes.plot(beyond, [max(0.5, latency) for latency in latencies], label=f"{run['rate']:,.0f}/s", marker=".")
    axes.set(xscale="log", yscale="log", ylabel=what, xlabel="one payment in so many takes longer")
    axes.legend()


def _state(axes: Any, runs: Sequence[dict[str, Any]]) -> None:
    for run in runs:
        tenths = run["cpu_us_by_tenth"]
        taken = [run["whale_payments"] * (number + 1) / len(tenths) for number in range(len(tenths))]
        axes.plot(taken, tenths, marker="o", label=f"{run['accounts']:,} accounts")
    axes.set(xlabel="payments that the whale has taken", ylabel="CPU us per payment", ylim=(0, None))
    axes.legend()


def _recovery(axes: Any, runs: Sequence[dict[str, Any]]) -> None:
    names = [f"{run['accounts']:,} accounts" for run in runs]
    axes.barh(names, [run["ready_s"] for run in runs], label="without datadir")
    axes.barh(names, [run["ready_with_datadir_s"] for run in runs], label="with it")
    axes.set(xlabel="seconds from start to ready")
    axes.legend()


def _stages(axes: Any, runs: Sequence[dict[str, Any]]) -> None:
    for run in runs:
        axes.barh(list(run["parts"]), list(run["parts"].values()))
    axes.invert_yaxis()
    axes.set(xlabel="CPU us per payment")


def _engines(axes: Any, runs: Sequence[dict[str, Any]]) -> None:
    names = [f"{run['engine']}, {run['workers']} worker" for run in runs]
    axes.barh(names, [run["decided_per_s"] for run in runs])
    axes.invert_yaxis()
    axes.set(xlabel="payments decided a second")


def _engines_steady(axes: Any, runs: Sequence[dict[str, Any]]) -> None:
    names = [f"{run['engine']}, {run['rate']:,.0f}/s" for run in runs]
    for share in ("p99", "p50"):
        axes.barh(names, [run["decision_ms"][share] for run in runs], label=share)
    axes.invert_yaxis()
    axes.set(xlabel="ms to the decision", xscale="log")
    axes.legend()


_DRAW: Mapping[str, Callable[[Any, Sequence[dict[str, Any]]], None]] = {
    "drain": _drain,
    "score": _score,
    "steady": _steady,
    "state": _state,
    "recovery": _recovery,
    "stages": _stages,
    "engines": _engines,
    "engines-steady": _engines_steady,
}
