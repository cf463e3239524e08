"""Sends each alert to a URL of the bank's: signed, tried again, never in the way of scoring, and never lost silently.

Workers share the partitions of `alerts` in a consumer group of their own. An alert is committed when the receiver took
it or, after the last try, when it stands in `alerts-undelivered` with the reason. So it may come twice, after a crash:
receivers tell by `Prahari-Delivery`, the alert's id.

`Prahari-Signature` is `t=<epoch seconds>,v1=<hex>`: HMAC-SHA256 under `PRAHARI_WEBHOOK_SECRET` of the time, a dot and
the body. Receivers check it and refuse what is older than a few minutes.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from tenacity import (
    AsyncRetrying,
    RetryError,
    before_sleep_log,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)

from features.errors import SettingsError

if TYPE_CHECKING:
    from app.faust_app import PrahariApp

logger = logging.getLogger(__name__)

TRIES = 6
TIMEOUT_S = 5.0
SECRET_CHARS_MIN = 16
_BATCH = 20
_POLL_MS = 1_000
_REASON_CHARS_MAX = 200
_STATUS_MAX = 300


class NotTakenError(Exception):
    """The receiver did not take an alert; the message says how it answered."""


def signature(secret: str, body: bytes, at_s: int) -> str:
    """Return the value of `Prahari-Signature`.

    >>> signature("k", b"{}", 0)
    't=0,v1=c847cd2c51e393092098d6126ed5aeb9ddbe946df3a0b7cb9e9a8a34fadb2cc7'
    """
    mac = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={mac}"


class Webhook:
    """Delivers one alert at a time; `wait_s` is how long the first retry waits at least."""

    def __init__(self, session: aiohttp.ClientSession, url: str, secret: str, *, wait_s: float = 0.5) -> None:
        self._session = session
        self._url = url
        self._secret = secret
        self._wait_s = wait_s

    async def deliver(self, alert_id: str, body: bytes) -> str:
        """Return nothing once the receiver took the alert, else why it did not the last time."""
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type((NotTakenError, aiohttp.ClientError, TimeoutError)),
                wait=wait_exponential_jitter(multiplier=self._wait_s, max=30, jitter=self._wait_s),
                stop=stop_after_attempt(TRIES),
                before_sleep=before_sleep_log(logger, logging.WARNING),
            ):
                with attempt:
                    await self._post(alert_id, body)
        except RetryError as exc:
            return repr(exc.last_attempt.exception())[:_REASON_CHARS_MAX]
        return ""

    async def _post(self, alert_id: str, body: bytes) -> None:
        headers = {
            "Content-Type": "application/json",
            "Prahari-Delivery": alert_id,
            "Prahari-Signature": signature(self._secret, body, int(time.time())),
        }
        async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
            if response.status >= _STATUS_MAX:
                raise NotTakenError(f"answered {response.status}")


async def run(app: PrahariApp) -> None:
    """Deliver alerts until the app stops; does nothing without `PRAHARI_WEBHOOK_URL`."""
    settings = app.prahari
    if not settings.webhook_url:
        return
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        webhook = Webhook(session, settings.webhook_url, settings.webhook_secret)
        async for attempt in AsyncRetrying(
            wait=wait_exponential_jitter(multiplier=0.5, max=30), before_sleep=before_sleep_log(logger, logging.WARNING)
        ):
            with attempt:
                await _follow(app, webhook)


def check_webhook(url: str, secret: str) -> None:
    """Raise `SettingsError` for a webhook that nobody could trust."""
    if url and len(secret) < SECRET_CHARS_MIN:
        raise SettingsError(
            f"needed PRAHARI_WEBHOOK_SECRET of at least {SECRET_CHARS_MIN} characters beside PRAHARI_WEBHOOK_URL, got "
            f"{len(secret)}: without it a receiver cannot tell our alerts from anybody's"
        )


async def _follow(app: PrahariApp, webhook: Webhook) -> None:
    prefix = app.prahari.topic_prefix
    consumer = AIOKafkaConsumer(
        prefix + "alerts",
        **app.client_options,
        group_id=f"{app.conf.id}-webhook",
        enable_auto_commit=False,
        auto_offset_reset="latest",
        max_poll_interval_ms=600_000,
    )
    producer = AIOKafkaProducer(**app.client_options, acks="all", enable_idempotence=True)
    await consumer.start()
    try:
        await producer.start()
        try:
            while not app.should_stop:
                fetched = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_BATCH)
                records = [record for of_one in fetched.values() for record in of_one]
                if records:
                    outcomes = await asyncio.gather(*(_handle(webhook, producer, prefix, one) for one in records))
                    await consumer.commit()
                    for outcome in outcomes:
                        app.metrics.webhook.labels(outcome).inc()
        finally:
            await producer.stop()
    finally:
        await consumer.stop()


async def _handle(webhook: Webhook, producer: AIOKafkaProducer, prefix: str, record: Any) -> str:
    """Deliver one alert, or write it to `alerts-undelivered` with the reason; return what came of it.

    What is no alert is passed over: it would be none the next time either, and all others would wait for it.
    """
    try:
        alert = orjson.loads(record.value or b"")
        alert_id = str(alert["alert_id"])
    except (ValueError, TypeError, KeyError) as exc:
        logger.warning("a record of alerts at offset %d is no alert: %r; it is passed over", record.offset, exc)
        return "unreadable"
    reason = await webhook.deliver(alert_id, record.value)
    if not reason:
        return "taken"
    logger.error("alert %s was not taken: %s; it stands in alerts-undelivered", alert_id, reason)
    value = orjson.dumps({"reason": reason, "tries": TRIES, "alert": alert})
    await producer.send_and_wait(prefix + "alerts-undelivered", value, key=record.key, partition=0)
    return "undelivered"
