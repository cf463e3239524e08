"""The model store: found by version, verified each time it is loaded, waited for, never replaced by another."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from agents.in_force import InForce, ModelRef
from app.control.scorers import Scorers
from app.model_store import ModelStore, manifest_digest
from features.errors import ArtifactMismatch, ArtifactMissing
from models import artifact
from models.build import build
from models.manifest import MODEL_TEXT, write_artifact
from models.scoring import Scorer
from rules import DEFAULT_RULES, load_rules
from tests.agents.controls import RULES
from tests.models.conftest import make_dataset

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT = Scorer(load_rules(DEFAULT_RULES), None)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a trained artifact outside any store."""
    directory: Path = tmp_path_factory.mktemp("trained")
    built = build(make_dataset(3_000), DEFAULT.rules, seed=3)
    write_artifact(directory, built.manifest, built.texts)
    return directory


def ref_of(directory: Path) -> ModelRef:
    """Return how a control record names an artifact."""
    return ModelRef(artifact.load(directory).version, manifest_digest(directory))


def test_what_was_added_is_found_by_its_version(trained: Path, tmp_path: Path) -> None:
    """The store holds it under its version, whole; adding it again changes nothing."""
    store = ModelStore(tmp_path / "store")
    ref = store.add(trained)

    assert ref == ref_of(trained) == store.add(trained)
    assert [path.name for path in (tmp_path / "store").iterdir()] == [ref.version]
    assert ModelStore(tmp_path / "store").load(ref).version == ref.version


def test_an_artifact_under_any_name_in_the_store_is_found_by_its_digest(trained: Path, tmp_path: Path) -> None:
    """So a store may be nothing but the directory in which models were trained."""
    shutil.copytree(trained, tmp_path / "model-of-tuesday")

    assert ModelStore(tmp_path).load(ref_of(trained)).version == ref_of(trained).version
    assert ModelStore(None, trained).load(ModelRef(ref_of(trained).version)).version == ref_of(trained).version


def test_an_altered_artifact_is_neither_added_nor_loaded(trained: Path, tmp_path: Path) -> None:
    """One changed byte is another model."""
    altered = tmp_path / "altered"
    shutil.copytree(trained, altered)
    (altered / MODEL_TEXT).write_text((altered / MODEL_TEXT).read_text().replace("tree", "tres", 1))
    store = ModelStore(tmp_path / "store")

    with pytest.raises(ArtifactMismatch, match="altered"):
        store.add(altered)
    with pytest.raises(ArtifactMissing, match="not whole"):
        ModelStore(tmp_path).load(ref_of(trained))


def test_what_is_nowhere_is_missed_with_the_places_looked_at(tmp_path: Path) -> None:
    """The message says where to put it."""
    with pytest.raises(ArtifactMissing, match=f"not found in {tmp_path}.*PRAHARI_MODEL_STORE"):
        ModelStore(tmp_path).load(ModelRef("0123456789ab", "0" * 64))


async def test_a_model_that_arrives_late_is_waited_for(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copied to this host a moment after the record took force: the stage goes on with it, not with another."""
    monkeypatch.setattr("app.control.scorers._RETRY_S", 0.01)
    store, ref = ModelStore(tmp_path / "store"), ref_of(trained)
    scorers = Scorers(DEFAULT, store, wait_s=60)
    real, asked = store.load, []

    def load(wanted: ModelRef) -> artifact.Model:
        asked.append(wanted)
        if len(asked) == 3:
            store.add(trained)
        return real(wanted)

    monkeypatch.setattr(store, "load", load)
    deciding = await scorers.resolve(InForce(model=ref))

    assert deciding.scorer.model is not None
    assert (len(asked), deciding.scorer.model.version) == (3, ref.version)


async def test_a_model_that_never_arrives_ends_the_wait_with_an_error(tmp_path: Path) -> None:
    """The process ends then; a supervisor starts it again, and it asks again."""
    with pytest.raises(ArtifactMissing):
        await Scorers(DEFAULT, ModelStore(tmp_path), wait_s=0).resolve(InForce(model=ModelRef("0123456789ab")))


async def test_settings_stand_for_what_no_record_put_in_force(trained: Path, tmp_path: Path) -> None:
    """Rules and model are taken from the log where it names them, each by itself."""
    store = ModelStore(tmp_path / "store", trained)
    scorers = Scorers(DEFAULT, store, wait_s=0)
    model = ref_of(trained)

    plain = await scorers.resolve(InForce())
    both = await scorers.resolve(InForce(rules=RULES, model=model, challenger=ModelRef("logistic")))
    shadow = await scorers.resolve(InForce(rules_shadow=RULES, challenger=model))

    assert plain.scorer is DEFAULT
    assert both.scorer.model is not None
    assert [rule.id for rule in both.scorer.rules.rules] == ["ANY_AMOUNT"]
    assert (both.scorer.model.version, both.challenger is None) == (model.version, False)
    assert shadow.scorer.model is None
    assert shadow.shadow is not None
    assert (shadow.shadow.ids, shadow.challenger is None) == (("ANY_AMOUNT",), False)
    assert scorers.by_versions("none", both.scorer.rules.version).rules is both.scorer.rules
