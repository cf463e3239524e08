"""The dashboard as people meet it: every page and state, at three sizes, by keyboard, for a screen reader."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from app.control import sending
from app.views.cases import CaseEvent
from app.views.live import LIVE
from tests.dashboard.worlds import PAYER, busy_worker, serve
from tests.views.worlds import HeldWorker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Page, Route

    from tests.dashboard.worlds import Shown

    Opener = Callable[..., Awaitable[Page]]

PICTURES = Path("docs/pictures")
WIDTHS = (360, 768, 1440)
#: Page by name: its address, and what is on it when it is ready.
PAGES = {
    "live": ("", "Latest alerts"),
    "alert": ("#/alert/t0", "Who judged it"),
    "account": (f"#/account/{PAYER}", "Counterparties"),
    "rules": ("#/rules", "Why these numbers"),
    "model": ("#/model", "Look at it"),
    "score": ("#/score", "Score one payment"),
    "docs": ("docs", "The views of a worker"),
}
TOKEN = "of-the-test-012345"  # noqa: S105 - a test's own


async def settled(page: Page, text: str) -> None:
    """Return when a page shows what it is for, and nothing is loading."""
    await expect(page.get_by_text(text, exact=False).first).to_be_visible()
    await expect(page.locator(".bone")).to_have_count(0)


async def picture(page: Page, name: str) -> None:
    """Keep a picture for the documentation, where it is asked for: `PRAHARI_PICTURES=1`."""
    if os.environ.get("PRAHARI_PICTURES"):
        await page.screenshot(path=PICTURES / f"dashboard-{name}.png")


async def faults(page: Page) -> list[str]:
    """Return what axe-core finds wrong for people who see, hear or move otherwise."""
    found = (await Axe().run(page)).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_fits_every_screen_and_is_clean(
    shown: Shown, open_page: Opener, name: str, scheme: Any
) -> None:
    """Nothing is wider than the screen, and axe-core finds nothing, in light and in dark."""
    address, text = PAGES[name]
    for width in WIDTHS:
        page = await open_page(shown.url + address, width, scheme)
        shown.look()
        await settled(page, text)

        wide = await page.evaluate("document.documentElement.scrollWidth")

        if (width, scheme) in ((1440, "light"), (360, "dark")):
            await picture(page, f"{name}-{width}")
        assert wide <= width, f"{name} at {width}"
        assert await faults(page) == [], f"{name} at {width} in {scheme}"


async def test_alerts_and_numbers_come_without_a_reload(shown: Shown, open_page: Opener) -> None:
    """The newest on top, each once; a judgement of somebody else shows too."""
    page = await open_page(shown.url)
    await settled(page, "Latest alerts")
    await expect(page.locator("article.alert")).to_have_count(5)

    shown.give(7, 7)
    shown.look(4_000, latency_ms=3)

    await expect(page.locator("article.alert")).to_have_count(6)
    await expect(page.locator("article.alert").first).to_contain_text("payer.7@okaxis")
    await expect(page.get_by_text("4,000 payments seen")).to_be_visible()
    shown.app[LIVE].tell("case", CaseEvent("t7", "cleared", "asha", "2026-11-25T10:00:00+05:30"))
    await expect(page.locator("article.alert").first).to_contain_text("Cleared")


async def test_an_alert_is_judged_by_mouse_and_by_keyboard(shown: Shown, open_page: Opener) -> None:
    """Confirmed with a click, cleared with a key; both can be undone and stand in the trail."""
    page = await open_page(shown.url)
    await settled(page, "Latest alerts")
    await page.get_by_role("button", name="Confirm fraud").first.click()
    await expect(page.locator("article.alert").nth(0)).to_contain_text("Confirmed fraud")

    await page.locator("body").press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("x")

    await expect(page.locator("article.alert").nth(1)).to_contain_text("Cleared")
    await expect(page.get_by_role("status").filter(has_text="cleared by local")).to_be_visible()
    await page.locator("article.alert").nth(1).get_by_role("link", name="Details").click()
    await settled(page, "Who judged it")
    await expect(page.locator(".trail li")).to_have_count(1)
    await page.get_by_role("button", name="Open again").click()
    await expect(page.locator(".trail li")).to_have_count(2)


async def test_an_account_is_found_from_anywhere_with_a_key(shown: Shown, open_page: Opener) -> None:
    """`/` opens the search; an account that nobody knows is said so."""
    page = await open_page(shown.url)
    await settled(page, "Latest alerts")
    await page.keyboard.press("/")
    await page.get_by_placeholder("name@handle").fill("nobody@nowhere")
    await page.keyboard.press("Enter")

    await expect(page.get_by_text("No payment of this account was seen.")).to_be_visible()
    await picture(page, "state-unknown-account")


async def test_an_admin_puts_an_account_on_a_list(
    shown: Shown, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record names the account, who put it and why."""
    put: list[Any] = []

    async def take(record: Any, *_: object) -> int:
        put.append(record)
        return 41

    monkeypatch.setattr(sending, "put", take)
    page = await open_page(f"{shown.url}#/account/{PAYER}")
    await settled(page, "Counterparties")
    await page.get_by_text("Block, snooze or allow this account").click()
    await page.get_by_label("Why").fill("victim called")
    await page.get_by_role("button", name="Block", exact=True).click()

    await expect(page.get_by_role("status").filter(has_text="is blocked (control record 41)")).to_be_visible()
    assert (put[0].entries[0].list, put[0].entries[0].id) == ("block", PAYER)
    assert (put[0].put_by, put[0].note) == ("local", "victim called")
    assert await faults(page) == []


async def test_one_payment_is_scored_by_a_form(shown: Shown, open_page: Opener) -> None:
    """The verdict is shown; what is no payment is said in the worker's words."""
    page = await open_page(shown.url + "#/score")
    await page.get_by_label("Payer").fill("ravi@okaxis")
    await page.get_by_label("Payee").fill("shop@ybl")
    await page.get_by_label("Amount").fill("499.50")
    await page.get_by_label("Dry run").uncheck()
    await page.get_by_role("main").get_by_role("button", name="Score").click()

    await expect(page.get_by_text("The day's budget admits it.")).to_be_visible()
    await picture(page, "state-scored")
    assert await faults(page) == []
    await page.get_by_label("Payer").fill("nobody")
    await page.get_by_role("main").get_by_role("button", name="Score").click()
    await expect(page.get_by_role("alert")).to_contain_text("payer_vpa needs name@handle")


async def test_a_worker_with_a_token_asks_for_it(open_page: Opener) -> None:
    """A wrong one is said to be wrong; the right one opens the page, and logging out closes it."""
    shown = await serve(busy_worker(api_token=TOKEN))
    try:
        page = await open_page(shown.url)
        await page.get_by_label("Token").fill("wrong")
        await page.get_by_role("button", name="Log in").click()
        await expect(page.get_by_role("alert")).to_contain_text("no client has this token")
        await picture(page, "state-login")
        assert await faults(page) == []
        await page.get_by_label("Token").fill(TOKEN)
        await page.get_by_role("button", name="Log in").click()
        await expect(page.get_by_text("Latest alerts")).to_be_visible()
        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_label("Token")).to_be_visible()
        await page.reload()
        await expect(page.get_by_label("Token")).to_be_visible()
    finally:
        await shown.server.close()


async def test_while_an_account_is_asked_for_its_place_is_held(shown: Shown, open_page: Opener) -> None:
    """Grey bones stand where the numbers will, and the page does not jump when they come."""
    page = await open_page(shown.url)
    asked = asyncio.Event()

    async def answer_later(route: Route) -> None:
        await asked.wait()
        await route.continue_()

    await page.route("**/payers/**", answer_later)
    await page.goto(f"{shown.url}#/account/{PAYER}")
    await expect(page.locator(".bone").first).to_be_visible()
    await picture(page, "state-loading")
    assert await faults(page) == []
    asked.set()
    await settled(page, "Counterparties")


async def test_a_fresh_deployment_says_that_nothing_happened_yet(open_page: Opener) -> None:
    """No alert, no payment, no model: each has words of its own."""
    shown = await serve(HeldWorker())
    try:
        page = await open_page(shown.url)
        await expect(page.get_by_text("Nothing waits for you")).to_be_visible()
        await expect(page.get_by_text("No payments yet today")).to_be_visible()
        await settled(page, "Nothing decided lately")
        await picture(page, "state-empty")
        assert await faults(page) == []
        await page.goto(shown.url + "#/model")
        await expect(page.get_by_text("No model is in force")).to_be_visible()
    finally:
        await shown.server.close()


async def test_a_worker_that_goes_away_and_comes_back_is_seen_to(shown: Shown, open_page: Opener) -> None:
    """The page says that it has no connection; pages that cannot load offer to try again."""
    page = await open_page(shown.url)
    await settled(page, "Latest alerts")
    await shown.server.close()

    await expect(page.get_by_text("No connection, trying again")).to_be_visible()
    await page.get_by_role("link", name="Rules", exact=True).click()
    await expect(page.get_by_role("button", name="Try again")).to_be_visible()
    await picture(page, "state-error")
    assert await faults(page) == []


async def test_what_a_payment_holds_is_never_markup(shown: Shown, open_page: Opener) -> None:
    """Reasons and ids are text, whatever stands in them."""
    page = await open_page(shown.url)
    await settled(page, "Latest alerts")
    evil = "<img src=x onerror=\"document.title='owned'\">"
    shown.app[LIVE].tell("alert", {
        "alert_id": evil, "event_time": "2026-11-25T10:00:00+05:30", "payer_vpa": evil, "payee_vpa": evil, "amount": 1,
        "risk": 99, "risk_tier": "HIGH", "rules": [evil], "reasons": [{"code": "x", "text": evil}], "status": "open",
    })  # fmt: skip

    await expect(page.locator("article.alert").first).to_contain_text("<img src=x")
    assert await page.locator("article.alert img").count() == 0
    assert await page.title() == "Prahari"
