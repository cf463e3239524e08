"""The scorer of this worker: rules and model as the settings name them, loaded once and refused if they do not fit."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

from models import artifact
from models.scoring import Scorer
from rules.parse import load_rules

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)


@cache
def load_scorer(rules: Path, model_dir: Path | None) -> Scorer:
    """Return the scorer; raises `RulesError` or `ArtifactMismatch` where what is there cannot be put in force."""
    if model_dir is None:
        logger.warning("no model: PRAHARI_MODEL_DIR is not set, so payments are scored by rules alone")
        return Scorer(load_rules(rules), None)
    model = artifact.load(model_dir)
    logger.info("model %s, rules from %s", model.version, rules)
    return Scorer(load_rules(rules), model)
