"""Research: a ticker's stored prices and volume."""

from __future__ import annotations

from nicegui import ui

from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput
from forward_factor.server.web.charts import draw_chart
from forward_factor.server.web.formats import instant, money
from forward_factor.server.web.parts import facts, note, panel
from forward_factor.server.web.research_charts import candle_options
from forward_factor.server.web.research_parts import address, research_path, ticker_head
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit
from forward_factor.services.record_views import Timeframe

MOST_BARS = 1_000
SHOWN_AT_FIRST = 250
TIMEFRAMES = {Timeframe.DAY.value: "Days", Timeframe.HOUR.value: "Hours", Timeframe.MINUTE.value: "Minutes"}


@web_page("/research/{ticker}/prices", "Research")
async def show_prices(visit: Visit, ticker: str, timeframe: str = Timeframe.DAY.value) -> None:
    """Build the page of a ticker's bars."""
    name = parse_ticker(ticker)
    if timeframe not in TIMEFRAMES:
        raise InvalidInput(f"choose one of {', '.join(TIMEFRAMES)}")
    bars = await visit.store.records.bars(name, Timeframe(timeframe), None, None, MOST_BARS)
    ticker_head(name, "/prices")
    with panel():
        with ui.element("div").classes("bar"):
            path = research_path(name, "/prices")
            ui.select(
                TIMEFRAMES,
                value=timeframe,
                label="A bar is",
                on_change=lambda event: ui.navigate.to(address(path, timeframe=event.value)),
            ).props("dense outlined options-dense").classes("field")
        if not bars:
            note(f"No such bars of {name} are stored: `forward-factor bars import` or `bars fetch` brings them.")
            return
        last = bars[-1]
        with ui.element("div").classes("figures"):
            facts({"Last close": money(last.close)})
            facts({"Range": f"{money(last.low)} to {money(last.high)}"})
            facts({"Volume": f"{last.volume:,}"})
            facts({"Bar of": instant(last.at, visit.zone) if timeframe != Timeframe.DAY else f"{last.at:%Y-%m-%d}"})
        left_out = max(0.0, 100.0 * (1.0 - SHOWN_AT_FIRST / len(bars)))
        words = (
            f"Prices and volume of {name}, {len(bars)} bars up to {last.at:%Y-%m-%d}; the last close is {last.close}"
        )
        draw_chart(candle_options(bars, visit.palette, left_out), visit.palette, words, 520)
        note(f"The newest {len(bars):,} bars; drag the slider's ends to see more or fewer.")
