"""A worker with something to show: alerts, accounts, decisions, a model; all of it made up here."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp.test_utils import TestServer

from app.score.verdict import Verdict
from app.settings import Settings
from app.views.alerts import TAIL
from app.views.live import LIVE
from app.views.locate import connect_peers
from app.views.pulse import Sampled
from app.views.readiness import Readiness
from app.views.routes import create_application
from app.views.scoring import DESK, EARLIER
from features import payee, payer
from features.clock import day_text, format_event_time, ist_day
from features.murmur import murmur2_partition
from features.payer_before import payer_before
from features.transaction import Transaction
from features.vector import FEATURE_COUNT, WINDOWS, feature_index
from rules import parse_rules
from tests.views.worlds import PARTITIONS, HeldWorker, silent_tail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from rules import RuleSet

PAYER, PAYEE = "sahil.verma@okicici", "mohan.traders@ybl"
REASONS = [
    "5 payments in the 5 minutes before this one, to 3 payees; 7 in 30 days",
    "₹39,010 paid in the 5 minutes before this one, of ₹40,637 in 30 days",
    "2 frauds confirmed on this payee in 30 days",
]
#: A rule that is on trial: told, and never counted.
TRIED = "MULE_FAN_IN"
TIERS = ("CRITICAL", "HIGH", "CRITICAL", "MEDIUM")
METRICS = {"pr_auc": 0.8421, "roc_auc": 0.9913, "brier": 0.0089, "at_budget": {"precision": 0.93, "recall": 0.127}}


def alert(number: int, now_ms: int) -> dict[str, Any]:
    """Return an alert that came `number` half minutes ago."""
    tier = TIERS[number % len(TIERS)]
    return {
        "alert_id": f"t{number}",
        "transaction_id": f"t{number}",
        "event_time": format_event_time(now_ms - 30_000 * number),
        "payer_vpa": PAYER if number % 3 == 0 else f"payer.{number}@okaxis",
        "payee_vpa": PAYEE if number % 2 == 0 else f"a-rather-long-name-of-a-shop.{number}@okhdfcbank",
        "amount": 9853.0 + 1000 * number,
        "fraud_probability": 0.973 - number / 100,
        "rule_score": 60,
        "rules": ["PAYER_VELOCITY", "AMOUNT_BURST"],
        "risk": {"CRITICAL": 96, "HIGH": 71, "MEDIUM": 44}[tier] - number % 5,
        "risk_tier": tier,
        "reasons": [{"code": f"R{at}", "text": text} for at, text in enumerate(REASONS)],
        "evidence": [
            {
                "event_time": format_event_time(now_ms - 30_000 * number - 600_000 * at),
                "amount": 4500.0,
                "payer_hash": f"{at:010x}",
                "what": ["same_amount", "new_payer", "last_hour"],
            }
            for at in range(1, 4)
        ],
        "payer_before": payer_before(paid_before()),
        "budget": {"day": "2026-11-25", "seen": 3645 - number, "alerted": 18 - number, "limit": 18, "threshold": 640},
        "model_version": "5ee1f2a9c0d4",
        "rules_version": "0c9a7be1d2f3",
    }


def paid_before() -> list[float]:
    """Return the row of a payment whose payer had paid as REASONS say."""
    row = [0.0] * FEATURE_COUNT
    known = zip(WINDOWS, (5, 5, 6, 7, 7), (39_010, 39_010, 39_860, 40_637, 40_637), (3, 3, 4, 5, 5), strict=True)
    for window, payments, rupees, payees in known:
        row[feature_index(f"payer_txn_count_{window}")] = payments
        row[feature_index(f"payer_amount_sum_{window}")] = rupees
        row[feature_index(f"payer_distinct_payees_{window}")] = payees
    for name, value in {"payer_new_payees_1h": 3, "payer_new_payees_24h": 3, "payer_amount_mean_30d": 5_805.29}.items():
        row[feature_index(name)] = value
    return row


class EarlierDecisions:
    """Stands in for the log of decisions."""

    def __init__(self, now_ms: int, known: tuple[str, ...]) -> None:
        self._now_ms = now_ms
        self._known = known

    async def of_payer(self, partition: int, key: bytes, records_max: int) -> list[dict[str, Any]]:  # noqa: ARG002
        if key.decode() not in self._known:
            return []
        return [
            {
                "transaction_id": f"d{number}",
                "event_time": format_event_time(self._now_ms - 60_000 * number),
                "amount": 120.0 + number * number * 31 % 4000,
                "payer_vpa": PAYER,
                "payee_vpa": PAYEE if number % 3 == 0 else f"shop{number}@ybl",
                "risk": 96 if number < 3 else number % 30,
                "risk_tier": "CRITICAL" if number < 3 else "LOW",
                "rules": ["PAYER_VELOCITY"] if number < 3 else [],
            }
            for number in range(20)
        ]


class QuickDesk:
    """Answers at once."""

    async def score(self, asked: Any, partition: int, timeout_s: float) -> Verdict:  # noqa: ARG002
        txn = asked.transaction
        amount = txn.amount_paise / 100
        return Verdict(
            txn.transaction_id, txn.payee_vpa, amount, 0.912, 93, "CRITICAL", ("NEW_BENEFICIARY",), True, 640
        )


class BusyWorker(HeldWorker):
    """A worker with a rule on trial."""

    def rules(self) -> RuleSet:
        text = Settings().rules.read_text(encoding="utf-8")
        before, after = text.split(f"id: {TRIED}", 1)
        return parse_rules(f"{before}id: {TRIED}{after.replace('state: active', 'state: shadow', 1)}")


def busy_worker(**options: Any) -> HeldWorker:
    """Return a worker that holds an account and a model."""
    now_ms = int(time.time() * 1000)
    worker = BusyWorker(clock_ms=now_ms, **options)
    paid, received = payer.empty(), payee.empty()
    for number in range(12):
        txn = Transaction(
            f"t{number}", now_ms - 100_000 * (12 - number), 500_00 + number, PAYER, f"shop{number % 4}@ybl"
        )
        paid = payer.fold(paid, txn)
        received = payee.fold(received, Transaction(f"r{number}", txn.event_time_ms, 90_00, f"p{number}@x", PAYER))
    for partition in range(PARTITIONS):
        worker.hold("transactions", partition).hold("transactions-by-payee", partition)
    held = worker.held["transactions"][murmur2_partition(PAYER.encode(), PARTITIONS)].table
    held._states[PAYER.encode()] = paid
    worker.held["transactions-by-payee"][murmur2_partition(PAYER.encode(), PARTITIONS)].table._states[
        PAYER.encode()
    ] = received
    worker.found = Readiness(model_version="5ee1f2a9c0d4", rules_version="0c9a7be1d2f3", lag={"transactions": 3})
    worker.drifted = {"payer_hour_share": 0.31, "amount": 0.14, "score": 0.04, "payee_age_days": 0.02}
    worker.in_force = SimpleNamespace(
        manifest=SimpleNamespace(
            version="5ee1f2a9c0d4",
            feature_schema="a1b2c3d4e5f6",
            feature_names=["f"] * 57,
            seed=7,
            data={"payments": 60_000, "frauds": 2160, "from": "2026-10-26", "until": "2026-11-24"},
            metrics=METRICS,
            versions={"lightgbm": "4.7.0"},
        )
    )
    return worker


class Shown:
    """A served worker and what a test does to it."""

    def __init__(self, worker: HeldWorker, server: TestServer) -> None:
        self.worker = worker
        self.server = server
        self.app: web.Application = server.app
        self.url = str(server.make_url("/"))
        self._seconds = 0

    def give(self, *numbers: int) -> None:
        """Let alerts come in."""
        for number in numbers:
            self.app[TAIL].recent.add(orjson.dumps(alert(number, self.worker.now_ms())))

    def look(self, seen: int | None = None, *, latency_ms: int = 7) -> None:
        """Let a second pass, with 71 payments in it unless told."""
        self._seconds += 1
        seen = 3_500 + 71 * self._seconds if seen is None else seen
        live = self.app[LIVE]
        day = day_text(ist_day(self.worker.now_ms()))
        report = {"day": day, "seen": seen, "alerted": 17, "limit": seen // 200, "threshold": 640, "pace_ppm": 944_444}
        live.spending.add(orjson.dumps(report))
        live.rate.look(live.spending.seen, self._seconds)
        live.latencies.add(latency_ms, time.monotonic())
        live.hits.add(
            [
                Sampled(("PAYER_VELOCITY", "AMOUNT_BURST"), "CRITICAL"),
                *[Sampled((), "LOW")] * 30,
                *[Sampled((TRIED,), "LOW")] * 2,
                Sampled(("LATE_NIGHT",), "HIGH"),
            ]
        )
        live.tell("overview", live.overview())

    def history(self) -> None:
        """Let five minutes have passed."""
        for second in range(280):
            self.app[LIVE].rate.points.append(70 + 18 * ((second * 37) % 11) / 11 + (25 if 180 < second < 215 else 0))


async def _desk(app: web.Application) -> AsyncIterator[None]:
    now_ms = int(time.time() * 1000)
    app[DESK] = QuickDesk()  # type: ignore[misc] # what the views use of it
    app[EARLIER] = EarlierDecisions(now_ms, (PAYER,))  # type: ignore[misc] # as above
    yield


async def serve(worker: HeldWorker) -> Shown:
    """Serve a worker."""
    application = create_application(worker, (connect_peers, silent_tail, _desk))  # type: ignore[arg-type]
    server = TestServer(application)
    await server.start_server(access_log=None)
    application[TAIL].caught_up.set()
    application[TAIL].recent.on_new = lambda new: application[LIVE].tell("alert", {**new, "status": "open"})
    return Shown(worker, server)
