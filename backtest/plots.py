"""The report's pictures as SVG text, the same bytes for the same numbers."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

INK, SOFT, GOOD, BAD = "#1f3b57", "#9fb3c8", "#2a7f62", "#b3432b"
_STYLE = {"svg.hashsalt": "prahari", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False,
          "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25}  # fmt: skip
_DAYS_NAMED_MAX = 45
_WIDE, _HALF = (9.0, 2.6), (4.4, 3.2)


def days_picture(days: Sequence[dict[str, Any]]) -> str:
    """Draw alerts under their limit, then precision and recall with intervals and ceilings, day by day."""

    def draw(figure: Any) -> None:
        places = range(len(days))
        top, middle, bottom = figure.subplots(3, 1, sharex=True)
        top.bar(places, [day["limit"] for day in days], color=SOFT, label="limit")
        top.bar(places, [day["alerts"] for day in days], color=INK, width=0.5, label="alerts")
        top.bar(places, [day["caught"] for day in days], color=GOOD, width=0.25, label="frauds caught")
        for axes, name in ((middle, "precision"), (bottom, "recall")):
            _with_intervals(axes, [day[name] for day in days])
            ceiling = [day[f"{name}_ceiling"] for day in days]
            axes.step(places, [float("nan") if value is None else value for value in ceiling], where="mid", color=BAD,
                      linewidth=1, label="ceiling")  # fmt: skip
            axes.set_ylim(0, 1.05)
            axes.set_ylabel(name)
        _name_days(bottom, days)
        for axes in (top, middle, bottom):
            _legend_above(axes)

    return _wide((9.0, 6.4), draw)


def curve_picture(curve: dict[str, Any], overall: dict[str, Any]) -> str:
    """Draw precision against recall, the point where the budget stood, and how far it could have come."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.step(curve["recall"], curve["precision"], where="post", color=INK)
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.05))
        if overall["precision"] and overall["recall"]:
            axes.plot(overall["recall"]["value"], overall["precision"]["value"], "o", color=GOOD, label="at the budget")
        if overall["recall_ceiling"] is not None:
            axes.axvline(overall["recall_ceiling"], color=BAD, linewidth=1, label="most that the budget allows")
        axes.legend(fontsize=7)

    return _svg(_HALF, draw)


def threshold_picture(moments: Sequence[dict[str, Any]]) -> str:
    """Draw the lowest risk that was admitted, hour by hour; gaps are hours without an alert to give."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        lowest = [moment["risk"] * 100 if moment["bucket"] < 1024 else float("nan") for moment in moments]
        # An hour between two gaps is a point: a line alone would not show it.
        axes.plot(range(len(moments)), lowest, ".-", color=INK, linewidth=0.8, markersize=2)
        axes.set(ylabel="lowest risk admitted", ylim=(0, 102))
        starts = [
            place for place in range(len(moments)) if place == 0 or _day(moments, place) != _day(moments, place - 1)
        ]
        starts = starts[:: max(1, len(starts) // 12)]
        axes.set_xticks(starts, [_day(moments, place)[5:] for place in starts], fontsize=7)

    return _wide(_WIDE, draw)


def bars_picture(named: Sequence[dict[str, Any]], what: str) -> str:
    """Draw recall by kind, with intervals; kinds without a fraud are left out."""
    shown = [entry for entry in named if entry["recall"]]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        places = range(len(shown))
        values = [entry["recall"]["value"] for entry in shown]
        axes.barh(places, values, color=SOFT)
        errors = [
            [entry["recall"]["value"] - entry["recall"]["low"] for entry in shown],
            [entry["recall"]["high"] - entry["recall"]["value"] for entry in shown],
        ]
        axes.errorbar(values, places, xerr=errors, fmt="o", color=INK, markersize=3, linewidth=1)
        axes.set_yticks(places, [f"{entry['name']} ({entry['frauds']:,})" for entry in shown], fontsize=7)
        axes.set(xlabel=f"recall by {what}", xlim=(0, 1))
        axes.invert_yaxis()

    return _svg((4.4, max(2.0, 0.6 + 0.26 * len(shown))), draw)


def money_picture(days: Sequence[dict[str, Any]], saved: Sequence[float]) -> str:
    """Draw rupees of fraud and rupees saved, day by day."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.bar(range(len(days)), [day["fraud_rupees"] / 1e5 for day in days], color=SOFT, label="fraud")
        axes.bar(range(len(days)), [value / 1e5 for value in saved], color=GOOD, width=0.5, label="saved")
        axes.set_ylabel("lakh rupees")
        _name_days(axes, days)
        _legend_above(axes)

    return _wide(_WIDE, draw)


def waiting_picture(payers: dict[str, Any], payees: dict[str, Any]) -> str:
    """Draw which share of fraud accounts had an alert after so many hours."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for accounts, name, colour in ((payers, "payers", INK), (payees, "payees", GOOD)):
            if accounts["accounts"] and accounts["hours"]:
                shares = [(place + 1) / accounts["accounts"] for place in range(len(accounts["hours"]))]
                axes.step([value + 0.01 for value in accounts["hours"]], shares, where="post", color=colour, label=name)
        axes.set(xscale="log", ylim=(0, 1), xlabel="hours from first fraud to first alert (0.01: at once)",
                 ylabel="share of fraud accounts")  # fmt: skip
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=7)

    return _svg(_HALF, draw)


def _day(moments: Sequence[dict[str, Any]], place: int) -> str:
    return str(moments[place]["time"][:10])


def _name_days(axes: Any, days: Sequence[dict[str, Any]]) -> None:
    """Name as many days below a picture as there is room for."""
    places = range(0, len(days), max(1, -(-len(days) // _DAYS_NAMED_MAX)))
    axes.set_xticks(places, [days[place]["day"][5:] for place in places], rotation=90, fontsize=7)


def _legend_above(axes: Any) -> None:
    """Put the legend where it hides nothing."""
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), fontsize=7, ncols=3, frameon=False)


def _with_intervals(axes: Any, shares: Sequence[dict[str, float] | None]) -> None:
    known = [(place, share) for place, share in enumerate(shares) if share]
    values = [share["value"] for _, share in known]
    errors = [[s["value"] - s["low"] for _, s in known], [s["high"] - s["value"] for _, s in known]]
    axes.errorbar([place for place, _ in known], values, yerr=errors, fmt="o", color=INK, markersize=3, linewidth=1,
                  label="with 95 % interval")  # fmt: skip


def _wide(size: tuple[float, float], draw: Any) -> str:
    """Return a picture that a narrow screen scrolls instead of shrinking it until nothing can be read."""
    return f'<div class="wide">{_svg(size, draw)}</div>'


def _svg(size: tuple[float, float], draw: Any) -> str:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    made = text.getvalue()
    return made[made.index("<svg") :]
