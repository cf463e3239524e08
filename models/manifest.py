"""The manifest of an artifact: what was trained from what, and the SHA-256 of every file beside it.

The version of a model is the digest of its manifest, which holds the digests of all else: equal versions are equal
models.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from features.errors import ArtifactMismatch
from features.vector import FEATURE_NAMES, FEATURE_SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
MANIFEST = "manifest.json"
MODEL_TEXT = "model.txt"
FOREST_TEXT = "isolation_forest.txt"
CALIBRATION = "calibration.json"
LOGISTIC = "logistic.json"
RULES_TEXT = "rules.yaml"
FILES = (MODEL_TEXT, FOREST_TEXT, CALIBRATION, LOGISTIC, RULES_TEXT)

ANOMALY = "anomaly_depth"
FROZEN_RULE_SCORE = "frozen_rule_score"
MODEL_INPUTS = (*FEATURE_NAMES, ANOMALY, FROZEN_RULE_SCORE)
"""What the trees read: the registry's features, then the isolation forest's depth and the frozen rules' score."""

_TRAIN_AGAIN = "train again with `python -m models train`, or name the directory of a model that fits"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`manifest.json`. Times are event times in epoch milliseconds; `metrics` were measured on payments held out."""

    format: int
    version: str
    feature_schema: str
    feature_names: tuple[str, ...]
    seed: int
    data: dict[str, Any]
    parameters: dict[str, Any]
    metrics: dict[str, Any]
    odd_depths: tuple[tuple[float, float], ...]
    versions: dict[str, str]
    files: dict[str, str]


def sealed(manifest: Manifest) -> Manifest:
    """Give the manifest its version: the first 12 hex digits of the SHA-256 of all the rest in canonical JSON."""
    plain = msgspec.json.encode(msgspec.structs.replace(manifest, version=""), order="sorted")
    return msgspec.structs.replace(manifest, version=hashlib.sha256(plain).hexdigest()[:12])


def write_artifact(directory: Path, manifest: Manifest, texts: dict[str, str]) -> Manifest:
    """Write the files, then the sealed manifest, so that an interrupted write is never taken for a model."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MANIFEST).unlink(missing_ok=True)
    for name, text in texts.items():
        (directory / name).write_bytes(text.encode())
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(texts.items())}
    result = sealed(msgspec.structs.replace(manifest, files=digests))
    (directory / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(result, order="sorted"), indent=2))
    return result


def read_artifact(directory: Path) -> tuple[Manifest, dict[str, str]]:
    """Read the manifest and the very bytes whose digests it names; raises ArtifactMismatch unless all of it fits."""
    manifest = _read_manifest(directory)
    if manifest.feature_schema != FEATURE_SCHEMA or manifest.feature_names != FEATURE_NAMES:
        changed = sorted(set(manifest.feature_names) ^ set(FEATURE_NAMES)) or "their order or meaning"
        raise ArtifactMismatch(
            f"{directory}: a model of feature schema {FEATURE_SCHEMA} was needed; got {manifest.feature_schema} "
            f"(differs in {changed}): {_TRAIN_AGAIN}"
        )
    if sorted(manifest.files) != sorted(FILES):
        raise ArtifactMismatch(f"{directory}: the files {sorted(FILES)} were needed; got {sorted(manifest.files)}")
    return manifest, {name: _read_file(directory / name, manifest.files[name]) for name in FILES}


def _read_manifest(directory: Path) -> Manifest:
    """Decode the manifest and hold it against its own digest."""
    path = directory / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as exc:
        raise ArtifactMismatch(f"a model was needed in {directory}; got: {exc}: {_TRAIN_AGAIN}") from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise ArtifactMismatch(f"{path} is no manifest of format {FORMAT}: {exc}: {_TRAIN_AGAIN}") from exc
    if manifest.format != FORMAT:
        raise ArtifactMismatch(f"{path}: format {FORMAT} was needed; got {manifest.format}: {_TRAIN_AGAIN}")
    if sealed(manifest).version != manifest.version:
        raise ArtifactMismatch(f"{path} was altered: it is not what version {manifest.version} names: {_TRAIN_AGAIN}")
    return manifest


def _read_file(path: Path, digest: str) -> str:
    """Read one file and hold it against its digest."""
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise ArtifactMismatch(f"{path} was needed by the manifest; got: {exc}: {_TRAIN_AGAIN}") from exc
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise ArtifactMismatch(f"{path} was altered: SHA-256 {digest} was needed; got {found}: {_TRAIN_AGAIN}")
    return content.decode()
