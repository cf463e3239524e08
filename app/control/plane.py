"""The worker's side of the control plane: each payee partition goes on with what its own log had put in force."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from agents.control_record import RulesPut, parse_control
from agents.controlled import Controlled
from agents.in_force import InForce
from app.control.drift import DriftMeters
from app.control.log import fold_log, read_batches
from app.control.scorers import Scorers
from app.model_store import ModelStore
from app.scoring import load_scorer
from features.errors import RejectedTransaction

if TYPE_CHECKING:
    from agents.controlled import Deciding
    from app.faust_app import PrahariApp

logger = logging.getLogger(__name__)

_LOOK_UP_S = 30.0


class ControlPlane:
    """What is in force in each payee partition that this worker has open."""

    def __init__(self, app: PrahariApp) -> None:
        self._app = app
        self._lock = asyncio.Lock()
        self._folded: dict[int, InForce] = {}
        self._scorers: Scorers | None = None
        self.partitions: dict[int, Controlled] = {}
        self.drift = DriftMeters()

    @property
    def scorers(self) -> Scorers:
        """The scorers of this worker; the first use loads the settings' rules and model and raises what is wrong."""
        if self._scorers is None:
            settings = self._app.prahari
            default = load_scorer(settings.rules, settings.model_dir)
            extra = [] if settings.model_dir is None else [settings.model_dir]
            store = ModelStore(settings.models_root, *extra)
            self._scorers = Scorers(default, store, wait_s=settings.model_wait_s)
            loop = asyncio.get_running_loop()
            self._scorers.look_up = lambda: asyncio.run_coroutine_threadsafe(self._learn_rules(), loop).result(
                _LOOK_UP_S
            )
        return self._scorers

    async def _learn_rules(self) -> None:
        """Tell the scorers every rules file that ever took force: reasons of older decisions are told in its words."""
        async for records in read_batches(self._app.client_options, self._app.prahari.topic_prefix):
            for _, value in records:
                with suppress(RejectedTransaction):
                    control = parse_control(value)
                    if isinstance(control, RulesPut) and control.text is not None:
                        self.scorers.parsed(control.text)

    async def open(self, partition: int, offset: int) -> Controlled:
        """Return what a partition decides by that has applied `control` up to `offset` (-1: nothing of it)."""
        in_force = await self._at(offset)
        controlled = Controlled(in_force, await self.scorers.resolve(in_force), self.scorers.resolve)
        self.partitions[partition] = controlled
        return controlled

    def close(self, partition: int) -> None:
        """Forget a partition that was given up."""
        self.partitions.pop(partition, None)

    def newest(self) -> Deciding | None:
        """Return what decides in the open partition that is furthest in `control`; None where none is open."""
        furthest = max(self.partitions.values(), key=lambda controlled: controlled.offset, default=None)
        return None if furthest is None else furthest.deciding

    async def _at(self, offset: int) -> InForce:
        """Fold the log up to an offset, going on from the nearest fold before it: partitions stand close together."""
        if offset < 0:
            return InForce()
        async with self._lock:
            if offset not in self._folded:
                start = max((known for known in self._folded if known < offset), default=None)
                options, prefix = self._app.client_options, self._app.prahari.topic_prefix
                before = None if start is None else self._folded[start]
                in_force = await fold_log(options, prefix, start=before, last=offset)
                self._folded = {offset: in_force} if start is None else {start: self._folded[start], offset: in_force}
                logger.info("control: what is in force folded up to record %d", offset)
            return self._folded[offset]
