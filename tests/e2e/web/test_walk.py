"""The whole way of a new user, by a real browser: in, a ticker, its signal, a trade, a setting, out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.web.browsing import Scheme, Visitor, Width, visiting
from tests.e2e.web.sites import PASSWORD, QUICK, Site, serving
from tests.integration.storage.conftest import build
from tests.servers.fixtures import _leased

pytestmark = pytest.mark.asyncio(loop_scope="session")
ARRIVES_MS = 40_000
"""A scan is due every 2.4 seconds; two that pass make an alert."""


@pytest.fixture(params=[pytest.param("postgresql", marks=pytest.mark.postgresql)])
def server_site(request: pytest.FixtureRequest, tmp_path: Path, sqlite_templates: Path) -> Iterator[Site]:
    """Everything in one process on a PostgreSQL server."""
    for server in _leased(request, tmp_path, sqlite_templates):
        with serving(tmp_path, server.cloned_url("newest", build), SCAN_CADENCE_MEDIUM=QUICK) as site:
            yield site


@pytest.fixture(scope="module")
def quick_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Everything in one process on a SQLite file; whatever is watched is scanned every few seconds."""
    directory = tmp_path_factory.mktemp("quick")
    with serving(directory, f"sqlite:///{directory}/site.db", SCAN_CADENCE_MEDIUM=QUICK) as site:
        yield site


@pytest.mark.parametrize(("scheme", "width"), [("light", "desktop"), ("dark", "phone")])
async def test_the_walk(browser: Browser, quick_site: Site, scheme: Scheme, width: Width) -> None:
    async with visiting(browser, quick_site, scheme, width) as ann:
        await _walk(ann, f"{scheme}-{width}@walk.example")


async def test_the_walk_on_a_server(browser: Browser, server_site: Site) -> None:
    async with visiting(browser, server_site, "dark", "desktop") as ann:
        await _walk(ann, "server@walk.example")


async def _walk(ann: Visitor, email: str) -> None:
    await ann.open("/")
    await expect(ann.page).to_have_title("Log in · Forward Factor")
    await ann.page.get_by_role("link", name="Make an account").click()
    await ann.register(email, PASSWORD)
    await _watch(ann, "AAPL")
    await _see_it_arrive(ann, "AAPL")
    await _place(ann, "AAPL")
    await _change_a_setting(ann)
    await ann.log_out()
    await ann.page.goto(f"{ann.site.url}/history")
    await expect(ann.page).to_have_url(f"{ann.site.url}/login?next=%2Fhistory")


async def _watch(ann: Visitor, ticker: str) -> None:
    await expect(ann.page).to_have_url(f"{ann.site.url}/watchlist")
    await ann.page.get_by_label(re.compile("^Tickers")).fill(ticker)
    await ann.page.get_by_role("button", name="Add", exact=True).click()
    await expect(ann.content.get_by_role("link", name=ticker, exact=True)).to_be_visible()


async def _see_it_arrive(ann: Visitor, ticker: str) -> None:
    """Look at the signals without reloading until a new one is there."""
    await ann.page.get_by_role("link", name="Signals", exact=True).click()
    await ann.settled()
    await expect(ann.content.get_by_role("link", name=ticker).first).to_be_visible(timeout=ARRIVES_MS)
    await expect(ann.content.get_by_text("new", exact=True).first).to_be_visible(timeout=ARRIVES_MS)


async def _place(ann: Visitor, ticker: str) -> None:
    await ann.page.get_by_role("button", name=f"Place {ticker}").first.click()
    form = ann.page.get_by_role("dialog")
    await form.get_by_label("Entry price").fill("1.85")
    await form.get_by_label("Contracts").fill("2")
    await form.get_by_label("Notes").fill("<b>bold</b> & calm")
    await form.get_by_role("button", name="Place").click()
    await expect(ann.content.get_by_text("Placed", exact=True).first).to_be_visible()
    await ann.open("/history")
    await expect(ann.content.get_by_role("link", name=ticker).first).to_be_visible()
    await expect(ann.content).to_contain_text("<b>bold</b> & calm")


async def _change_a_setting(ann: Visitor) -> None:
    await ann.open("/settings")
    box = ann.page.get_by_label("FF threshold").first
    await box.fill("0.31")
    await ann.page.get_by_role("button", name="Save changes").click()
    await expect(ann.page.get_by_text("Saved.")).to_be_visible()
    await ann.open("/settings")
    await expect(ann.page.get_by_label("FF threshold").first).to_have_value("0.31")
