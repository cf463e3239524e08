"""Gives each set of rules and model that is in force its scorer, made once per worker and shared by its partitions."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from agents.control_record import LOGISTIC, NO_MODEL, compiled_rules
from agents.controlled import Deciding
from agents.in_force import InForce, ModelRef
from features.errors import ArtifactMissing
from models.scoring import Scorer
from rules.shadow import ShadowRules

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from agents.controlled import Challenger
    from app.model_store import ModelStore
    from models.artifact import Model
    from rules import RuleSet

logger = logging.getLogger(__name__)

_KEPT = 8
_RETRY_S = 1.0


class Scorers:
    """Scorers by what is in force; `default` stands for what no control record has put in force.

    `wait_s` bounds how long a model in force that is not in the store is waited for before the process must end.
    """

    def __init__(self, default: Scorer, store: ModelStore, *, wait_s: float) -> None:
        self.default = default
        self._store = store
        self._wait_s = wait_s
        self._made: OrderedDict[Hashable, Deciding] = OrderedDict()
        self._rules: OrderedDict[str, RuleSet] = OrderedDict({default.rules.version: default.rules})
        self._lock = asyncio.Lock()
        #: Asked in a thread for rules that no partition of this worker has had in force; returns when it has told them.
        self.look_up: Callable[[], None] = lambda: None

    async def resolve(self, in_force: InForce) -> Deciding:
        """Return what decides; waits for a missing artifact, then raises `ArtifactMissing`."""
        async with self._lock:  # partitions that switch together load a model once
            key = (in_force.rules, in_force.rules_shadow, in_force.model, in_force.challenger, in_force.rate_ppm)
            made = self._made.get(key)
            if made is None:
                made = self._made[key] = await self._patiently(lambda: self._make(in_force))
                self._trim()
            self._made.move_to_end(key)
            return made

    async def _patiently(self, make: Callable[[], Deciding]) -> Deciding:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._wait_s
        while True:
            try:
                return await asyncio.to_thread(make)
            except ArtifactMissing as exc:
                if loop.time() >= end:
                    raise
                logger.warning("%s; asked again every second, %.0f s more", exc, end - loop.time())
            await asyncio.sleep(_RETRY_S)

    def _make(self, in_force: InForce) -> Deciding:
        rules = self.default.rules if in_force.rules is None else self.parsed(in_force.rules)
        model = self._model(in_force.model)
        scorer = self.default
        if (rules, model) != (self.default.rules, self.default.model):
            scorer = Scorer(rules, model)
        staged = None if in_force.rules_shadow is None else self.parsed(in_force.rules_shadow)
        challenger = self._challenger(in_force.challenger, model)
        return Deciding(scorer, challenger, ShadowRules(rules, staged) or None, in_force.rate_ppm)

    def _model(self, ref: ModelRef | None) -> Model | None:
        if ref is None:
            return self.default.model
        if ref.version == NO_MODEL:
            return None
        if self.default.model is not None and self.default.model.version == ref.version:
            return self.default.model
        return self._store.load(ref)

    def _challenger(self, ref: ModelRef | None, model: Model | None) -> Challenger | None:
        if ref is None or (ref.version == LOGISTIC and model is None):
            return None
        if ref.version == LOGISTIC and model is not None:
            return lambda rows: model.challenger_probability(rows).tolist()
        other = self._model(ref)
        return None if other is None else lambda rows: other.probability(rows).tolist()

    def parsed(self, text: str) -> RuleSet:
        """Return the rules of a text that took force, and remember them by their version."""
        rules = compiled_rules(text)
        return self._rules.setdefault(rules.version, rules)

    def by_versions(self, model_version: str, rules_version: str) -> Scorer:
        """Return the scorer that decided under these versions, as far as this worker has it; for reasons only.

        Where it has the rules or the model no more, those of the settings, or none, stand in: an alert waits for no
        artifact.
        """
        if rules_version not in self._rules:
            self.look_up()
        rules = self._rules.get(rules_version)
        if rules is None:
            logger.warning("reasons without rules %s: no record of `control` holds them", rules_version)
            rules = self._rules[rules_version] = self.default.rules
        if (model_version, rules) == (self._default_version, self.default.rules):
            return self.default
        model: Model | None = None
        if model_version != NO_MODEL:
            try:
                model = self._model(ModelRef(model_version))
            except ArtifactMissing as exc:
                logger.warning("reasons without the model: %s", exc)
        return Scorer(rules, model)

    @property
    def _default_version(self) -> str:
        return NO_MODEL if self.default.model is None else self.default.model.version

    def _trim(self) -> None:
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)
        while len(self._rules) > 4 * _KEPT:
            self._rules.popitem(last=False)
