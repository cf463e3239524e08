"""`prahari models`: train models, look at them, put them in force or on trial, without a restart.

The usual way: `train` (or `retrain` from what the stream has seen), `challenge` the model in force with it, compare the
two in decisions and in the dashboard, then `activate` it. Workers load models by version from PRAHARI_MODEL_STORE.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from agents.control_record import LOGISTIC, NO_MODEL
from agents.in_force import ModelRef
from app.control import sending
from app.model_store import ModelStore
from features.clock import format_event_time
from features.errors import ArtifactMismatch, ControlError
from features.vector import FEATURE_SCHEMA
from models.__main__ import train
from models.manifest import MANIFEST, Manifest, read_artifact
from prahari.connection import By, Deployment, Note, Wait, user
from prahari.feature_worth import features, worth
from prahari.output import JsonFlag, show_json, show_table
from prahari.retrain import retrain

app: typer.Typer = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", help=__doc__)
app.command()(train)
app.command()(worth)
app.command()(features)

Which = Annotated[str, typer.Argument(help="An artifact's directory, or a version in the store.", metavar="MODEL")]
_DEFAULT = "default"


@app.command(name="retrain")
def retrain_(
    out: Annotated[Path, typer.Option(help="Directory for the artifact and its model card.")],
    *,
    since: Annotated[str | None, typer.Option("--from", help="Earlier payments only warm the tables.")] = None,
    until: Annotated[str | None, typer.Option(help="Nothing later is seen, no verdict either.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same payments and seed: same model.")] = 1,
    on_trial: Annotated[bool, typer.Option("--challenge", help="Let it challenge the model in force.")] = False,
    by: By = "",
    note: Note = "",
) -> None:
    """Train on what the stream has seen and people have judged."""
    retrain(out, since=since, until=until, seed=seed)
    if on_trial:
        challenge(str(out), by=by, note=note)


@app.command()
def activate(model: Which, *, by: By = "", note: Note = "", wait: Wait = False) -> None:
    """Put a model in force: `none` is rules alone, `default` what each worker's settings say.

    The artifact is verified, copied into the store under its version and named to every worker; one that was altered or
    does not fit this release is refused here, and the model in force stays.
    """
    deployment = Deployment()
    ref = None if model == _DEFAULT else _ref(deployment, model, words=(NO_MODEL,))
    what = "model as the settings say" if ref is None else f"model {ref.version} in force"
    deployment.put(sending.model_record(ref, put_by=by or user(), note=note), what, wait=wait)


@app.command()
def challenge(model: Which, *, by: By = "", note: Note = "", wait: Wait = False) -> None:
    """Let a model score in the shadow: its probability stands in decisions as `challenger_probability`.

    `logistic` is the seven-feature baseline inside the model in force; `none` ends it.
    """
    deployment = Deployment()
    ref = _ref(deployment, model, words=(NO_MODEL, LOGISTIC))
    what = "no challenger" if ref.version == NO_MODEL else f"model {ref.version} challenges"
    record = sending.model_record(ref, put_by=by or user(), note=note, challenger=True)
    deployment.put(record, what, wait=wait)


@app.command(name="list")
def list_(*, as_json: JsonFlag = False) -> None:
    """Show the models in the store, what they were trained on and how well they did on payments held out."""
    deployment = Deployment()
    root = deployment.settings.models_root
    if root is None:
        raise ControlError("needed a model store: set PRAHARI_MODEL_STORE, or PRAHARI_MODEL_DIR for the one around it")
    found = [_told(path.parent) for path in sorted(root.glob(f"*/{MANIFEST}"))]
    if as_json:
        show_json(found)
    else:
        columns = ("model", "trained until", ">payments", ">AUC", ">average precision", ">recall", "fits", "directory")
        show_table(f"{len(found)} models in {root}", columns, (list(model.values()) for model in found))


@app.command()
def show(
    directory: Annotated[Path, typer.Argument(help="An artifact's directory.")], *, as_json: JsonFlag = False
) -> None:
    """Verify an artifact and show its manifest."""
    manifest, _ = read_artifact(directory)
    told = {**_row(manifest), "directory": str(directory)}
    if as_json:
        show_json({**told, "metrics": manifest.metrics, "data": manifest.data, "parameters": manifest.parameters})
    else:
        show_table(f"model {manifest.version}", ("what", "is"), told.items())


def _ref(deployment: Deployment, model: str, *, words: tuple[str, ...]) -> ModelRef:
    """Return how a control record names a model, with its artifact in the store; raises what is wrong with it."""
    if model in words:
        return ModelRef(model)
    root = deployment.settings.models_root
    path = Path(model)
    if not path.is_dir() and root is not None and (root / model).is_dir():
        path = root / model
    if root is None:
        root = path.absolute().parent
    return ModelStore(root).add(path)


def _told(directory: Path) -> dict[str, Any]:
    try:
        manifest, _ = read_artifact(directory)
    except ArtifactMismatch as exc:
        nothing = dict.fromkeys(("trained_until", "payments", "auc", "average_precision", "recall"))
        return {"model": None, **nothing, "fits": str(exc), "directory": directory.name}
    return {**_row(manifest), "directory": directory.name}


def _row(manifest: Manifest) -> dict[str, Any]:
    metrics = manifest.metrics.get("model", {})
    figures = {
        name: round(metrics[name], 4) if name in metrics else None for name in ("auc", "average_precision", "recall")
    }
    return {
        "model": manifest.version,
        "trained_until": format_event_time(manifest.data["until_ms"]),
        "payments": manifest.data["rows"],
        **figures,
        "fits": "yes" if manifest.feature_schema == FEATURE_SCHEMA else "no",
    }
