"""Who is let in, what every answer carries, and what reaches the log."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.views.access import check_exposure
from app.views.locate import connect_peers
from app.views.routes import ROUTES, create_application
from app.views.server import protocol_logger
from features.errors import SettingsError
from tests.views.worlds import NOW_MS, HeldWorker, paid, silent_tail

if TYPE_CHECKING:
    from tests.views.worlds import World

TOKEN = "s3cret"  # noqa: S105 - a test's own
CLOSED = [
    "/live",
    "/rules",
    "/model",
    "/payers/ravi@okaxis",
    "/payees/ravi@okaxis",
    "/budget/today",
    "/alerts",
    "/nothing-here",
]


@pytest.mark.parametrize("path", CLOSED)
async def test_without_the_token_nothing_is_shown(world: World, path: str) -> None:
    """No token and a wrong one are 401 with a challenge, before anything else is said."""
    worker = HeldWorker(api_token=TOKEN)
    await world.serve(worker)

    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Digest s3cret"},
        {"Authorization": "s3cret"},
    ):
        response, problem = await worker.get(path, headers=headers)

        assert (response.status, response.content_type) == (401, "application/problem+json")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert TOKEN not in str(problem)


async def test_with_the_token_accounts_are_found_on_peers_too(world: World) -> None:
    """The token goes on to the peers."""
    one, two = HeldWorker(api_token=TOKEN), HeldWorker(api_token=TOKEN)
    two.hold("transactions", 0, ravi_okaxis=paid(NOW_MS - 1000))
    await world.serve(one, two)

    response, _ = await one.get("/payers/ravi@okaxis", headers={"Authorization": "bearer s3cret"})

    assert response.status == 200


@pytest.mark.parametrize("path", ["/health", "/ready"])
async def test_probes_need_no_token(world: World, path: str) -> None:
    """Whoever runs the worker may ask how it is."""
    worker = HeldWorker(api_token=TOKEN)
    await world.serve(worker)

    response, _ = await worker.get(path)

    assert response.status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost@evil", "localhost:x", "ä b", ""])
async def test_without_a_token_another_name_is_not_answered(world: World, host: str) -> None:
    """A web page that points its own name at loopback gets nothing."""
    worker = HeldWorker()
    await world.serve(worker)

    response, _ = await worker.get("/alerts", headers={"Host": host})

    assert response.status == 421


@pytest.mark.parametrize("bind", ["0.0.0.0", "", "::", "10.0.0.1", "worker-1"])  # noqa: S104
def test_no_token_beyond_loopback_is_refused(bind: str) -> None:
    """The message names both settings."""
    with pytest.raises(SettingsError, match=r"PRAHARI_API_TOKEN.*WEB_BIND"):
        check_exposure("", bind)


def test_a_short_token_beyond_loopback_is_refused() -> None:
    """It could be guessed within the rate limit; the message has a command that makes a good one, and not the token."""
    with pytest.raises(SettingsError, match=r"16 characters.*got 6.*openssl") as raised:
        check_exposure(TOKEN, "0.0.0.0")  # noqa: S104

    assert TOKEN not in str(raised.value)
    check_exposure(TOKEN, "127.0.0.1")


async def test_a_token_from_a_file_with_a_line_break_at_its_end_is_the_token(world: World) -> None:
    """Secrets of Kubernetes often end in one; blanks alone are no token, and do not open the views to anyone."""
    worker = HeldWorker(api_token=f"{TOKEN}\n")
    await world.serve(worker)

    response, _ = await worker.get("/session", headers={"Authorization": f"Bearer {TOKEN}"})

    assert response.status == 200
    with pytest.raises(SettingsError):
        check_exposure(HeldWorker(api_token=" " * 20).settings.api_token, "0.0.0.0")  # noqa: S104


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
async def test_only_the_methods_of_the_list_are_answered(world: World, path: str) -> None:
    """Everything else is 405 and names what is answered."""
    worker = HeldWorker()
    await world.serve(worker)
    allowed = {route.method for route in ROUTES if route.path == path}

    for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"} - allowed:
        response, _ = await worker.request(
            method, path.format(vpa="ravi@okaxis", day="today", alert_id="t1", partition=0, sequence=0, name="app.js")
        )

        assert (response.status, response.headers["Allow"]) == (405, ", ".join(sorted(allowed)))


@pytest.mark.parametrize(
    "path", ["/table/", "/router/", "/stats", "/graph", "/performance", "/favicon.ico", "/payers/"]
)
async def test_other_paths_do_not_exist(world: World, path: str) -> None:
    """None of Faust's own pages is there."""
    worker = HeldWorker()
    await world.serve(worker)

    response, _ = await worker.get(path)

    assert (response.status, response.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/health", "/payers/ravi", "/nothing-here"])
async def test_every_answer_carries_the_security_headers(world: World, path: str) -> None:
    """Answers and problems alike, and no version of what serves them."""
    worker = HeldWorker()
    await world.serve(worker)

    headers = (await worker.get(path))[0].headers

    assert tuple(headers[name] for name in ("X-Content-Type-Options", "Cache-Control", "X-Frame-Options")) == (
        "nosniff",
        "no-store",
        "DENY",
    )
    assert "aiohttp" not in headers["Server"]


@pytest.mark.parametrize(
    "path",
    ["/payers/ravi.kumar@okaxis", "/payees/ravi.kumar@okaxis?at=now", "/paayers/ravi.kumar@okaxis",
     "/payers/ravi.kumar", "/alerts?payer=ravi.kumar@okaxis", "/payers/ravi.kumar@okaxis%0AFRAUD"],
)  # fmt: skip
async def test_no_request_puts_a_whole_vpa_into_the_log(
    world: World, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """Whatever is asked, well or badly, the log has at most the masked form."""
    caplog.set_level(logging.DEBUG)
    worker = HeldWorker().hold("transactions", 0)
    worker.peer_urls = ["http://127.0.0.1:9"]
    await world.serve(worker)

    response, _ = await worker.get(path)

    assert "kumar" not in caplog.text
    assert f" {response.status} " in caplog.text


async def test_each_answer_is_logged_with_who_asked_and_measured_by_its_view(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A label holds no more than the list of views does, whatever paths clients make up."""
    caplog.set_level(logging.INFO)
    worker = HeldWorker(api_token=TOKEN)
    await world.serve(worker)
    await worker.get("/session", headers={"Authorization": f"Bearer {TOKEN}"})
    await worker.get("/made-up-by-a-client")

    measured = {
        (sample.labels["view"], sample.labels["status"]): sample.value
        for family in worker.metrics.http.collect()
        for sample in family.samples
        if sample.name.endswith("_count")
    }
    assert measured == {("/session", "200"): 1, ("(no such view)", "401"): 1}
    assert "/session 200" in caplog.text
    assert "asked by token" in caplog.text


async def test_a_malformed_request_is_not_quoted_in_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Its trace would hold the request line."""
    caplog.set_level(logging.DEBUG)
    application = create_application(HeldWorker(), (connect_peers, silent_tail))  # type: ignore[arg-type]
    server = TestServer(application)
    await server.start_server(access_log=None, logger=protocol_logger)
    world.servers.append(server)
    reader, writer = await asyncio.open_connection(server.host, server.port)

    writer.write(b"GET /payers/ravi.kumar@okaxis\0 HTTP/1.1\r\n\r\n")
    answer = await reader.read()
    writer.close()

    assert b" 400 " in answer
    assert "malformed request refused" in caplog.text
    assert "kumar" not in caplog.text


@pytest.mark.parametrize("said", [b"", b"GET /ale", b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /ale"])
async def test_a_connection_that_falls_silent_is_closed(said: bytes) -> None:
    """Before, within or after a request: connections that nobody uses must not use a worker up."""
    application = create_application(HeldWorker(), (connect_peers, silent_tail))  # type: ignore[arg-type]
    runner = web.AppRunner(application, access_log=None, keepalive_timeout=0.5)  # the views' own is 75 s
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        reader, writer = await asyncio.open_connection(*runner.addresses[0])
        writer.write(said)
        async with asyncio.timeout(10):
            await reader.read()
        writer.close()
    finally:
        await runner.cleanup()


async def test_an_error_of_ours_says_nothing_of_our_insides(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The log has the trace, the client a 500."""
    worker = HeldWorker()
    await world.serve(worker)
    worker.open_partitions = None  # type: ignore[method-assign, assignment]

    response, problem = await worker.get("/payers/ravi@okaxis")

    assert (response.status, response.content_type) == (500, "application/problem+json")
    assert "NoneType" not in str(problem)
    assert "NoneType" in caplog.text
