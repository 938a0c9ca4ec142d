"""Picture every page in light and dark: ``python -m tests.e2e.web.screenshots [name …]`` writes docs/screenshots/.

The market is simulated, the clock stands still, and a palette of 128 colours keeps the files small.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, chdir
from dataclasses import dataclass
from datetime import timedelta
from tempfile import TemporaryDirectory

import httpx
from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from forward_factor.bootstrap import Application
from forward_factor.cli.demo import SERVICES, SETTINGS
from forward_factor.cli.demo_store import DemoStore
from forward_factor.cli.serve import serve_together
from forward_factor.clock import FixedClock
from forward_factor.config import Settings
from forward_factor.logs import configure_logs
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.services.list_backtests import list_backtests
from tests.e2e.command import REPOSITORY
from tests.e2e.fleet import IN_SESSION, free_port
from tests.e2e.web.browsing import ARGUMENTS, Scheme, settled
from tests.e2e.web.pages import PLAIN, PageOf, pages
from tests.servers.chromium_install import installed_chromium

NOW = IN_SESSION + timedelta(hours=1)
EMAIL, PASSWORD = "demo@example.com", "correct horse battery"
FOLDER = REPOSITORY / "docs" / "screenshots"
COLOURS = 128
LARGEST_BYTES = 150_000
WIDTH, HIGH = 1280, 800
HIGHEST = 1300
DRAWN_MS = 500
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Stage:
    """A served installation, and what to look at in it."""

    url: str
    signal_id: str
    ticker: str
    run_id: str


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Serve a store with a past in the current directory, at an instant that does not pass."""
    clock, port, stop = FixedClock(NOW), free_port(), asyncio.Event()
    defaults = {name: one.default for name, one in Settings.model_fields.items()}
    settings = Settings.model_construct(**{**defaults, **SETTINGS, "api_port": port})
    application = Application(settings, "sqlite:///forward-factor.db", clock)
    looks = [NOW - timedelta(minutes=30) * before for before in (3, 2, 1, 0)]
    async with application.store() as store:
        user = await DemoStore(application, store, SimulatedMarket()).live(looks, EMAIL, PASSWORD)
        signals = await store.findings.signals(since=NOW, limit=100)
        (run,) = await list_backtests(store, clock, user.id)
    best = max((one for one in signals if one.ticker in user.watches), key=lambda one: one.ff or 0.0)
    services = asyncio.create_task(serve_together(application, SERVICES, stop))
    try:
        await _until_served(f"http://127.0.0.1:{port}")
        yield Stage(f"http://127.0.0.1:{port}", best.id, best.ticker, run.id)
    finally:
        stop.set()
        await services


async def _until_served(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        for _ in range(600):
            try:
                if (await client.get("/health/db")).is_success:
                    break
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    await asyncio.sleep(3)  # until workers and scheduler have told that they live, and done what is due


async def picture_all(names: Sequence[str]) -> None:
    """Write the pictures of the pages called so, by default of all."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="forward-factor-stage-") as directory, chdir(directory):
        async with staged() as stage, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=installed_chromium(), args=ARGUMENTS)
            for scheme in SCHEMES:
                await _picture(browser, stage, scheme, names)
            await browser.close()


async def _picture(browser: Browser, stage: Stage, scheme: Scheme, names: Sequence[str]) -> None:
    size = ViewportSize(width=WIDTH, height=HIGH)
    context = await browser.new_context(
        color_scheme=scheme, viewport=size, reduced_motion="reduce", timezone_id="America/New_York", base_url=stage.url
    )
    page = await context.new_page()
    for one in PLAIN:
        await _take(page, one, scheme, names)
    await page.goto("/login")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url("**/")
    for one in pages(stage.signal_id, stage.ticker, stage.run_id):
        await _take(page, one, scheme, names)
    await context.close()


async def _take(page: Page, one: PageOf, scheme: Scheme, names: Sequence[str]) -> None:
    if names and one.name not in names:
        return
    await page.set_viewport_size({"width": WIDTH, "height": HIGH})
    await page.goto(one.path)
    await settled(page)
    await page.wait_for_timeout(DRAWN_MS)
    high = await page.evaluate("document.scrollingElement.scrollHeight")
    await page.set_viewport_size({"width": WIDTH, "height": min(max(high, HIGH), HIGHEST)})
    await page.wait_for_timeout(DRAWN_MS)
    taken = await page.screenshot(animations="disabled", caret="hide")
    file = FOLDER / f"{one.name}-{scheme}.png"
    file.write_bytes(_compressed(taken))
    sys.stdout.write(f"{file.relative_to(REPOSITORY)}  {file.stat().st_size / 1000:.0f} kB\n")


def _compressed(png: bytes) -> bytes:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (COLOURS, COLOURS // 2, COLOURS // 4):
        small = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(small, "png", optimize=True)
        if small.tell() <= LARGEST_BYTES:
            break
    return small.getvalue()


if __name__ == "__main__":
    configure_logs("WARNING")
    asyncio.run(picture_all(sys.argv[1:]))
