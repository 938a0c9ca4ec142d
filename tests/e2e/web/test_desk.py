"""Why not, watchlist, history, settings, Telegram and account by a real browser, in every colour and width."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.web.browsing import Scheme, Visitor, Width, visiting
from tests.e2e.web.sites import PASSWORD, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")
LOOKS = [("light", "desktop"), ("dark", "phone")]
NEW = "another horse battery"
HOSTILE = "<img src=x onerror=alert(1)>"


async def _assert_fits(page: Page) -> None:
    wide, window = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, page.url


async def _watch(one: Visitor, *tickers: str) -> None:
    await one.open("/watchlist")
    await one.page.get_by_label("Tickers, e.g.").fill(" ".join(tickers))
    await one.page.get_by_label("Tickers, e.g.").press("Enter")
    for ticker in tickers:
        await expect(one.page.get_by_role("link", name=ticker, exact=True)).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_from_the_first_ticker_to_why_not(browser: Browser, site: Site, scheme: Scheme, width: Width) -> None:
    async with visiting(browser, site, scheme, width) as ann:
        page = ann.page
        await ann.register(f"why-{scheme}@desk.example", PASSWORD)
        await ann.open("/watchlist")
        await expect(page.get_by_text("Add your first ticker")).to_be_visible()
        await page.get_by_label("Tickers, e.g.").fill(HOSTILE)
        await page.get_by_role("button", name="Add", exact=True).click()
        await expect(page.get_by_text("nothing was added")).to_be_visible()
        await _watch(ann, "AAPL", "MSFT")
        await _assert_fits(page)
        await page.get_by_label("Remove MSFT").click()
        await page.get_by_role("button", name="Undo").click()
        await expect(page.get_by_text("Watching MSFT again.")).to_be_visible()
        await expect(page.get_by_text("just now").first).to_be_visible(timeout=60_000)
        await page.get_by_role("link", name="AAPL", exact=True).click()
        await expect(page).to_have_title(re.compile("Why not"))
        await expect(page.get_by_text("that you ask for keep within your limits")).to_be_visible()
        await expect(page.get_by_text(re.compile("FF .*; you ask for")).first).to_be_visible()
        await _assert_fits(page)
        await ann.open("/why/" + "%3Cimg%20src=x%3E")
        await expect(page.get_by_role("alert")).to_contain_text("is not a ticker")
        await ann.open("/why/NEVER")
        await expect(page.get_by_text("No scan of NEVER is recorded")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_settings_are_tried_before_they_are_kept(
    browser: Browser, site: Site, scheme: Scheme, width: Width
) -> None:
    async with visiting(browser, site, scheme, width) as ann:
        page = ann.page
        await ann.register(f"set-{scheme}@desk.example", PASSWORD)
        await _watch(ann, "AAPL")
        await expect(page.get_by_text("just now").first).to_be_visible(timeout=60_000)
        await ann.open("/settings")
        await expect(page.get_by_text("1 day recorded")).to_be_visible()
        await _assert_fits(page)
        threshold = page.get_by_label("FF threshold", exact=True)
        await threshold.fill("much")
        await expect(page.get_by_text("a decimal from -1 to 10")).to_be_visible()
        await expect(page.get_by_role("button", name="Save changes")).to_be_disabled()
        await threshold.fill("-90 %")
        await expect(page.get_by_text("1 change not saved: ")).to_be_visible()
        await page.get_by_role("button", name="Save changes").click()
        await expect(page.get_by_text("Saved.")).to_be_visible()
        await ann.open("/settings")
        await expect(threshold).to_have_value("-0.9")
        await page.get_by_role("button", name="Use the defaults: What counts").click()
        await expect(threshold).to_have_value("0.2")
        await page.get_by_role("button", name="Discard").click()
        await expect(threshold).to_have_value("-0.9")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
async def test_telegram_history_and_account(browser: Browser, site: Site, scheme: Scheme, width: Width) -> None:
    email = f"own-{scheme}@desk.example"
    async with visiting(browser, site, scheme, width) as ann:
        page = ann.page
        await ann.register(email, PASSWORD)
        await ann.open("/history")
        await expect(page.get_by_text("Nothing decided yet")).to_be_visible()
        await ann.open("/telegram")
        await page.get_by_role("button", name="Get a code").click()
        await expect(page.get_by_text(re.compile("/link [2-9A-Z]{5}-[2-9A-Z]{5}"))).to_be_visible()
        await expect(page.get_by_text(re.compile("for 9:[0-5][0-9] more"))).to_be_visible()
        await page.get_by_role("switch", name="Pause alerts").click()
        await expect(page.get_by_text("Alerts are paused.")).to_be_visible()
        await _assert_fits(page)
        await ann.open("/account")
        await _assert_fits(page)
        await page.get_by_role("link", name="Change the password").click()
        await page.get_by_label("Present password").fill(PASSWORD)
        await page.get_by_label("New password", exact=True).fill(NEW)
        await page.get_by_label("New password once more").fill(NEW)
        await page.get_by_role("button", name="Change the password").click()
        await expect(page.get_by_text("The password is changed.")).to_be_visible()
        await page.get_by_role("link", name="Delete it").click()
        await page.get_by_label("Your password").fill(NEW)
        await page.get_by_role("button", name="Delete the account for good").click()
        await expect(page.get_by_text("The account is deleted")).to_be_visible()
        await ann.open("/account")
        await expect(page).to_have_url(re.compile("/login"))
