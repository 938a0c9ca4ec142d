"""Every page, in every colour and width: readable, within its window, named, reached by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser

from tests.e2e.fleet import fleet, free_port
from tests.e2e.web.auditing import audit, missed_by_keyboard
from tests.e2e.web.browsing import Scheme, Visitor, Width, visiting
from tests.e2e.web.pages import PLAIN, pages
from tests.e2e.web.sites import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo, and whom it invites."""

    site: Site
    email: str
    password: str

    @property
    def best(self) -> tuple[str, str]:
        """Return the id and the ticker of a signal."""
        who = {"email": self.email, "password": self.password}
        token = self.site.ask("POST", "/api/v1/auth/login", json=who).json()["access_token"]
        found = self.site.ask("GET", "/api/v1/signals", headers={"Authorization": f"Bearer {token}"}).json()["items"][0]
        return found["id"], found["ticker"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo: an administrator with a watchlist, decisions, a past, and signals that arrive."""
    port = free_port()
    with fleet(tmp_path_factory.mktemp("demo"), {"PYTHONUNBUFFERED": "1"}) as services:
        site = Site(services, port, "demo")
        services.start("demo", "demo", "--port", str(port))
        services.wait_until(lambda: services.saw("demo", "Ctrl-C") and site.is_up(), "the demo is served")
        email, password = (_told(services.log_of("demo"), name) for name in ("e-mail", "password"))
        yield Demo(site, email, password)
        assert set(services.stop().values()) == {0}, services.tails()
        assert "Traceback" not in services.log_of("demo"), services.tails(200)


def _told(log: str, name: str) -> str:
    found = re.search(rf"{name} +(\S+)", log)
    assert found is not None, log
    return found[1]


@pytest.mark.parametrize("width", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_can_be_used(browser: Browser, demo: Demo, scheme: Scheme, width: Width) -> None:
    faults: dict[str, list[str]] = {}
    async with visiting(browser, demo.site, scheme, width) as ann:
        for path in (*(one.path for one in PLAIN), "/no-such-page"):
            ann.faults.expected.add(404)
            faults[path] = await _faults(ann, path)
        ann.faults.expected.clear()
        await ann.log_in(demo.email, demo.password)
        for path in [one.path for one in pages(*demo.best)]:
            faults[path] = await _faults(ann, path)
            if (scheme, width) == ("light", "desktop"):
                faults[path] += [f"not reached by keyboard: {one}" for one in await missed_by_keyboard(ann.page)]
    assert not any(faults.values()), "\n".join(f"{path}: {one}" for path, found in faults.items() for one in found)


async def _faults(ann: Visitor, path: str) -> list[str]:
    await ann.open(path)
    is_dark = await ann.page.evaluate("document.body.classList.contains('body--dark')")
    wanted = await ann.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    return [*await audit(ann.page), *(["in the wrong colours"] if is_dark is not wanted else [])]
