"""A browser that fails a test where a person's would fail in silence."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, Response, expect

from tests.e2e.web.sites import Site

Scheme = Literal["light", "dark"]
Width = Literal["desktop", "phone"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--font-render-hinting=none",
]
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)
_OF_A_STATUS = "Failed to load resource"


@dataclass
class Faults:
    """What went wrong in a browser, whether it showed or not. (Without slots: Playwright writes into whom it calls.)

    Attributes:
        expected: statuses over 399 that the test itself provokes.

    """

    host: str
    found: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.found.append(f"error in the page: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("page", lambda page: page.on("websocket", lambda socket: self._address(socket.url)))

    def _console(self, message: ConsoleMessage) -> None:
        is_known = message.text.startswith(_OF_A_STATUS) and any(str(one) in message.text for one in self.expected)
        if message.type in {"error", "warning"} and not is_known:
            self.found.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _request(self, request: Request) -> None:
        self._address(request.url)

    def _address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob", "about"} and parts.netloc != self.host:
            self.found.append(f"asked a foreign host: {url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.found.append(f"{response.status} {response.request.method} {response.url}")


@dataclass(slots=True)
class Visitor:
    """A person before a screen."""

    site: Site
    context: BrowserContext
    page: Page
    faults: Faults

    @property
    def content(self) -> Locator:
        """The page without its frame."""
        return self.page.locator("#content")

    async def open(self, path: str) -> None:
        """Go to a page and wait until it can be used."""
        await self.page.goto(self.site.url + path)
        await self.settled()

    async def settled(self) -> None:
        """Wait until the page has its socket, where it needs one; then a click is heard."""
        await self.page.wait_for_function(
            "() => document.body && (document.body.classList.contains('plain') || window.did_handshake === true)"
        )

    async def register(self, email: str, password: str) -> None:
        """Make an account by the form."""
        await self.open("/register")
        await self._send(email, password, "Make the account")

    async def log_in(self, email: str, password: str) -> None:
        """Begin a session by the form."""
        await self.open("/login")
        await self._send(email, password, "Log in")

    async def log_out(self) -> None:
        """End the session by the menu."""
        await self.page.get_by_role("button", name="Account and colours").click()
        await self.page.get_by_role("button", name="Log out").click()
        await self.page.wait_for_url(re.compile("/login"))

    async def _send(self, email: str, password: str, button: str) -> None:
        await self.page.get_by_label("E-mail").fill(email)
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name=button).click()
        await self.settled()


async def settled(page: Page) -> None:
    """Wait until a page has its socket, where it needs one."""
    await page.wait_for_function(
        "() => document.body && (document.body.classList.contains('plain') || window.did_handshake === true)"
    )


@asynccontextmanager
async def visiting(
    browser: Browser, site: Site, scheme: Scheme = "light", width: Width = "desktop"
) -> AsyncIterator[Visitor]:
    """Give a visitor without cookies; when it leaves, whatever went wrong in its browser fails the test."""
    wide, high = SIZES[width]
    context = await browser.new_context(
        color_scheme=scheme,
        viewport={"width": wide, "height": high},
        is_mobile=width == "phone",
        has_touch=width == "phone",
        locale="en-US",
        timezone_id="America/New_York",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    faults = Faults(site.host)
    faults.watch(context)
    try:
        yield Visitor(site, context, await context.new_page(), faults)
    finally:
        await context.close()
    assert not faults.found, "\n".join(faults.found)
