"""Research: how good what was recorded of a ticker is."""

from __future__ import annotations

from datetime import timedelta

from nicegui import ui

from forward_factor.core.ticker import parse_ticker
from forward_factor.server.web.formats import MISSING, day, instant, number, percent
from forward_factor.server.web.parts import Column, facts, note, panel, table
from forward_factor.server.web.research_parts import (
    VOL_POINT_WORDS,
    address,
    coverage_words,
    known,
    research_path,
    ticker_head,
)
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit
from forward_factor.services.daily_views import DataQuality
from forward_factor.services.read_quality import read_quality
from forward_factor.services.reason_words import reason_words

SPANS = {"30": "The last 30 days", "91": "The last 3 months", "365": "The last year"}
MOST_GAPS = 20
SHARES = (Column("name", ""), Column("share", "Share", is_number=True, sort_by="value"), Column("of", "Of"))


@web_page("/research/{ticker}/quality", "Research")
async def show_quality(visit: Visit, ticker: str, days: str = "30") -> None:
    """Build the page."""
    name, days = parse_ticker(ticker), known(days, list(SPANS))
    found = await read_quality(visit.store.daily, [name], visit.now - timedelta(days=int(days)), visit.now)
    ticker_head(name, "/quality")
    with panel():
        path = research_path(name, "/quality")
        with ui.element("div").classes("bar"):
            ui.select(
                SPANS,
                value=days,
                label="Span",
                on_change=lambda event: ui.navigate.to(address(path, days=event.value)),
            ).props("dense outlined options-dense").classes("field")
        if not found:
            note(f"Nothing of {name} was recorded in this span: take a longer one, or watch it and come back.")
    for one in found:
        _provider(visit, one)


def _provider(visit: Visit, one: DataQuality) -> None:
    with panel(f"From {one.provider or 'an unknown provider'}"):
        with ui.element("div").classes("grid"):
            facts(
                {
                    "Days": coverage_words(one.coverage),
                    "Scans": f"{one.snapshots:,}; {number(one.snapshots_a_day, 1)} a day, {one.fewest_a_day:,} to "
                    f"{one.most_a_day:,}",
                    "First and last": f"{instant(one.first_at, visit.zone)} to {instant(one.last_at, visit.zone)}",
                }
            )
            facts(
                {
                    "Stale scans": f"{one.stale:,}, {percent(one.stale_share)}",
                    "Crossed quotes": _counted(one.crossed, one.crossed_share, " of contracts"),
                    "Rows not readable": _counted(one.rejected_rows, one.rejected_share),
                    "Candidates": f"{one.candidates:,}, of which {one.signals:,} signals",
                }
            )
        if one.checked < one.snapshots:
            note(
                f"Crossed quotes and rows that could not be read are known of {one.checked:,} of {one.snapshots:,} "
                "scans: older ones were not counted."
            )
        _gaps(one)
    with ui.element("div").classes("pair"):
        with panel("Expiries without a vol point"):
            points = [(VOL_POINT_WORDS[point], share) for point, share in one.missing_points.items()]
            _shares(points, f"{one.expiries:,} expiries", "No expiry was looked at")
        with panel("What refused candidates"):
            reasons = [(reason_words(reason.value), share) for reason, share in one.reasons.items()]
            _shares(sorted(reasons, key=lambda two: -two[1]), f"{one.candidates:,} candidates", "Nothing was refused")


def _counted(number: int, share: float | None, of: str = "") -> str:
    return MISSING if share is None else f"{number:,}, {percent(share, 2)}{of}"


def _gaps(one: DataQuality) -> None:
    gaps = one.coverage.gaps
    if not gaps:
        return
    shown = ", ".join(f"{day(gap.first_on)} to {day(gap.last_on)} ({gap.days})" for gap in gaps[-MOST_GAPS:])
    more = f" and {len(gaps) - MOST_GAPS} before them" if len(gaps) > MOST_GAPS else ""
    note(f"Trading days in a row without a scan, how many in parentheses: {shown}{more}.")


def _shares(named: list[tuple[str, float]], of: str, empty: str) -> None:
    rows = [{"name": name, "share": percent(share), "value": share, "of": of} for name, share in named]
    table(SHARES, rows, "name", empty)
