"""What is around every page: the way to the others, the colours, the account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nicegui import ui

from forward_factor import __version__
from forward_factor.core.market_hours import current_or_next_session, is_open
from forward_factor.server.web.formats import instant
from forward_factor.server.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Place:
    """A page in the navigation."""

    path: str
    name: str
    for_admins: bool = False

    @property
    def within(self) -> str:
        """Return what the paths of its further pages begin with."""
        return "/signals" if self.path == "/" else self.path


PLACES = (
    Place("/", "Signals"),
    Place("/why", "Why not"),
    Place("/watchlist", "Watchlist"),
    Place("/history", "History"),
    Place("/research", "Research"),
    Place("/backtests", "Backtests"),
    Place("/settings", "Settings"),
    Place("/admin", "Admin", for_admins=True),
)
SHEETS = ("site", "desk", "signals", "research")
"""What all pages share, and what some do; later ones win."""
_HEAD = "".join(
    [
        *(f'<link rel="stylesheet" href="/assets/{sheet}.css?{__version__}">' for sheet in SHEETS),
        f'<script src="/assets/scheme.js?{__version__}"></script>',
    ]
)


@contextmanager
def framed(visit: Visit, path: str) -> Iterator[None]:
    """Build a page's content within the frame; ``path`` is the page's own, as its route is written."""
    ui.add_head_html(_HEAD)
    ui.dark_mode(visit.palette.is_dark)
    ui.colors(primary=visit.palette.accent, negative=visit.palette.bad, positive=visit.palette.good)
    ui.link("Skip to the content", "#content").classes("skip")
    with ui.element("header").classes("top"):
        _brand()
        _navigation(visit, path)
        _account(visit)
    with ui.element("div").classes("content").props("id=content tabindex=-1"):  # the framework's page is the one main
        yield


def _brand() -> None:
    with ui.element("a").props("href=/").classes("brand"):
        ui.element("img").props('src=/assets/mark.svg alt="" width=24 height=24')
        ui.label("Forward Factor")


def _navigation(visit: Visit, path: str) -> None:
    with ui.element("nav").props('aria-label="Pages"').classes("pages"):
        for place in PLACES:
            if place.for_admins and not visit.is_admin:
                continue
            link = ui.link(place.name, place.path)
            if path == place.path or path.startswith(f"{place.within}/"):
                link.props("aria-current=page")


def _account(visit: Visit) -> None:
    with ui.element("div").classes("account"):
        ui.label(_market_words(visit)).classes("market")
        with ui.button(icon="account_circle").props('flat round aria-label="Account and colours"'), ui.menu():
            ui.label(visit.user.email or visit.user.id).classes("menu-note")
            ui.separator()
            ui.menu_item("Account", lambda: ui.navigate.to("/account"))
            ui.menu_item("Telegram", lambda: ui.navigate.to("/telegram"))
            ui.separator()
            for scheme, words in (("light", "Light"), ("dark", "Dark"), ("auto", "As the system")):
                ui.menu_item(words, lambda scheme=scheme: ui.run_javascript(f"chooseScheme('{scheme}')"))
            ui.separator()
            with ui.element("form").props("method=post action=/logout"):
                ui.element("button").props("type=submit").classes("log-out").add_slot("default", "Log out")


def _market_words(visit: Visit) -> str:
    now = visit.now
    session = current_or_next_session(now)
    if is_open(now):
        return f"Market open until {session.closes_at.astimezone(visit.zone):%H:%M %Z}"
    return f"Market closed; opens {instant(session.opens_at, visit.zone)}"
