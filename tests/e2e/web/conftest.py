"""One browser and one installation a worker; a test has a context and accounts of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.e2e.web.browsing import ARGUMENTS
from tests.e2e.web.sites import Site, serving
from tests.servers.chromium_install import installed_chromium
from tests.servers.errors import ServerError


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The system's browser; where there is none, the tests that need it are skipped, and say why."""
    try:
        return installed_chromium()
    except ServerError as fault:
        pytest.skip(str(fault))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """A browser that stays open for all tests of this worker."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Everything in one process on a SQLite file, an hour after the open; AAPL is scanned as soon as it is watched."""
    directory = tmp_path_factory.mktemp("site")
    with serving(directory, f"sqlite:///{directory}/site.db") as site:
        yield site
