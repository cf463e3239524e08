"""`shown`: a busy worker. `open_page`: a page of it in headless chromium, at a size and in a colour scheme."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import async_playwright

from tests.dashboard.worlds import Shown, busy_worker, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from playwright.async_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
async def shown() -> AsyncIterator[Shown]:
    """Serve a worker with five alerts and five minutes behind it."""
    served = await serve(busy_worker())
    served.look()
    served.history()
    served.give(*range(4, -1, -1))
    served.look()
    yield served
    await served.server.close()


@pytest.fixture
async def open_page() -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """Open pages; what they say in their consoles fails the test at its end."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        wrong: list[str] = []

        async def opened(url: str, width: int = 1440, scheme: Any = "light", height: int = 1000) -> Page:
            context = await browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                locale="en-IN",
                reduced_motion="reduce",
            )
            page = await context.new_page()
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
            await page.goto(url)
            return page

        yield opened
        await browser.close()
        assert not wrong
