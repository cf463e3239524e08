"""`/model`: what is in force, and how far payments drifted from what it was trained on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from features.vector import FEATURE_NAMES
from tests.views.worlds import HeldWorker

if TYPE_CHECKING:
    from tests.views.worlds import World


async def test_the_model_is_shown_with_what_drifted_most_and_without_its_bins(world: World) -> None:
    """The reference of a hundred features is for the meter, not for a reader."""
    manifest = SimpleNamespace(
        version="5ee1f2a9c0d4", feature_schema="a1b2", feature_names=["f"], seed=7, metrics={}, versions={}
    )
    manifest.data = {"payments": 60_000, "reference": {"score": {"edges": [0.1], "shares": [0.5, 0.5]}}}
    drifted = {name: number / 1000 for number, name in enumerate(FEATURE_NAMES)}
    worker = HeldWorker(in_force=SimpleNamespace(manifest=manifest), drifted=drifted)
    await world.serve(worker)

    _, body = await worker.get("/model")

    assert body["data"] == {"payments": 60_000}
    assert next(iter(body["drift"].items())) == (FEATURE_NAMES[-1], (len(FEATURE_NAMES) - 1) / 1000)
    assert len(body["drift"]) == 12


async def test_rules_alone_are_an_answer_too(world: World) -> None:
    """A deployment without a model is no error."""
    worker = HeldWorker()
    await world.serve(worker)

    assert (await worker.get("/model"))[1] == {"model_version": None}
