"""Alerts to a URL of the bank's: signed, tried again, and kept where nobody took them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from app.webhook import TRIES, Webhook, _handle, check_webhook
from features.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "of-the-test-0123"  # noqa: S105 - a test's own
ALERT = json.dumps({"alert_id": "t1", "risk": 97}).encode()


class Receiver:
    """Answers with the statuses in turn, the last for ever."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.taken: list[tuple[dict[str, str], bytes]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.taken.append((dict(request.headers), await request.read()))
        status = self.statuses[min(len(self.taken), len(self.statuses)) - 1]
        headers = {"Location": "/elsewhere"} if status == 307 else {}
        return web.Response(status=status, headers=headers)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """Open an HTTP client."""
    async with ClientSession() as opened:
        yield opened


async def deliver(session: ClientSession, receiver: Receiver) -> str:
    """Deliver an alert to a receiver, without waiting between tries."""
    application = web.Application()
    application.router.add_post("/{tail:.*}", receiver.answer)
    async with TestServer(application) as server:
        return await Webhook(session, str(server.make_url("/hook")), SECRET, wait_s=0.0).deliver("t1", ALERT)


async def test_the_receiver_can_check_who_sent_it_and_when(session: ClientSession) -> None:
    """The signature covers the time and every byte of the body."""
    receiver = Receiver(204)

    assert await deliver(session, receiver) == ""

    (headers, body) = receiver.taken[0]
    at, mac = (part.partition("=")[2] for part in headers["Prahari-Signature"].split(","))
    assert hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest() == mac
    assert abs(time.time() - int(at)) < 60
    assert (body, headers["Prahari-Delivery"]) == (ALERT, "t1")


async def test_a_receiver_that_fails_for_a_while_is_tried_again(session: ClientSession) -> None:
    """Until it takes the alert, and not once more."""
    receiver = Receiver(500, 429, 307, 200)

    assert await deliver(session, receiver) == ""
    assert len(receiver.taken) == 4


async def test_an_alert_that_nobody_takes_is_kept_with_the_reason(session: ClientSession) -> None:
    """After the last try; so is one whose receiver is not there."""
    receiver = Receiver(503)
    assert "503" in await deliver(session, receiver)
    assert len(receiver.taken) == TRIES
    kept: list[Any] = []

    class Producer:
        async def send_and_wait(self, topic: str, value: bytes, **_: Any) -> None:
            kept.append((topic, json.loads(value)))

    webhook = Webhook(session, "http://127.0.0.1:9/", SECRET, wait_s=0.0)
    record = SimpleNamespace(value=ALERT, key=b"a@x")
    assert await _handle(webhook, Producer(), "blue.", record) == "undelivered"

    assert kept[0][0] == "blue.alerts-undelivered"
    assert "Connect" in kept[0][1]["reason"]
    assert kept[0][1]["alert"] == json.loads(ALERT)


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"null", b'{"risk": 97}'])
async def test_what_is_no_alert_is_passed_over(session: ClientSession, value: bytes | None) -> None:
    """Somebody wrote it into `alerts`; the alerts behind it go out all the same."""
    webhook = Webhook(session, "http://127.0.0.1:9/", SECRET, wait_s=0.0)

    assert await _handle(webhook, None, "blue.", SimpleNamespace(value=value, key=None, offset=7)) == "unreadable"


def test_a_webhook_without_a_secret_is_refused() -> None:
    """Nobody could trust it."""
    with pytest.raises(SettingsError, match="PRAHARI_WEBHOOK_SECRET"):
        check_webhook("https://bank.example/hook", "short")
    check_webhook("", "")
