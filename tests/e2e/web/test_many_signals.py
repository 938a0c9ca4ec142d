"""However many signals there are, a page holds no more than it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from forward_factor.clock import FixedClock
from forward_factor.core.rules import VOL_POINTS, ScanRules
from forward_factor.providers.simulated import SimulatedChains, SimulatedMarket
from forward_factor.services.scan_tickers import ScanTickers
from forward_factor.storage.engine import PoolSettings
from forward_factor.storage.store import open_store
from tests.e2e.fleet import IN_SESSION
from tests.e2e.web.browsing import visiting
from tests.e2e.web.crowd import crowd
from tests.e2e.web.sites import PASSWORD, Site, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")
MOST_ROWS, MOST_BYTES, LEAST = 60, 400_000, 1000
WIDE = ScanRules(vol_points=VOL_POINTS, ff_threshold=-0.99)


@pytest.fixture
def store_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('many')}/many.db"


@pytest.fixture
def many(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("served"), store_url, "api") as site:
        yield site


async def _fill(url: str) -> int:
    found, market = 0, SimulatedMarket(depth="light")
    async with open_store(url, PoolSettings()) as store:
        for half_hours in range(2, 8):
            clock = FixedClock(IN_SESSION - timedelta(days=1) + timedelta(minutes=30) * half_hours)
            async for step in ScanTickers(SimulatedChains(market, clock), WIDE, clock, store).run(()):
                found += step.recorded.signals
    return found


async def test_rows_and_bytes_of_a_page_are_bounded(browser: Browser, many: Site, store_url: str) -> None:
    found = await _fill(store_url)
    assert found > LEAST
    async with visiting(browser, many) as ann:
        await ann.register("many@many.example", PASSWORD)
        await ann.open("/")
        rows = ann.content.locator("tbody tr").filter(has=ann.page.locator("td a"))
        await expect(rows.first).to_be_visible()
        assert await rows.count() <= MOST_ROWS
        await expect(ann.content.get_by_text(re.compile(f"{found:,}")).first).to_be_visible()
        answer = await ann.page.request.get(many.url)
        assert len(await answer.body()) < MOST_BYTES


async def test_fifty_pages_are_open_at_once(many: Site) -> None:
    """Each holds its socket, and what else is asked is still answered."""
    with many.register("fifty@many.example") as client:
        async with crowd(many, client.cookies, 50) as people:
            assert len(people.sessions) == 50
            assert many.ask("GET", "/health/db").elapsed < timedelta(seconds=5)
            assert client.get("/").status_code == 200
