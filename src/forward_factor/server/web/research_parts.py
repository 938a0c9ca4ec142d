"""What the research pages have in common: the way from one to the next, addresses that can be kept and sent on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote, urlencode

from nicegui import ui

from forward_factor.core.coverage import Coverage
from forward_factor.core.rules import VolPoint
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput, InvalidTicker
from forward_factor.server.inputs import FIRST_YEAR, LAST_YEAR, in_utc
from forward_factor.server.web.formats import percent
from forward_factor.server.web.parts import Column, title
from forward_factor.server.web.visit import Visit

VIEWS = (("", "Chain and smile"), ("/time", "Through time"), ("/prices", "Prices"), ("/quality", "Data quality"))
"""What there is of a ticker: the end of its path, and its name."""
VOL_POINT_WORDS = {VolPoint.ATM: "At the money", VolPoint.PUT_35D: "35Δ put", VolPoint.CALL_35D: "35Δ call"}
_LONGEST_INSTANT = 40


@dataclass(frozen=True, slots=True)
class NumberColumn(Column):
    """A column of numbers as they are, written by the browser; so a long table is sent once, not twice.

    Attributes:
        shown: JavaScript from ``v``, a number, to its text.
        classes: JavaScript from ``row`` to further classes of its cell.
        header: further classes of its heading.

    """

    shown: str = "v.toFixed(2)"
    classes: str = "''"
    header: str = ""

    def as_quasar(self) -> dict[str, Any]:
        """Return the column as Quasar's table takes it."""
        plain = Column.as_quasar(self)
        del plain["classes"]
        written = {":format": f"v => v == null ? '–' : {self.shown}", ":classes": f"row => 'num ' + {self.classes}"}
        return plain | {"align": "right", "headerClasses": f"num {self.header}"} | written


def address(path: str, **query: str | int | None) -> str:
    """Return ``path`` with the parts of the query that are not None."""
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def research_path(ticker: str, view: str = "") -> str:
    """Return the path of a ticker's research page."""
    return f"/research/{quote(ticker, safe='')}{view}"


def known(asked: str | None, possible: Sequence[str]) -> str:
    """Return what was asked for, the first where nothing was.

    Raises:
        InvalidInput: there is no such thing.

    """
    if asked is None:
        return possible[0]
    if asked not in possible:
        raise InvalidInput(f"choose one of {', '.join(possible)}")
    return asked


def coverage_words(one: Coverage) -> str:
    """Return how much of a span is recorded."""
    beside = f" and {one.other_days} beside them" if one.other_days else ""
    share = "" if one.share is None else f", {percent(one.share, 0)}"
    return f"{one.recorded_days:,} of {one.trading_days:,} trading days{beside}{share}"


def instant_of(text: str | None) -> datetime | None:
    """Return the instant of a query, UTC where it says no zone.

    Raises:
        InvalidInput: it is none.

    """
    if not text:
        return None
    try:
        return in_utc(datetime.fromisoformat(text[:_LONGEST_INSTANT]))
    except ValueError:
        raise InvalidInput("`at` is an instant such as 2026-06-01T18:00:00Z") from None


def day_of(text: str | None) -> date | None:
    """Return the date of a query.

    Raises:
        InvalidInput: it is none.

    """
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("a date is written as 2026-06-01") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise InvalidInput(f"a date is from {FIRST_YEAR} to {LAST_YEAR}")
    return found


def instant_in_query(value: datetime) -> str:
    """Return an instant as a query holds it."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def ticker_head(ticker: str, view: str) -> None:
    """Write the heading of a ticker's page and the way to its other views."""
    ui.page_title(f"{ticker} · Research · Forward Factor")
    with ui.element("div").classes("bar"):
        title(f"Research: {ticker}")
        ui.space()
        ticker_field(view)
    with ui.element("nav").props('aria-label="Views"').classes("views"):
        for end, name in VIEWS:
            link = ui.link(name, research_path(ticker, end))
            if end == view:
                link.props("aria-current=page")


def ticker_field(view: str = "", value: str = "") -> ui.input:
    """Draw a field that leads to another ticker by Enter or its button."""

    def go() -> None:
        try:
            ui.navigate.to(research_path(parse_ticker(field.value or ""), view))
        except InvalidTicker as fault:
            field.props.update({"error": True, "error-message": str(fault)})
            field.update()

    field = ui.input(label="Ticker", value=value).props('dense outlined maxlength=16 aria-label="Ticker"')
    field.classes("ticker-field").on("keydown.enter", go)
    with field.add_slot("append"):
        ui.button(icon="arrow_forward", on_click=go).props('flat round dense aria-label="Show this ticker"')
    return field


def pair_names(visit: Visit) -> list[str]:
    """Return the pairs that scans look at: the installation's, and the person's own."""
    usual = [one.name for one in visit.backend.application.rules().pairs]
    return list(dict.fromkeys([*usual, *(one.name for one in visit.settings.pairs)]))
