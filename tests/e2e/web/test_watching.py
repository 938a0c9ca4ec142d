"""The browser of these tests fails them for what it should."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.e2e.web.browsing import visiting
from tests.e2e.web.sites import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")
UNSEEN = {
    "console.error('a complaint')": "console error: a complaint",
    "setTimeout(() => { throw new Error('a bug') })": "error in the page: .*a bug",
    "fetch('/nothing-here')": "404 GET http://127.0.0.1:.*/nothing-here",
    "fetch('http://evil.example/').catch(() => 0)": "evil.example",
    "new WebSocket('ws://evil.example/')": "evil.example",
    "document.body.append(Object.assign(new Image(), {src: '//evil.example/y'}))": "evil.example",
}


@pytest.mark.parametrize("script", UNSEEN)
async def test_what_goes_wrong_unseen_is_found(browser: Browser, site: Site, script: str) -> None:
    with pytest.raises(AssertionError, match=UNSEEN[script]):
        await _run(browser, site, script)


async def _run(browser: Browser, site: Site, script: str) -> None:
    async with visiting(browser, site) as ann:
        await ann.page.goto(f"{site.url}/openapi.json")  # its policy allows all of it
        await ann.page.evaluate(f"() => {{ {script} }}")
        await ann.page.wait_for_timeout(200)


async def test_pages_let_nothing_out(browser: Browser, site: Site) -> None:
    async with visiting(browser, site) as ann:
        await ann.open("/login")
        await ann.page.evaluate("() => fetch('http://evil.example/').catch(() => 0)")
        assert any("Content Security Policy" in one for one in ann.faults.found)
        assert "evil.example" not in str([one for one in ann.faults.found if one.startswith("asked")])
        ann.faults.found.clear()
