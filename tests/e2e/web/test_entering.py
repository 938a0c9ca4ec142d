"""In and out by a real browser, in every colour and width."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.web.browsing import Scheme, Width, visiting
from tests.e2e.web.sites import PASSWORD, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(("scheme", "width"), [("light", "desktop"), ("dark", "phone")])
async def test_register_log_out_log_in(browser: Browser, site: Site, scheme: Scheme, width: Width) -> None:
    email = f"{scheme}@entering.example"
    async with visiting(browser, site, scheme, width) as ann:
        await ann.open("/account?from=afar")
        await expect(ann.page).to_have_title("Log in · Forward Factor")
        await ann.page.get_by_role("link", name="Make an account").click()
        await ann.register(email, PASSWORD)
        await expect(ann.page).to_have_url(f"{site.url}/watchlist")
        await ann.open("/")
        await ann.log_out()
        await ann.log_in(email, PASSWORD)
        await expect(ann.page).to_have_url(f"{site.url}/")
        dark = await ann.page.evaluate("document.body.classList.contains('body--dark')")
        assert dark is (scheme == "dark")
