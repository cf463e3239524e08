"""`/payers/{vpa}` and `/payees/{vpa}`: an account's windows at a moment and its newest payments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.views.locate import Question, respond
from app.views.parameters import read_time_ms, read_vpa
from app.views.worker import WORKER
from features import payee, payer
from features.clock import format_event_time
from features.murmur import murmur2_partition

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from agents.delivery import PartitionTask

Summary = dict[str, Any]


async def show_payer(request: web.Request) -> web.Response:
    """Answer `/payers/{vpa}`; any partition may hold a payer, since producers choose it."""
    everywhere = frozenset(range(request.app[WORKER].partitions))
    return await respond(request, _question(request, "payer_vpa", "transactions", everywhere, payer.summary))


async def show_payee(request: web.Request) -> web.Response:
    """Answer `/payees/{vpa}`; our own partitioner says where a payee lives."""
    key = read_vpa(request.match_info["vpa"]).encode()
    home = frozenset({murmur2_partition(key, request.app[WORKER].partitions)})
    return await respond(request, _question(request, "payee_vpa", "transactions-by-payee", home, payee.summary))


def _question(
    request: web.Request,
    role: str,
    topic: str,
    may_hold: frozenset[int],
    summarise: Callable[[Any, int], Summary],
) -> Question:
    """Return the question for one account; `?at=` is the moment, by default now."""
    vpa = read_vpa(request.match_info["vpa"])
    at = request.query.get("at")
    at_ms = request.app[WORKER].now_ms() if at is None else read_time_ms(at, "at")

    def look(task: PartitionTask) -> Summary | None:
        state = task.table.peek(vpa.encode())
        if state is None:
            return None
        summary = summarise(state, at_ms)
        known = summary["first_seen"] is not None or summary["fraud_verdicts_30d"]
        return {role: vpa, "at": format_event_time(at_ms), **summary} if known else None

    return Question(f"{role} {vpa}", topic, may_hold, look, {"at": str(at_ms)}, rank=_last_seen)


def _last_seen(body: Summary) -> str:
    """Return when an account was last seen; texts of one form and zone are in the order of their times."""
    return body["last_seen"] or ""
