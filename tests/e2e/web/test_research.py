"""Research, backtests and administration by a real browser, and whose they are."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.web.browsing import Scheme, Visitor, Width, visiting
from tests.e2e.web.sites import PASSWORD, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")
ADMIN = "admin@research.example"


@pytest.fixture(scope="module")
def ticker(site: Site) -> str:
    """A ticker that was scanned, and an administrator who watches it."""
    site.command("user", "create", ADMIN, "--admin", "--password-stdin", stdin=PASSWORD + "\n")
    site.command("watch", "add", "MSFT", "--user", ADMIN)
    token = site.ask("POST", "/api/v1/auth/login", json={"email": ADMIN, "password": PASSWORD}).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    scanned = "/api/v1/tickers/MSFT/term-structure"
    site.services.wait_until(lambda: site.ask("GET", scanned, headers=headers).is_success, "MSFT is scanned")
    return "MSFT"


@pytest.mark.parametrize(("scheme", "width"), [("light", "desktop"), ("dark", "phone")])
async def test_a_ticker_is_looked_into(browser: Browser, site: Site, ticker: str, scheme: Scheme, width: Width) -> None:
    async with visiting(browser, site, scheme, width) as ann:
        await ann.log_in(ADMIN, PASSWORD)
        await ann.open("/research")
        await ann.page.get_by_role("link", name=ticker).click()
        await expect(ann.page.get_by_role("heading", name=f"Research: {ticker}")).to_be_visible()
        await ann.settled()
        await expect(ann.page.get_by_role("img", name="Implied vol of MSFT by moneyness")).to_be_visible()
        assert await ann.page.locator(".chain tbody tr").count() > 10
        await _choose(ann.page, "Expiry", 0)
        await ann.page.wait_for_url(re.compile("expiry="))
        await ann.settled()
        await ann.page.get_by_role("link", name="Through time").click()
        await ann.settled()
        await expect(ann.page.get_by_role("img", name="Front, back and forward vol")).to_be_visible()
        await expect(ann.page.get_by_role("img", name="A map of MSFT")).to_be_visible()
        await expect(ann.page.get_by_role("cell", name="Vol at the money, 30 days")).to_be_visible()
        await ann.page.get_by_role("link", name="Data quality").click()
        await expect(ann.page.get_by_text(re.compile("of [0-9]+ trading days"))).to_be_visible()
        await ann.settled()
        await ann.page.get_by_role("link", name="Prices").click()
        await ann.settled()
        field = ann.page.get_by_role("textbox", name="Ticker")
        await field.fill("<b>no</b>")
        await field.press("Enter")
        await expect(ann.page.get_by_text("is not a ticker")).to_be_visible()
        await field.fill("zzzz")
        await field.press("Enter")
        await ann.page.wait_for_url("**/research/ZZZZ/prices")


async def _choose(page: Page, label: str, place: int) -> None:
    await page.get_by_role("combobox", name=label, exact=True).click()
    await page.get_by_role("option").nth(place).click()


async def test_a_backtest_is_run_read_and_kept_to_oneself(browser: Browser, site: Site, ticker: str) -> None:
    async with visiting(browser, site) as ann:
        await ann.log_in(ADMIN, PASSWORD)
        paths = [await _run(ann, ticker, threshold) for threshold in ("-0.9", "5")]
        await ann.open("/backtests")
        await expect(ann.page.locator("tbody tr")).to_have_count(2)
        await ann.page.get_by_role("checkbox", name="Mark all").click()
        await ann.page.get_by_role("button", name="Compare the marked").click()
        await ann.page.wait_for_url(re.compile("/backtests/compare"))
        await expect(ann.page.get_by_role("img", name="Returns of 2 backtests")).to_be_visible()
        compared = ann.page.url.removeprefix(site.url)
        await ann.open(paths[0])
        await ann.page.get_by_role("button", name="Quotes of trade 1").click()
        await expect(ann.page.get_by_role("dialog").get_by_text("entry").first).to_be_visible()
        await ann.page.get_by_role("button", name="Close").click()
        report = await ann.page.request.get(f"{site.url}{paths[0]}/report")
        assert report.ok
        assert "script" not in await report.text()
        assert report.headers["content-security-policy"].endswith("sandbox")
    await _is_hidden_from_others(browser, site, [*paths, compared, f"{paths[0]}/report"])
    async with visiting(browser, site) as ann:
        await ann.log_in(ADMIN, PASSWORD)
        await ann.open(paths[1])
        await ann.page.get_by_role("button", name="Delete").click()
        await ann.page.wait_for_url(re.compile("/backtests$"))
        await expect(ann.page.locator("tbody tr")).to_have_count(1)


async def _run(ann: Visitor, ticker: str, threshold: str) -> str:
    await ann.open("/backtests")
    await ann.page.get_by_label("Tickers").fill(ticker)
    await ann.page.get_by_label("Threshold").fill(threshold)
    await ann.page.get_by_role("button", name="Run").click()
    await expect(ann.page.get_by_role("heading", name="Figures under all fills")).to_be_visible()
    return ann.page.url.removeprefix(ann.site.url)


async def _is_hidden_from_others(browser: Browser, site: Site, paths: list[str]) -> None:
    async with visiting(browser, site) as bob:
        bob.faults.expected |= {404}
        await bob.register("bob@research.example", PASSWORD)
        for path in [*paths, "/backtests/%00", "/backtests/x?like=y"]:
            answer = await bob.page.goto(site.url + path)
            assert answer is not None
            assert answer.status == 404, path
        await bob.open("/backtests")
        await expect(bob.page.get_by_text("None yet")).to_be_visible()


async def test_what_is_filled_in_wrongly_is_said_in_words(browser: Browser, site: Site, ticker: str) -> None:
    async with visiting(browser, site) as ann:
        await ann.log_in(ADMIN, PASSWORD)
        await ann.open("/backtests")
        await ann.page.get_by_label("Pairs").fill("<img src=x>")
        await ann.page.get_by_role("button", name="Run").click()
        await expect(ann.page.get_by_role("alert").get_by_text("pairs of days such as")).to_be_visible()
        assert await ann.page.locator("img[src=x]").count() == 0
        await ann.page.get_by_role("button", name="Compare the marked").click()
        await expect(ann.page.get_by_text("mark 2 to 10")).to_be_visible()


async def test_administrators_see_the_installation(browser: Browser, site: Site, ticker: str) -> None:
    async with visiting(browser, site) as bob:
        bob.faults.expected |= {403, 404}
        await bob.register("fired@research.example", PASSWORD)
        for path in ("/admin", "/admin/store", "/admin/users"):
            answer = await bob.page.goto(site.url + path)
            assert answer is not None
            assert answer.status == 403
    async with visiting(browser, site) as ann:
        await ann.log_in(ADMIN, PASSWORD)
        await ann.open("/admin")
        await expect(ann.page.get_by_role("cell", name="worker", exact=True)).to_be_visible()
        await expect(ann.page.get_by_text("at work").first).to_be_visible()
        await ann.page.get_by_role("button", name="Send all again").click()
        await expect(ann.page.get_by_text("nothing to send again")).to_be_visible()
        await ann.page.get_by_role("link", name="Store", exact=True).click()
        await expect(ann.page.get_by_text("option_quotes")).to_be_visible()
        await ann.open("/admin/users")
        await ann.page.get_by_role("button", name="Disable fired@research.example").click()
        await ann.page.get_by_role("dialog").get_by_role("button", name="Disable").click()
        await expect(ann.page.get_by_role("button", name="Enable fired@research.example")).to_be_visible()
        assert await ann.page.get_by_role("button", name=f"Disable {ADMIN}").count() == 0
