"""Where a worker finds models by version: a directory that holds one directory per artifact.

`control` names a model by its version and the SHA-256 of its manifest; the files come from the store that every worker
of the deployment sees (a shared volume, or a copy on each host). What is there under that name is verified to the last
byte each time it is loaded. A model put in force that is not there yet, or not whole, is waited for; a worker never
goes on with another one.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from features.errors import ArtifactMismatch, ArtifactMissing
from models import artifact
from models.manifest import FILES, MANIFEST, read_artifact

if TYPE_CHECKING:
    from pathlib import Path

    from agents.in_force import ModelRef
    from models.artifact import Model

logger = logging.getLogger(__name__)

#: Models kept loaded: the one in force, its challenger, and those of partitions that have yet to switch.
LOADED_MAX = 4
#: Directories looked at in a store whose directories do not carry the versions as their names.
SCANNED_MAX = 1_000


def _names(manifest: bytes, ref: ModelRef) -> bool:
    """Tell whether this is the manifest that a reference means; without a digest its version says so."""
    if ref.manifest_sha256 is not None:
        return hashlib.sha256(manifest).hexdigest() == ref.manifest_sha256
    return f'"{ref.version}"'.encode() in manifest


def manifest_digest(directory: Path) -> str:
    """Return the SHA-256 of an artifact's manifest file; raises `ArtifactMismatch` where there is none."""
    try:
        return hashlib.sha256((directory / MANIFEST).read_bytes()).hexdigest()
    except OSError as exc:
        raise ArtifactMismatch(f"a model was needed in {directory}; got: {exc}") from exc


class ModelStore:
    """Loads artifacts by version from `root`, and from `extra` directories that are artifacts themselves."""

    def __init__(self, root: Path | None, *extra: Path) -> None:
        self._root = root
        self._extra = extra
        self._loaded: OrderedDict[str, Model] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, ref: ModelRef) -> Model:
        """Return a model, verified; raises `ArtifactMissing` where this worker does not have it whole."""
        with self._lock:
            model = self._loaded.get(ref.version)
            if model is None:
                model = self._loaded[ref.version] = self._read(ref)
            self._loaded.move_to_end(ref.version)
            while len(self._loaded) > LOADED_MAX:
                self._loaded.popitem(last=False)
            return model

    def _read(self, ref: ModelRef) -> Model:
        directory = self._find(ref)
        try:
            model = artifact.load(directory)
        except ArtifactMismatch as exc:
            raise ArtifactMissing(f"model {ref.version} is in force and not whole here: {exc}") from exc
        if model.version != ref.version:
            raise ArtifactMissing(f"model {ref.version} is in force; {directory} holds {model.version}")
        logger.info("loaded model %s from %s", ref.version, directory)
        return model

    def _find(self, ref: ModelRef) -> Path:
        for directory in self._candidates(ref.version):
            manifest = directory / MANIFEST
            try:
                content = manifest.read_bytes()
            except OSError:
                continue
            if _names(content, ref):
                return directory
        places = ", ".join(str(place) for place in (self._root, *self._extra) if place is not None)
        raise ArtifactMissing(
            f"model {ref.version} is in force and was not found in {places or 'any store'}: copy its directory there, "
            "or set PRAHARI_MODEL_STORE to where it is"
        )

    def _candidates(self, version: str) -> list[Path]:
        found = list(self._extra)
        if self._root is not None and self._root.is_dir():
            children = sorted(path for path in self._root.iterdir() if path.is_dir())[:SCANNED_MAX]
            found = [self._root / version, *found, *children]
        return found

    def add(self, source: Path) -> ModelRef:
        """Copy an artifact into the store under its version, verified before and after; return its name.

        Raises `ArtifactMismatch` where it is altered or does not fit this release, `ArtifactMissing` without a store.
        """
        from agents.in_force import ModelRef  # noqa: PLC0415 - kept out of the import of a mere loader

        model = artifact.load(source)
        ref = ModelRef(model.version, manifest_digest(source))
        if self._root is None:
            raise ArtifactMissing("a model store was needed: set PRAHARI_MODEL_STORE to a directory all workers see")
        target = self._root / model.version
        if not (target / MANIFEST).exists() or manifest_digest(target) != ref.manifest_sha256:
            _copy(source, target)
        read_artifact(target)
        return ref


def _copy(source: Path, target: Path) -> None:
    """Copy the files, the manifest last and at once, so that a worker never finds half a model under its name."""
    target.mkdir(parents=True, exist_ok=True)
    card = [name.name for name in source.glob("*.md")]
    for name in (*FILES, *card):
        shutil.copyfile(source / name, target / name)
    partial = target / f"{MANIFEST}.partial"
    shutil.copyfile(source / MANIFEST, partial)
    partial.replace(target / MANIFEST)
