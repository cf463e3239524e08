"""Artifacts: what is loaded is what was trained, or nothing is loaded."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from features.errors import ArtifactMismatch
from models import artifact
from models.build import build
from models.manifest import FILES, MANIFEST, Manifest, read_artifact, sealed, write_artifact

if TYPE_CHECKING:
    from models.dataset import Dataset
    from rules import RuleSet


@pytest.fixture
def copy(model_dir: Path, tmp_path: Path) -> Path:
    """Give a copy of the artifact to spoil."""
    return Path(shutil.copytree(model_dir, tmp_path / "copy"))


def reseal(directory: Path, **changes: object) -> None:
    """Change a manifest and seal it again, as an honest but unfit artifact would be."""
    manifest = msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Manifest)
    changed = sealed(msgspec.structs.replace(manifest, **changes))
    (directory / MANIFEST).write_bytes(msgspec.json.encode(changed))


def test_an_artifact_is_text_only(model_dir: Path) -> None:
    """Text and JSON, named one by one; nothing that runs when it is read."""
    assert sorted(path.name for path in model_dir.iterdir()) == sorted([*FILES, MANIFEST])
    for path in model_dir.iterdir():
        path.read_text(encoding="utf-8")


def test_the_same_data_rules_and_seed_give_the_same_bytes(
    dataset: Dataset, live_rules: RuleSet, model_dir: Path, tmp_path: Path
) -> None:
    """A model can be made again and compared by its version alone."""
    built = build(dataset, live_rules, seed=3)
    write_artifact(tmp_path, built.manifest, built.texts)
    for name in (*FILES, MANIFEST):
        assert (tmp_path / name).read_bytes() == (model_dir / name).read_bytes()


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_single_changed_byte_is_refused(copy: Path, name: str) -> None:
    """In any file, at its start, middle or end; the message says what to do."""
    content = (copy / name).read_bytes()
    for position in (0, len(content) // 2, len(content) - 2):
        spoiled = bytearray(content)
        spoiled[position] ^= 1
        (copy / name).write_bytes(spoiled)
        with pytest.raises(ArtifactMismatch, match="train again"):
            artifact.load(copy)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_missing_file_is_refused(copy: Path, name: str) -> None:
    """Half a copy is no model."""
    (copy / name).unlink()
    with pytest.raises(ArtifactMismatch, match=name.replace(".", r"\.")):
        artifact.load(copy)


def test_a_directory_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """The likeliest mistake in PRAHARI_MODEL_DIR."""
    with pytest.raises(ArtifactMismatch, match="absent"):
        artifact.load(tmp_path / "absent")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "format 1 was needed; got 2"),
        ({"feature_schema": "0" * 12}, "feature schema"),
        ({"feature_names": ("amount_rupees",)}, "differs in"),
        ({"files": {}}, "files"),
    ],
)
def test_an_honest_artifact_that_does_not_fit_is_refused(copy: Path, changes: dict[str, object], message: str) -> None:
    """A worker of another version must not score with features that mean something else."""
    reseal(copy, **changes)
    with pytest.raises(ArtifactMismatch, match=message):
        artifact.load(copy)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("calibration.json", '{"low": -1, "high": 1, "intercept": 0}'),
        ("calibration.json", '{"low": 1, "high": 1}'),
        ("calibration.json", "[" * 100_000),
        ("logistic.json", "{}"),
        (
            "logistic.json",
            '{"intercept": 0, "terms":[{"feature": "x", "log_scaled": true, "mean": 0, "scale": 1, "coefficient": 0}]}',
        ),
        ("rules.yaml", "rules: 3"),
        ("model.txt", "nonsense"),
        ("isolation_forest.txt", None),
    ],
)
def test_contents_that_this_version_cannot_use_are_refused(copy: Path, name: str, text: str | None) -> None:
    """Even when every digest is right: here the forest is replaced by trees of another width."""
    manifest, texts = read_artifact(copy)
    write_artifact(copy, manifest, {**texts, name: texts["model.txt"] if text is None else text})
    with pytest.raises(ArtifactMismatch):
        artifact.load(copy)


def test_an_interrupted_write_is_no_model(copy: Path) -> None:
    """The manifest is written last, and an older one is removed first."""
    manifest, texts = read_artifact(copy)
    with pytest.raises(AttributeError):
        write_artifact(copy, manifest, {**texts, "model.txt": None})  # type: ignore[dict-item]
    with pytest.raises(ArtifactMismatch):
        artifact.load(copy)


def test_loading_and_scoring_need_neither_the_lightgbm_package_nor_scikit_learn(model_dir: Path) -> None:
    """They would cost each worker 100 MB; nor is training, replay or Faust imported."""
    program = (
        "import sys\n"
        "import models.scoring, models.reasons, models.artifact, rules, numpy\n"
        "from features.vector import FEATURE_COUNT\n"
        f"model = models.artifact.load({str(model_dir)!r})\n"
        "rows = numpy.zeros((3, FEATURE_COUNT))\n"
        "scorer = models.scoring.Scorer(model.rules, model)\n"
        "models.reasons.explain(scorer, rows[0].tolist(), scorer.score(rows)[0])\n"
        "heavy = ('lightgbm', 'sklearn', 'scipy.sparse', 'pandas', 'faust', 'replay', 'models.train', 'models.fit')\n"
        "sys.exit(', '.join(name for name in heavy if name in sys.modules) or 0)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_challenger_scores_the_same_rows(model: artifact.Model, dataset: Dataset) -> None:
    """Its probability stands beside the model's and ranks frauds above the rest."""
    challenger = model.challenger_probability(dataset.rows)
    assert challenger.shape == (len(dataset.rows),)
    assert challenger[dataset.labels == 1].mean() > 2 * challenger[dataset.labels == 0].mean()
    assert np.array_equal(model.challenger_probability(dataset.rows[5:6]), challenger[5:6])
