"""Every page, in every colour and width: readable, within its window, named, reached by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.fleet import fleet, free_port
from tests.e2e.web.auditing import audit, missed_by_keyboard
from tests.e2e.web.browsing import Scheme, Visitor, Width, visiting
from tests.e2e.web.pages import PLAIN, pages
from tests.e2e.web.sites import PASSWORD, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")
HOSTILE = '"<img/src=x/onerror=window.pwned=1>{{window.pwned=2}}"@pages.example'


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo, and whom it invites."""

    site: Site
    email: str
    password: str

    def some(self) -> tuple[str, str, str]:
        """Return a signal's id, its ticker, and a backtest's id once it is done."""
        who = {"email": self.email, "password": self.password}
        token = self.site.ask("POST", "/api/v1/auth/login", json=who).json()["access_token"]

        def first(path: str) -> Any:
            answer = self.site.ask("GET", f"/api/v1/{path}", headers={"Authorization": f"Bearer {token}"})
            return answer.json()["items"][:1]

        is_done = lambda: [one["state"] for one in first("backtests")] == ["done"]  # noqa: E731
        self.site.services.wait_until(is_done, "the demo's backtest is done")
        signal, run = first("signals")[0], first("backtests")[0]
        return signal["id"], signal["ticker"], run["id"]


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
    some = demo.some()
    async with visiting(browser, demo.site, scheme, width) as ann:
        for path in (*(one.path for one in PLAIN), "/no-such-page"):
            ann.faults.expected.add(404)
            faults[path] = await _faults(ann, path)
        ann.faults.expected.clear()
        await ann.log_in(demo.email, demo.password)
        for path in [one.path for one in pages(*some)]:
            faults[path] = await _faults(ann, path)
            if (scheme, width) == ("light", "desktop"):
                faults[path] += [f"not reached by keyboard: {one}" for one in await missed_by_keyboard(ann.page)]
    assert not any(faults.values()), "\n".join(f"{path}: {one}" for path, found in faults.items() for one in found)


async def _faults(ann: Visitor, path: str) -> list[str]:
    await ann.open(path)
    is_dark = await ann.page.evaluate("document.body.classList.contains('body--dark')")
    wanted = await ann.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    return [*await audit(ann.page), *(["in the wrong colours"] if is_dark is not wanted else [])]


async def test_pages_of_somebody_new_can_be_used(browser: Browser, site: Site) -> None:
    """Where there is nothing yet, pages say so, and are audited like others."""
    faults: dict[str, list[str]] = {}
    async with visiting(browser, site, "dark", "phone") as ann:
        await ann.register("nothing@pages.example", PASSWORD)
        ann.faults.expected |= {403, 404}  # there is no such signal, and she is no administrator
        for one in pages("no-such-signal", "ZZZZ"):
            faults[one.path] = await _faults(ann, one.path)
            assert len(await ann.page.inner_text("body")) > 40
    assert not any(faults.values()), "\n".join(f"{path}: {one}" for path, found in faults.items() for one in found)


async def test_hostile_text_is_text_everywhere(browser: Browser, site: Site) -> None:
    """An address and notes that are markup do nothing on any page, not even on an administrator's."""
    site.command("user", "create", "--admin", "--password-stdin", "root@pages.example", stdin=PASSWORD)
    with site.register(HOSTILE) as mallory:
        assert mallory.get("/account").status_code == 200
    async with visiting(browser, site) as root:
        await root.log_in("root@pages.example", PASSWORD)
        for one in pages("no-such-signal", "ZZZZ"):
            root.faults.expected.add(404)
            await root.open(one.path)
            assert await root.page.locator("img[src=x]").count() == 0, one.path
            assert await root.page.evaluate("window.pwned") is None
        await root.open("/admin/users")
        await expect(root.content.get_by_text(HOSTILE).first).to_be_visible()
    async with visiting(browser, site) as mallory:
        form: dict[str, str | float | bool] = {
            "email": HOSTILE,
            "password": PASSWORD,
        }  # the form itself would not send such an address
        assert (await mallory.context.request.post(f"{site.url}/login", form=form)).ok
        for one in pages("no-such-signal", quote(HOSTILE, safe="")):
            mallory.faults.expected |= {403, 404, 422}
            await mallory.open(one.path)
            assert await mallory.page.locator("img[src=x]").count() == 0, one.path
            assert await mallory.page.evaluate("window.pwned") is None
