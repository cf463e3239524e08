"""The model card: what a reader must know before trusting a model, in Markdown beside the artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.clock import format_event_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.logistic import Logistic
    from models.manifest import Manifest

CARD = "model-card.md"
PICTURE = "model-card.png"

_RANKS = {
    "model": "model (fraud_probability)",
    "risk": "risk (model and rules)",
    "rules": "rules alone",
    "logistic": "logistic baseline",
    "without_forest": "model, learned without the isolation forest",
    "cold": "model, cold: tables empty when the test slice begins",
}
_INPUTS_SHOWN = 20
_HOW_MEASURED = (
    "Trees that learned from the first slice only, early-stopped on the second, measured on the third. The trees that "
    "ship learned from all three. At the budget: the highest 0.5 % of each IST day, beside the most that any ranking "
    "could reach."
)


def write_card(path: Path, manifest: Manifest, history: str, report: Sequence[str], logistic: Logistic) -> None:
    """Write the card of a trained model."""
    sections = (
        _head(manifest, history),
        _data(manifest, report),
        _results(manifest),
        _kinds(manifest),
        _calibration(manifest),
        _importance(manifest),
        _logistic(logistic),
    )
    path.write_text("\n".join(line for section in sections for line in (*section, "")), encoding="utf-8")


def _head(manifest: Manifest, history: str) -> list[str]:
    trees = manifest.parameters["trees"]
    forest = manifest.parameters["isolation_forest"]
    return [
        f"# Model {manifest.version}",
        "",
        (
            f"LightGBM, {trees['tree_count']} trees of {trees['num_leaves']} leaves over {len(manifest.feature_names)} "
            f"features (schema {manifest.feature_schema}), the score of the frozen rules and the depth in an isolation "
            f"forest of {forest['tree_count']} trees. Calibrated on: {manifest.parameters['calibrated_on']}. "
            f"Trained on `{history}` with seed {manifest.seed}."
        ),
        "",
        "Made with " + ", ".join(f"{name} {number}" for name, number in sorted(manifest.versions.items())) + ".",
    ]


def _data(manifest: Manifest, report: Sequence[str]) -> list[str]:
    data = manifest.data
    rows = [
        f"| {name} | {part['rows']:,} | {part['frauds']:,} | {part['frauds'] / max(part['rows'], 1):.2%} |"
        for name, part in data["slices"].items()
    ]
    span = f"{format_event_time(data['from_ms'])} to {format_event_time(data['until_ms'])}"
    labelled = f"Labelled payments from {span}, their labels {data['label_delay_hours']:g} h later."
    return [
        "## Data",
        "",
        *(f"- {line}" for line in report),
        "",
        f"{labelled} {data['buffer_hours']} h lie between the slices.",
        "",
        "| slice | payments | frauds | share |",
        "|---|---|---|---|",
        *rows,
    ]


def _results(manifest: Manifest) -> list[str]:
    rows = []
    for name, title in _RANKS.items():
        found = manifest.metrics.get(name)
        if not found:
            continue
        rows.append(
            f"| {title} | {found['auc']:.4f} | {found['average_precision']:.4f} "
            f"| {found['recall']:.1%} of {found['recall_ceiling']:.1%} "
            f"| {found['precision']:.1%} of {found['precision_ceiling']:.1%} |"
        )
    return [
        "## Results on the test slice",
        "",
        _HOW_MEASURED,
        "",
        "| ranked by | AUC | average precision | recall at the budget | precision at the budget |",
        "|---|---|---|---|---|",
        *rows,
        "",
        f"![ranking, calibration, importance and kinds of fraud]({PICTURE})",
    ]


def _kinds(manifest: Manifest) -> list[str]:
    kinds = manifest.metrics.get("kinds")
    if not kinds:
        return ["## Kinds of fraud", "", "The history does not name them (column `fraud_type`)."]
    rows = [
        f"| {kind} | {count['frauds']:,} | {count['caught']:,} | {count['caught'] / count['frauds']:.1%} |"
        for kind, count in kinds.items()
    ]
    return [
        "## Kinds of fraud",
        "",
        "On the test slice at the budget. All kinds share it, so that a kind can be caught and not be alerted.",
        "",
        "| kind | frauds | alerted | recall |",
        "|---|---:|---:|---:|",
        *rows,
    ]


def _importance(manifest: Manifest) -> list[str]:
    shares = sorted(manifest.metrics["importance"].items(), key=lambda one: -one[1])[:_INPUTS_SHOWN]
    return [
        "## What the trees look at",
        "",
        f"Share of the gain of all splits, the first {_INPUTS_SHOWN}.",
        "",
        "| input | share |",
        "|---|---:|",
        *(f"| `{name}` | {share:.1%} |" for name, share in shares),
    ]


def _logistic(logistic: Logistic) -> list[str]:
    rows = [
        f"| `{term.feature}` | {'ln(1 + x)' if term.log_scaled else 'x'} | {term.coefficient:+.3f} |"
        for term in logistic.terms
    ]
    return [
        "## The logistic baseline",
        "",
        f"Log-odds per standard deviation; the intercept is {logistic.intercept:.3f}.",
        "",
        "| feature | as | coefficient |",
        "|---|---|---:|",
        *rows,
    ]


def _calibration(manifest: Manifest) -> list[str]:
    groups = manifest.metrics.get("calibration")
    if groups is None:
        return ["## Calibration", "", "Fitted on the tuning slice; the history is too short to check it by blocks."]
    rows = [f"| {group['payments']:,} | {group['told']:.3%} | {group['found']:.3%} |" for group in groups]
    return [
        "## Calibration",
        "",
        "Each payment behind the first quarter scored by trees that had not seen its part of the history.",
        "",
        "| payments | mean probability told | frauds found |",
        "|---|---|---|",
        *rows,
    ]
