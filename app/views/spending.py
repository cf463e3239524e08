"""`/budget/{day}`: what a day has seen and alerted, its limit, threshold and pace, from the one budget stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.budget import BudgetLogic, report_fields
from app.views.locate import Question, respond
from app.views.parameters import read_day
from app.views.worker import WORKER
from features.clock import day_text

if TYPE_CHECKING:
    from aiohttp import web

    from agents.delivery import PartitionTask


async def show_budget(request: web.Request) -> web.Response:
    """Answer `/budget/{day}`, wherever the budget stage runs."""
    day = read_day(request.match_info["day"], request.app[WORKER].now_ms())

    def look(task: PartitionTask) -> dict[str, Any] | None:
        assert isinstance(task.logic, BudgetLogic)  # noqa: S101 - the only stage over `candidates`
        report = task.logic.budget.report(day)
        return report_fields(report) if report.seen else None

    question = Question(
        f"a budget of {day_text(day)}", "candidates", frozenset({0}), look, {}, rank=lambda body: body["seen"]
    )
    return await respond(request, question)
