"""A comparison as one HTML page that needs nothing beside it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from backtest.markup import HEAD, number, percent, rupees, share_text, table

if TYPE_CHECKING:
    from collections.abc import Sequence

SORTS = (
    ("both", "alerted by both"),
    ("gained", "gained: the new side alone"),
    ("lost", "lost: the old side alone"),
    ("displaced", "of the lost, displaced: scored no lower, others took the place"),
    ("promoted", "of the gained, promoted: scored no higher, there was room"),
)


def render(result: dict[str, Any]) -> str:
    """Return the page of a comparison's numbers."""
    parts = [
        _head(result),
        _sides(result),
        _alerts(result),
        _rules(result["rules"]),
        _types(result["by_type"]),
        _cases("Frauds gained", result["gained_frauds"]),
        _cases("Frauds lost", result["lost_frauds"]),
    ]
    return HEAD.replace("Prahari backtest", "Prahari what-if") + "\n".join(parts) + "\n</body></html>\n"


def _head(result: dict[str, Any]) -> str:
    gained, lost = result["alerts"]["gained"], result["alerts"]["lost"]
    cards = [
        ("alerts gained, lost", f"+{number(gained['alerts'])} -{number(lost['alerts'])}"),
        ("frauds gained, lost", f"+{number(gained['frauds'])} -{number(lost['frauds'])}"),
        ("overlap of alerts", percent(result["overlap"])),
        ("payments scored apart", number(result["scored_apart"])),
        ("net gained", rupees(result["after"]["net_rupees"] - result["before"]["net_rupees"])),
    ]
    boxes = "".join(f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>" for name, value in cards)
    return (
        f"<h1>What if: {escape(result['history'])}</h1><div class='cards'>{boxes}</div>"
        f"<p>{number(result['decided'])} payments decided in two ways, after {number(result['warmed'])} that only "
        "warmed the tables.</p>"
    )


def _sides(result: dict[str, Any]) -> str:
    sides = (result["before"], result["after"])
    facts: list[tuple[str, ...]] = [
        ("model", *(side["model_version"] or "none: rules alone" for side in sides)),
        ("rules", *(side["rules_version"] for side in sides)),
        ("alert rate", *(f"{side['alert_rate']:.2%}" for side in sides)),
        ("alerts, of allowed", *(f"{number(side['alerts'])} of {number(side['limit'])}" for side in sides)),
        ("frauds caught", *(f"{number(side['caught'])} of {number(side['frauds'])}" for side in sides)),
        ("precision", *(share_text(side["precision"]) for side in sides)),
        ("recall", *(share_text(side["recall"]) for side in sides)),
        ("recall by value", *(percent(side["value_recall"]) for side in sides)),
        ("net", *(rupees(side["net_rupees"]) for side in sides)),
    ]
    return "<h2>Side by side</h2>" + table(("", "before", "after"), facts)


def _alerts(result: dict[str, Any]) -> str:
    rows = [
        (words, number(sort["alerts"]), number(sort["frauds"]), rupees(sort["fraud_rupees"]),
         share_text(sort["precision"]))
        for sort, words in ((result["alerts"][name], words) for name, words in SORTS)
    ]  # fmt: skip
    return "<h2>Alerts</h2>" + table(("", "alerts", "frauds", "of fraud", "precision"), rows)


def _rules(rules: Sequence[dict[str, Any]]) -> str:
    rows = []
    for rule in rules:
        sides = [rule[side] or {"hits": 0, "alerts": 0, "caught": 0, "precision": None} for side in ("before", "after")]
        cells = [[number(side[key]) for side in sides] for key in ("hits", "alerts", "caught")]
        rows.append((rule["id"], *(" → ".join(cell) for cell in cells), *(share_text(s["precision"]) for s in sides)))
    head = ("rule", "hits", "alerts", "frauds caught", "precision before", "precision after")
    return "<h2>Rules</h2>" + table(head, rows)


def _types(types: Sequence[dict[str, Any]]) -> str:
    rows = [(kind["name"], number(kind["frauds"]), number(kind["before"]), number(kind["after"])) for kind in types]
    return "<h2>By kind of fraud</h2>" + table(("kind", "frauds", "caught before", "caught after"), rows)


def _cases(title: str, cases: Sequence[dict[str, Any]]) -> str:
    rows = [
        (case["event_time"][:16].replace("T", " "), f"{case['payer']} → {case['payee']}", rupees(case["amount"]),
         case["fraud_type"] or "", f"{case['bucket_before']} → {case['bucket_after']}",
         ", ".join(case["rules_before"]) or "-", ", ".join(case["rules_after"]) or "-")
        for case in cases
    ]  # fmt: skip
    head = ("time", "payment", "amount", "kind", "score", "rules before", "rules after")
    return f"<h2>{title}</h2><p>Those of most worth first.</p>{table(head, rows, 'long')}"
