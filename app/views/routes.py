"""The views on one page: every path, who may ask it and what goes round it. There is no other route."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from app.views.access import CALLERS, SESSIONS, authenticate
from app.views.access_log import log_access
from app.views.accounts import show_payee, show_payer
from app.views.alerts import follow_alerts, show_alert, show_alerts
from app.views.callers import Role, load_callers
from app.views.decisions import show_decisions
from app.views.docs import show_docs
from app.views.inforce import show_model, show_rules
from app.views.judging import post_label, post_status
from app.views.limits import BATCH_BYTES_MAX, limit_rate, limit_time
from app.views.live import go_live, leave, show_live
from app.views.locate import connect_peers
from app.views.login import log_in, log_out, show_session
from app.views.metrics import follow_loop, show_metrics
from app.views.openapi import show_openapi
from app.views.pages import show_asset, show_page
from app.views.probes import show_health, show_ready
from app.views.problems import answer_problems
from app.views.rehearsing import show_decision, show_payer_half
from app.views.route import ROUTE_LIST, Route, Routes
from app.views.scoring import open_desk, score, score_batch, show_admission
from app.views.sessions import Sessions
from app.views.spending import show_budget
from app.views.steering import post_control
from app.views.worker import WORKER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.views.worker import Worker


ROUTES = (
    Route("GET", "/", show_page, None, "the dashboard"),
    Route("GET", "/assets/{name}", show_asset, None, "what the dashboard loads"),
    Route("GET", "/live", show_live, Role.VIEWER, "numbers, alerts and judgements as they come: server-sent events"),
    Route("GET", "/payers/{vpa}", show_payer, Role.VIEWER, "a payer's windows and newest payments"),
    Route("GET", "/payers/{vpa}/decisions", show_decisions, Role.VIEWER, "what was decided of a payer's payments"),
    Route("GET", "/payees/{vpa}", show_payee, Role.VIEWER, "a payee's windows and newest payments"),
    Route("GET", "/budget/{day}", show_budget, Role.VIEWER, "a day's alert budget"),
    Route("GET", "/alerts", show_alerts, Role.VIEWER, "the newest alerts"),
    Route("GET", "/alerts/{alert_id}", show_alert, Role.VIEWER, "an alert, and who judged it when"),
    Route(
        "POST", "/alerts/{alert_id}/status", post_status, Role.ANALYST, "confirm or clear an alert, or open it again"
    ),
    Route("POST", "/labels", post_label, Role.ANALYST, "a verdict on a payment"),
    Route("POST", "/score", score, Role.ANALYST, "score one payment; `dry_run` scores without remembering it"),
    Route("POST", "/score/batch", score_batch, Role.ANALYST, "score up to 500 payments"),
    Route("POST", "/rehearsals/payer", show_payer_half, Role.ANALYST, "the payer's features; workers ask each other"),
    Route("POST", "/rehearsals/payee", show_decision, Role.ANALYST, "what a row is worth; workers ask each other"),
    Route("POST", "/control", post_control, Role.ADMIN, "put rules, a model, a list entry or the alert rate in force"),
    Route("GET", "/rules", show_rules, Role.VIEWER, "the rules in force, and how often each hits"),
    Route("GET", "/model", show_model, Role.VIEWER, "the model in force, and how good it was"),
    Route(
        "GET", "/admissions/{partition}/{sequence}", show_admission, Role.VIEWER, "what the budget made of a decision"
    ),
    Route("GET", "/session", show_session, Role.VIEWER, "who calls, and in which role"),
    Route("POST", "/login", log_in, None, "trade a token for a session of the dashboard"),
    Route("POST", "/logout", log_out, Role.VIEWER, "end a session of the dashboard"),
    Route("GET", "/openapi.json", show_openapi, None, "this list for machines, OpenAPI 3.1"),
    Route("GET", "/docs", show_docs, None, "this list for people"),
    Route("GET", "/health", show_health, None, "whether the process is alive"),
    Route("GET", "/ready", show_ready, None, "whether the worker takes records, and what it works on"),
    Route("GET", "/metrics", show_metrics, None, "what Prometheus scrapes"),
)
#: Asked by probes and scrapers every few seconds, without a token.
PROBES = frozenset({"/health", "/ready", "/metrics"})
#: Streams of events: they have no time limit.
ENDLESS = frozenset({"/live"})

Background = Callable[[web.Application], AsyncIterator[None]]
BACKGROUND: Sequence[Background] = (connect_peers, follow_alerts, open_desk, go_live, follow_loop)

_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def create_application(worker: Worker, background: Sequence[Background] = BACKGROUND) -> web.Application:
    """Return the aiohttp application with all views of a worker; `background` runs as long as it is served."""
    settings = worker.settings
    roles = {(route.method, route.path): route.role for route in ROUTES}
    application = web.Application(
        middlewares=[
            log_access(full_vpa=settings.log_full_vpa),
            answer_problems,
            limit_rate(settings.rate_limit, PROBES),
            limit_time(ENDLESS),
            authenticate(roles),
        ],
        client_max_size=BATCH_BYTES_MAX,
    )
    application[WORKER] = worker
    application[CALLERS] = load_callers(settings.api_token, settings.api_tokens_file)
    application[SESSIONS] = Sessions(application[CALLERS])
    application.cleanup_ctx.extend(background)
    application.on_response_prepare.append(_protect)
    application.on_shutdown.append(leave)
    for route in ROUTES:
        application.router.add_route(route.method, route.path, route.view)
    application[ROUTE_LIST] = Routes(ROUTES)
    return application


async def _protect(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    response.headers["Server"] = "prahari"
