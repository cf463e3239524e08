"""The pages in a real browser: whole at the width of a phone and of a screen, nothing beside the edge."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import async_playwright
from typer.testing import CliRunner

from backtest.__main__ import app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIDTHS = (360, 1440)


@pytest.fixture(scope="module")
def pages(history: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give the page of a backtest and that of a comparison."""
    folder: Path = tmp_path_factory.mktemp("pages")
    files = {"backtest": folder / "backtest.html", "what-if": folder / "what-if.html"}
    run = CliRunner()
    span = ("--history", str(history), "--rate", "0.02", "--from", "2025-01-04")
    run.invoke(app, [*span, "--report", str(files["backtest"])], catch_exceptions=False)
    run.invoke(app, ["what-if", *span, "--new-rate", "0.01", "--report", str(files["what-if"])], catch_exceptions=False)
    return files


def _noted(heard: list[str], what: str) -> Callable[[Any], None]:
    """Return a listener that notes one attribute of what happened."""
    return lambda happened: heard.append(str(getattr(happened, what)))


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")
@pytest.mark.parametrize("name", ["backtest", "what-if"])
async def test_a_page_fits_every_width_and_asks_for_nothing(pages: dict[str, Path], name: str) -> None:
    """No sideways scrolling, every picture drawn, and no request but for the page itself."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for width in WIDTHS:
            page = await browser.new_page(viewport={"width": width, "height": 900})
            asked: list[str] = []
            wrong: list[str] = []
            page.on("request", _noted(asked, "url"))
            page.on("pageerror", _noted(wrong, "message"))
            await page.goto(pages[name].as_uri())

            beyond = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            # A wide picture scrolls inside its own frame.
            sizes = await page.evaluate(
                "[...document.querySelectorAll('svg')].map(s => (s.closest('.wide') || s).clientWidth)"
            )
            assert beyond <= 0, f"{width}: {beyond} pixels beyond the edge"
            assert all(0 < size <= width for size in sizes)
            assert len(sizes) >= 7 or name == "what-if"
            assert (len(asked), wrong) == (1, [])
        await browser.close()
