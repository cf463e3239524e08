"""Roles, sessions and limits: what each client may do, and what a page of another site may not."""

from __future__ import annotations

import hashlib
import io
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from app.views.callers import Caller, Callers, Role, digest, load_callers, parse_tokens
from app.views.limits import RateLimit
from app.views.routes import ROUTES
from app.views.sessions import COOKIE, CSRF_HEADER, SESSION_S, Sessions
from features.errors import SettingsError
from tests.views.worlds import HeldWorker

if TYPE_CHECKING:
    from pathlib import Path

    from tests.views.worlds import World

VIEWER, ANALYST, ADMIN = "viewer-0123456789", "analyst-0123456789", "admin-0123456789"
TOKENS = f"""
# of the tests
viewer  wall  {VIEWER}
analyst asha  sha256:{hashlib.sha256(ANALYST.encode()).hexdigest()}
admin   ravi  {ADMIN}   # who may do everything
"""


@pytest.fixture
async def worker(world: World, tmp_path: Path) -> HeldWorker:
    """Serve a worker with one client of each role."""
    path = tmp_path / "tokens"
    path.write_text(TOKENS)
    held = HeldWorker(options={"api_tokens_file": path})
    await world.serve(held)
    return held


def bearer(token: str) -> dict[str, str]:
    """Return the header of a token."""
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("token", "name", "role"), [(VIEWER, "wall", "viewer"), (ANALYST, "asha", "analyst"), (ADMIN, "ravi", "admin")]
)
async def test_each_token_is_its_client_in_its_role(worker: HeldWorker, token: str, name: str, role: str) -> None:
    """A digest in the file stands for its token."""
    _, body = await worker.get("/session", headers=bearer(token))

    assert body == {"name": name, "role": role, "csrf_token": None}


async def test_the_digest_of_a_token_opens_nothing(worker: HeldWorker) -> None:
    """Who reads the file cannot call with what stands there."""
    shown = hashlib.sha256(ANALYST.encode()).hexdigest()
    for token in (shown, f"sha256:{shown}"):
        assert (await worker.get("/session", headers=bearer(token)))[0].status == 401


async def test_no_role_may_do_more_than_the_list_says(worker: HeldWorker) -> None:
    """Every view, asked in every role: 403 exactly where the role is less than the least."""
    for route in ROUTES:
        for token, role in ((VIEWER, Role.VIEWER), (ANALYST, Role.ANALYST), (ADMIN, Role.ADMIN)):
            if route.role is None or route.path == "/live":
                continue
            path = route.path.format(
                vpa="ravi@okaxis", day="today", alert_id="t1", partition=0, sequence=0, name="app.js"
            )
            response, _ = await worker.request(route.method, path, headers=bearer(token))

            assert (response.status == HTTPStatus.FORBIDDEN) == (role < route.role), (route.path, role)


async def log_in(worker: HeldWorker, token: str) -> tuple[dict[str, str], str, Any]:
    """Return the cookie as a header, the CSRF token, and the answer."""
    response, body = await worker.request("POST", "/login", json={"token": token})
    assert response.status == 200, body
    return {"Cookie": f"{COOKIE}={response.cookies[COOKIE].value}"}, body["csrf_token"], response


async def test_a_session_says_who_it_is_and_is_kept_from_scripts_and_other_sites(worker: HeldWorker) -> None:
    """The cookie is HttpOnly and SameSite=Strict."""
    cookie, csrf_token, response = await log_in(worker, ANALYST)

    _, body = await worker.get("/session", headers=cookie)

    assert body == {"name": "asha", "role": "analyst", "csrf_token": csrf_token}
    assert response.cookies[COOKIE]["httponly"]
    assert response.cookies[COOKIE]["samesite"] == "Strict"


async def test_a_change_by_session_needs_its_csrf_token(worker: HeldWorker) -> None:
    """Without it, with another session's, or from another origin: 403; with it, the request is looked at."""
    cookie, csrf_token, _ = await log_in(worker, ANALYST)
    other = (await log_in(worker, ANALYST))[1]
    place: dict[str, dict[str, str]] = {"json": {}}
    path = "/logout"

    for headers, refused in (
        (cookie, True),
        (cookie | {CSRF_HEADER: other}, True),
        (cookie | {CSRF_HEADER: csrf_token, "Origin": "https://evil.example"}, True),
        (cookie | {CSRF_HEADER: csrf_token}, False),
        (cookie | {CSRF_HEADER: csrf_token, "Origin": worker.url}, False),
    ):
        response, problem = await worker.request("POST", path, headers=headers, **place)

        assert (response.status == HTTPStatus.FORBIDDEN) == refused, problem


async def test_another_cookie_is_no_session(worker: HeldWorker) -> None:
    """Made up, altered, or signed by workers with other tokens."""
    cookie, _, _ = await log_in(worker, VIEWER)
    value = cookie["Cookie"].removeprefix(f"{COOKIE}=")
    foreign = Sessions(Callers([(Caller("wall", Role.ADMIN), digest("other-0123456789"))]))
    for forged in ("x", f"a{value}", value[:-1], f".{value}", foreign.sign(Caller("wall", Role.ADMIN), 2**40)):
        assert (await worker.get("/session", headers={"Cookie": f"{COOKIE}={forged}"}))[0].status == 401, forged


async def test_a_wrong_token_gets_no_session_and_few_tries(worker: HeldWorker) -> None:
    """Guessing is slowed down, whatever the limit of other requests."""
    statuses = [(await worker.request("POST", "/login", json={"token": f"guess{n}"}))[0].status for n in range(12)]

    assert statuses[0] == 401
    assert statuses[-1] == 429


async def test_without_a_token_a_page_of_another_site_changes_nothing(world: World) -> None:
    """The worker trusts this machine; a page that its browser shows is not this machine."""
    worker = HeldWorker()
    await world.serve(worker)
    path = "/logout"

    for headers, status in (
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": worker.url}, 204),
        ({}, 204),
    ):
        response, problem = await worker.request("POST", path, data=b"{}", headers=headers)

        assert response.status == status, problem


async def test_a_client_that_asks_too_much_is_told_when_to_ask_again(world: World) -> None:
    """429 with Retry-After; probes go on."""
    worker = HeldWorker(options={"rate_limit": 5})
    await world.serve(worker)
    answers = [(await worker.get("/alerts"))[0] for _ in range(20)]

    assert next(answer for answer in answers if answer.status == 429).headers["Retry-After"] == "1"
    assert answers[0].status != 429
    assert (await worker.get("/health"))[0].status == 200


def test_the_clients_of_a_rate_limit_are_bounded() -> None:
    """A million addresses cost no more memory than four thousand."""
    limit = RateLimit(1, 1, clock=lambda: 0.0)
    for number in range(10_000):
        limit.wait_s(str(number))

    assert len(limit._left) <= 4_096


async def test_a_body_that_is_too_large_is_413(world: World) -> None:
    """Whether its length is announced or not."""
    worker = HeldWorker(api_token=ADMIN)
    await world.serve(worker)
    for size in (65 * 1024, 3 * 1024 * 1024):
        body = io.BytesIO(b'{"token":"' + b"x" * size + b'"}')
        response, _ = await worker.request("POST", "/login", data=body, headers={"Content-Type": "application/json"})

        assert response.status == 413


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("viewer wall", "line 1.*got 2 words"),
        ("\nroot wall 0123456789abcdef", "line 2.*'root'"),
        ("viewer wall short", "at least 16 characters in line 1"),
        ("viewer wall sha256:abc", "64 lower-case hex"),
        ("viewer w,x 0123456789abcdef", "a name of letters"),
        ("viewer a 0123456789abcdef\nadmin a 0123456789abcdef", "one twice"),
    ],
)
def test_a_tokens_file_that_cannot_be_is_refused(text: str, message: str) -> None:
    """The message names the line, never the token."""
    with pytest.raises(SettingsError, match=message) as raised:
        parse_tokens(text)

    assert "abcdef" not in str(raised.value)


def test_a_tokens_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Not taken for no tokens."""
    with pytest.raises(SettingsError, match="PRAHARI_API_TOKENS_FILE"):
        load_callers("", tmp_path / "nothing")


def test_a_session_ends() -> None:
    """After twelve hours, to the second."""
    sessions = Sessions(load_callers(ADMIN, None))
    cookie = sessions.sign(Caller("token", Role.ADMIN), now_s=0)

    assert sessions.read(cookie, SESSION_S - 1)
    assert sessions.read(cookie, SESSION_S) is None
