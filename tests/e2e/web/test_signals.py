"""Signals by a real browser: they arrive, are filtered, looked into and decided on; nothing foreign runs or is seen."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import text

from forward_factor.server.web.cookies import SESSION
from forward_factor.storage.store import open_store
from tests.e2e.fleet import IN_SESSION
from tests.e2e.web.browsing import Scheme, Visitor, Width, visiting
from tests.e2e.web.sites import Site
from tests.integration.storage.conftest import POOL
from tests.integration.storage.scanning import dear_chain, scan

pytestmark = pytest.mark.asyncio(loop_scope="session")
LOOKS = [("light", "desktop"), ("dark", "phone")]
HOSTILE = '<img src=x onerror="document.title=1">{{7*7}}'


@asynccontextmanager
async def entered(
    browser: Browser, site: Site, email: str, scheme: Scheme = "light", width: Width = "desktop"
) -> AsyncIterator[Visitor]:
    """Give a visitor who has just made an account."""
    async with visiting(browser, site, scheme, width) as visitor:
        with site.register(email) as client:
            cookie: Any = {"name": SESSION, "value": client.cookies[SESSION], "url": site.url}
            await visitor.context.add_cookies([cookie])
        yield visitor


async def find_signals(site: Site, *tickers: str, rename: str | None = None) -> None:
    """Let scans find six signals of each ticker, as other processes do."""
    async with open_store(site.services.environment["DATABASE_URL"], POOL) as store:
        at = IN_SESSION - timedelta(minutes=5)
        await scan(store, [dear_chain(one, at) for one in tickers])
        if rename is not None:
            async with store.engine.begin() as connection:
                for table in ("signals", "candidates"):
                    changed = text(f"UPDATE {table} SET ticker = :name, vol_point = :name WHERE ticker = :ticker")
                    if table == "candidates":
                        changed = text("UPDATE candidates SET ticker = :name WHERE ticker = :ticker")
                    await connection.execute(changed, {"name": rename, "ticker": tickers[0]})


async def fits(page: Page) -> bool:
    """Whether nothing makes the page wider than its window."""
    wide = "document.documentElement.scrollWidth <= window.innerWidth"
    return bool(await page.evaluate(wide))


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_a_signal_arrives_and_is_placed_in_every_tab(
    browser: Browser, site: Site, scheme: Scheme, width: Width
) -> None:
    ticker = f"LIVE{scheme[0].upper()}"
    async with entered(browser, site, f"{scheme}@live.example", scheme, width) as ann:
        page = ann.page
        await ann.open(f"/?ticker={ticker}")
        await expect(page.get_by_text("No signal fits these filters.")).to_be_visible()
        other = await ann.context.new_page()
        await other.goto(f"{site.url}/?ticker={ticker}")
        await find_signals(site, ticker)
        await expect(page.get_by_role("link", name=ticker)).to_have_count(6)
        await expect(page.get_by_text("new", exact=True)).to_have_count(6)
        assert await fits(page)
        await page.get_by_role("button", name=f"Place {ticker}").first.click()
        form = page.get_by_role("dialog")
        await expect(form.get_by_label("Contracts of every leg")).to_have_value("1")
        assert float(await form.get_by_label("Entry price").input_value()) > 0
        await form.get_by_label("Notes").fill("bought early")
        await form.get_by_role("button", name="Place").click()
        for tab in (page, other):
            await expect(tab.get_by_role("link", name="Placed")).to_be_visible()
        await page.get_by_role("button", name=f"Ignore {ticker}").first.click()
        await page.get_by_role("dialog").get_by_role("button", name="Ignore").click()
        await expect(other.get_by_role("link", name="Ignored")).to_be_visible()


async def test_filters_order_and_address(browser: Browser, site: Site) -> None:
    await find_signals(site, "FILTA", "FILTB")
    async with entered(browser, site, "filter@signals.example") as ann:
        page = ann.page
        await ann.open("/")
        await page.get_by_label("Ticker").fill("filta")
        await expect(page).to_have_url(f"{site.url}/?ticker=FILTA")
        await expect(page.get_by_role("link", name="FILTB")).to_have_count(0)
        await page.get_by_label("Min. FF").fill("1")
        await expect(page.get_by_role("link", name="FILTA")).to_have_count(3)
        await page.get_by_role("columnheader", name="Forward factor").click()
        await expect(page).to_have_url(re.compile("sort=ff"))
        download = page.get_by_role("link", name="Download these signals as CSV")
        assert "ticker=FILTA" in (await download.get_attribute("href") or "")
        await page.reload()
        await ann.settled()
        await expect(page.get_by_role("link", name="FILTA")).to_have_count(3)
        await page.get_by_label("Ticker").fill("")
        await page.get_by_label("Min. FF").fill("99")
        await page.get_by_role("link", name="Show all signals").click()
        await ann.settled()
        await expect(page.get_by_role("link", name="FILTB").first).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_one_signal_in_depth(browser: Browser, site: Site, scheme: Scheme, width: Width) -> None:
    ticker = f"DEEP{scheme[0].upper()}"
    await find_signals(site, ticker)
    async with entered(browser, site, f"{scheme}@deep.example", scheme, width) as ann:
        page = ann.page
        await ann.open(f"/?ticker={ticker}&pair=30/60&point=ATM")
        await page.get_by_role("link", name=ticker).click()
        await ann.settled()
        await expect(page).to_have_title(f"{ticker} 30/60 · Forward Factor")
        await expect(page.get_by_role("img", name=re.compile("Implied vols by expiry"))).to_be_visible()
        await expect(page.get_by_role("img", name=re.compile("Profit of one contract"))).to_be_visible()
        await expect(page.get_by_text("Max. loss")).to_be_visible()
        await expect(page.get_by_text("At front expiry, with the back at 35.0 %")).to_be_visible()
        before = await page.get_by_text("Breaks even at").inner_text()
        await page.get_by_role("button", name="forward vol, 20.6 %").click()
        await expect(page.get_by_text("At front expiry, with the back at 20.6 %")).to_be_visible()
        assert await page.get_by_text("Breaks even at").inner_text() != before
        await page.get_by_role("button", name="Double calendar").click()
        await expect(page.get_by_role("cell", name=re.compile(r"^(Sell|Buy) "))).to_have_count(4)
        assert await fits(page)
        await _decide(page)


async def _decide(page: Page) -> None:
    await page.get_by_role("button", name="Place", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Place").click()
    await expect(page.get_by_text("Placed, held")).to_be_visible()
    await expect(page.get_by_text("The front expires on the next trading day")).to_be_visible()
    await page.get_by_role("button", name="Close position").click()
    await page.get_by_role("dialog").get_by_role("button", name="Close position").click()
    await expect(page.get_by_text("say at what price it was closed")).to_be_visible()
    await page.get_by_role("dialog").get_by_label("Exit price").fill("9.5")
    await page.get_by_role("dialog").get_by_role("button", name="Close position").click()
    await expect(page.get_by_text("Placed, closed")).to_be_visible()
    await expect(page.get_by_text("$9.50 a share")).to_be_visible()
    await page.get_by_role("button", name="Reopen").click()
    await expect(page.get_by_text("Placed, held")).to_be_visible()
    await page.get_by_role("button", name="I ignored it").click()
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(page.get_by_role("button", name="I placed it")).to_be_visible()


async def test_what_is_hostile_is_text(browser: Browser, site: Site) -> None:
    await find_signals(site, "EVIL", rename=HOSTILE)
    async with entered(browser, site, "hostile@signals.example") as ann:
        page = ann.page
        await ann.open(f"/?ticker={quote('<B>')}")
        await expect(page.get_by_text("No signal fits these filters.")).to_be_visible()
        await ann.open("/")
        link = page.get_by_role("link", name=HOSTILE).first
        await expect(link).to_be_visible()
        await page.get_by_role("button", name=f"Ignore {HOSTILE}").first.click()
        form = page.get_by_role("dialog")
        await form.get_by_label("Notes").fill(HOSTILE)
        await form.get_by_role("button", name="Ignore").click()
        await page.get_by_role("link", name="Ignored").click()
        await ann.settled()
        await expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
        await expect(page.locator("dd", has_text=HOSTILE)).to_be_visible()
        await expect(page).to_have_title(re.compile(re.escape(HOSTILE)))


async def test_other_peoples_decisions_are_not_seen(browser: Browser, site: Site) -> None:
    await find_signals(site, "OWNED")
    async with entered(browser, site, "ann@own.example") as ann, entered(browser, site, "bob@own.example") as bob:
        await ann.open("/?ticker=OWNED")
        await bob.open("/?ticker=OWNED")
        await ann.page.get_by_role("button", name="Place OWNED").first.click()
        await ann.page.get_by_role("dialog").get_by_role("button", name="Place").click()
        placed = ann.page.get_by_role("link", name="Placed")
        await expect(placed).to_be_visible()
        path = await placed.get_attribute("href") or ""
        await bob.page.wait_for_timeout(3_000)  # as long as news takes
        await expect(bob.page.get_by_role("button", name="Place OWNED")).to_have_count(6)
        await bob.open(path)
        await expect(bob.page.get_by_text("You have not decided about this signal yet.")).to_be_visible()


async def test_there_is_no_page_of_no_signal(site: Site) -> None:
    with site.register("none@signals.example") as ann:
        for path in ("/signals/nothing", "/signals/%00", f"/signals/{'x' * 300}"):
            assert ann.get(path).status_code == 404, path
        assert ann.get("/signals.csv").status_code == 200
    assert site.ask("GET", "/signals.csv").status_code == 303
