"""`/payers/{vpa}/decisions`: what was decided of a payer's newest payments, from the log of decisions."""

from __future__ import annotations

import orjson
from aiohttp import web

from app.partitioning import partition_of
from app.views.parameters import read_limit, read_vpa
from app.views.scoring import EARLIER
from app.views.worker import WORKER

LIMIT = 20
SHOWN_MAX = 100
#: Records of the payer's partition that are looked through.
LOOK_BACK = 5_000
_SHOWN = (
    *("transaction_id", "event_time", "amount", "payer_vpa", "payee_vpa", "fraud_probability", "rule_score"),
    *("rules", "risk", "risk_tier", "late", "model_version", "rules_version"),
)


async def show_decisions(request: web.Request) -> web.Response:
    """Answer with the newest decisions on a payer; `looked_back` says how far the log was looked through."""
    worker = request.app[WORKER]
    vpa = read_vpa(request.match_info["vpa"])
    limit = read_limit(request, LIMIT, SHOWN_MAX)
    partition = partition_of(vpa.encode(), worker.partitions, worker.settings.partitioner)
    found = await request.app[EARLIER].of_payer(partition, vpa.encode(), LOOK_BACK)
    shown = [{name: decision.get(name) for name in _SHOWN} for decision in found[:limit]]
    return web.Response(
        body=orjson.dumps({"payer_vpa": vpa, "looked_back": LOOK_BACK, "decisions": shown}),
        content_type="application/json",
    )
