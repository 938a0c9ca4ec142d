"""The page with 10,000 signals in the store: how soon it shows, how fast it filters, what open pages cost.

A process of its own serves everything (``up``) on a SQLite file, with signals that arrive while it is measured. Pages
are timed in a real browser, from the click on; the crowd beside it holds sockets without browsers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import httpx
import psutil
from playwright.async_api import Browser, Page, async_playwright

from benchmarks.figures import Figure, Target
from forward_factor.clock import FixedClock
from forward_factor.core.market_hours import Session, session_before
from forward_factor.core.rules import VOL_POINTS, ScanRules
from forward_factor.providers.simulated import SimulatedChains, SimulatedMarket
from forward_factor.services.keep_quotes import KeepQuotes
from forward_factor.services.scan_tickers import ScanTickers
from forward_factor.storage.engine import PoolSettings
from forward_factor.storage.store import open_store
from tests.e2e.fleet import IN_SESSION
from tests.e2e.web.browsing import ARGUMENTS, visiting
from tests.e2e.web.crowd import crowd
from tests.e2e.web.sites import PASSWORD, Site, serving
from tests.servers.chromium_install import installed_chromium

SIGNALS = 10_000
SESSIONS = 50
ROUNDS = 5
WATCHED = ("AAPL", "NVDA", "TSLA", "AMD", "SPY", "KO", "NFLX", "SMCI")
EMAIL = "bench@example.com"
WIDE = ScanRules(vol_points=VOL_POINTS, ff_threshold=-0.99)
PAINT_S, FILTER_MS, SESSION_MB, ANSWER_S = 2.0, 200.0, 2.0, 1.0
FIRST_ROW = """() => new Promise((done) => {
  const look = () => document.querySelector('main tbody td a') ? requestAnimationFrame(() => done(performance.now()))
    : setTimeout(look, 5);
  look();
})"""
WATCH_ROWS = """() => { window.changed = new Promise((done) => {
  const rows = () => [...document.querySelectorAll('main tbody tr')].filter((one) => one.querySelector('td a'));
  const isDone = () => rows().length > 0 && rows().every((one) => one.textContent.includes('TICKER'));
  const look = () => isDone() ? requestAnimationFrame(() => done(performance.now())) : setTimeout(look, 4);
  addEventListener('input', () => { window.pressed = performance.now(); look(); }, {capture: true});
}); }"""


def measure() -> list[Figure]:
    """Return what the page takes."""
    with TemporaryDirectory(prefix="forward-factor-bench-") as folder, _filled(Path(folder)) as site:
        with site.register(EMAIL) as client:
            cookies = client.cookies
        site.command("watch", "add", "--user", EMAIL, *WATCHED)
        return asyncio.run(_measure(site, cookies))


@contextmanager
def _filled(folder: Path) -> Iterator[Site]:
    url = f"sqlite:///{folder}/bench.db"
    asyncio.run(_fill(url))
    with serving(folder, url, SCAN_CADENCE_MEDIUM="0.1", LOG_LEVEL="WARNING") as site:
        yield site


async def _fill(url: str) -> None:
    """Scan light chains under the widest rules, half an hour apart, until there are signals enough."""
    market, found, session = SimulatedMarket(depth="light"), 0, Session(IN_SESSION, IN_SESSION)
    async with open_store(url, PoolSettings()) as store:
        while found < SIGNALS:
            session = session_before(session.day)
            for half_hours in range(1, 13):
                clock = FixedClock(session.opens_at + timedelta(minutes=30) * half_hours)
                provider = SimulatedChains(market, clock)
                async for step in ScanTickers(provider, WIDE, clock, store, KeepQuotes.WINDOW).run(()):
                    found += step.recorded.signals


async def _measure(site: Site, cookies: httpx.Cookies) -> list[Figure]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=installed_chromium(), args=ARGUMENTS)
        alone = await _look(browser, site)
        process = psutil.Process(site.services.services[site.service].process.pid)
        async with crowd(site, cookies, 5):
            await asyncio.sleep(1)
        before = process.memory_info().rss
        async with crowd(site, cookies, SESSIONS) as people:
            await asyncio.sleep(2)
            a_session = (process.memory_info().rss - before) / SESSIONS / 1e6
            beside = await _look(browser, site)
            answers = await _answers(site)
            updates = [one.updates for one in people.sessions]
        await browser.close()
    return [
        *alone.figures(""),
        *_of_a_crowd(a_session, answers, updates),
        *beside.figures(f", {SESSIONS} sessions open"),
    ]


@dataclass(frozen=True, slots=True)
class Looks:
    """What one person sees, seconds and milliseconds."""

    first: float
    paints: list[float]
    filters: list[float]

    def figures(self, beside: str) -> list[Figure]:
        paint, filtered = median(self.paints), median(self.filters)
        return [
            Figure(
                f"first signals shown, nothing cached{beside}",
                self.first,
                "s",
                target=_at_most(self.first, PAINT_S, "s"),
            ),
            Figure(f"first signals shown{beside}", paint, "s", target=_at_most(paint, PAINT_S, "s")),
            Figure(f"filter by ticker{beside}", filtered, "ms", target=_at_most(filtered, FILTER_MS, "ms")),
        ]


async def _look(browser: Browser, site: Site) -> Looks:
    async with visiting(browser, site) as ann:
        await ann.page.goto(f"{site.url}/login")
        await ann.page.get_by_label("E-mail").fill(EMAIL)
        await ann.page.get_by_label("Password").fill(PASSWORD)
        await ann.page.get_by_role("button", name="Log in").click()
        first = await ann.page.evaluate(FIRST_ROW) / 1e3
        paints = [await _paint(ann.page, site) for _ in range(ROUNDS)]
        filters = [await _filter(ann.page, site, WATCHED[number % len(WATCHED)]) for number in range(ROUNDS)]
        return Looks(first, paints, filters)


async def _paint(page: Page, site: Site) -> float:
    """Return the seconds from asking for the page until its first row stands."""
    await page.goto(site.url, wait_until="commit")
    return float(await page.evaluate(FIRST_ROW)) / 1e3


async def _filter(page: Page, site: Site, ticker: str) -> float:
    """Return the milliseconds from what is typed until only such rows are shown."""
    await page.goto(site.url)
    await page.evaluate(FIRST_ROW)
    await page.wait_for_function("window.did_handshake === true")
    await page.evaluate(WATCH_ROWS.replace("TICKER", ticker))
    await page.get_by_label("Ticker").first.fill(ticker)
    shown, pressed = await page.evaluate("async () => [await window.changed, window.pressed]")
    return float(shown - pressed)


async def _answers(site: Site) -> list[float]:
    """Return the seconds that the health of the store takes to be told, again and again for some time."""
    taken = []
    async with httpx.AsyncClient(base_url=site.url, trust_env=False, timeout=30) as client:
        for _ in range(60):
            began = time.perf_counter()
            (await client.get("/health/db")).raise_for_status()
            taken.append(time.perf_counter() - began)
            await asyncio.sleep(0.1)
    return taken


def _of_a_crowd(a_session: float, answers: list[float], updates: list[int]) -> list[Figure]:
    slow = quantiles(answers, n=20)[-1]
    return [
        Figure("memory of a live session", a_session, "MB", target=_at_most(a_session, SESSION_MB, "MB")),
        Figure(f"answers beside {SESSIONS} sessions, 95 %", slow, "s", target=_at_most(slow, ANSWER_S, "s")),
        Figure("updates that the least of them got", min(updates), "", target=Target("≥ 1", min(updates) >= 1)),
    ]


def _at_most(value: float, most: float, unit: str) -> Target:
    return Target(f"≤ {most:g} {unit}", value <= most)
