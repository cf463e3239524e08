"""`/rules` and `/model`: what is in force, and how often each rule hits lately."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from app.views.live import LIVE
from app.views.worker import WORKER

DRIFT_SHOWN = 12


async def show_rules(request: web.Request) -> web.Response:
    """Answer `/rules`; hits are among the decisions that were looked at while somebody watched the dashboard."""
    rules, hits = request.app[WORKER].rules(), request.app[LIVE].hits
    shown = [
        {
            "id": rule.id,
            "title": rule.title,
            "why": rule.why,
            "weight": rule.weight,
            "state": "active" if rule.active else "shadow",
            "hits": hits.of(rule.id),
        }
        for rule in rules.rules
    ]
    return _json({"rules_version": rules.version, "sampled": hits.sampled, "rules": shown})


async def show_model(request: web.Request) -> web.Response:
    """Answer `/model`: what it was trained on, how well it did on payments held out, and how far payments drifted.

    Drift is what this worker's own payments show: the population stability index of the score and of the inputs that
    moved most. No model is an answer too.
    """
    worker = request.app[WORKER]
    model = worker.model()
    if model is None:
        return _json({"model_version": None})
    manifest = model.manifest
    body: dict[str, Any] = {
        "model_version": manifest.version,
        "feature_schema": manifest.feature_schema,
        "features": len(manifest.feature_names),
        "seed": manifest.seed,
        "data": {name: value for name, value in manifest.data.items() if name != "reference"},
        "metrics": manifest.metrics,
        "versions": manifest.versions,
        "drift": dict(sorted(worker.drift().items(), key=lambda found: -found[1])[:DRIFT_SHOWN]),
    }
    return _json(body)


def _json(body: dict[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS), content_type="application/json")
