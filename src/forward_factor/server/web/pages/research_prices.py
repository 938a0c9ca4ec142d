"""Research: a ticker's stored prices and volume."""

from __future__ import annotations

from nicegui import ui

from forward_factor.core.chain import new_york_date
from forward_factor.core.ticker import parse_ticker
from forward_factor.server.web.charts import draw_chart
from forward_factor.server.web.formats import instant, money
from forward_factor.server.web.parts import facts, note, panel
from forward_factor.server.web.research_charts import candle_options
from forward_factor.server.web.research_parts import address, known, research_path, ticker_head
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit
from forward_factor.services.read_bars import WantedBars, read_bars
from forward_factor.services.record_views import Timeframe

MOST_BARS = 1_000
SHOWN_AT_FIRST = 250
ADJUSTED = "adjusted"
PRICES = {ADJUSTED: "Without splits and dividends", "raw": "As traded"}
TIMEFRAMES = {Timeframe.DAY.value: "Days", Timeframe.HOUR.value: "Hours", Timeframe.MINUTE.value: "Minutes"}


@web_page("/research/{ticker}/prices", "Research")
async def show_prices(visit: Visit, ticker: str, timeframe: str = Timeframe.DAY.value, prices: str = ADJUSTED) -> None:
    """Build the page of a ticker's bars."""
    name, timeframe, prices = parse_ticker(ticker), known(timeframe, list(TIMEFRAMES)), known(prices, list(PRICES))
    wanted = WantedBars(ticker=name, timeframe=Timeframe(timeframe), limit=MOST_BARS, is_adjusted=prices == ADJUSTED)
    found = await read_bars(visit.store, visit.now, wanted)
    bars = found.bars
    ticker_head(name, "/prices")
    with panel():
        with ui.element("div").classes("bar"):
            path = research_path(name, "/prices")
            ui.select(
                TIMEFRAMES,
                value=timeframe,
                label="A bar is",
                on_change=lambda event: ui.navigate.to(address(path, timeframe=event.value, prices=prices)),
            ).props("dense outlined options-dense").classes("field")
            ui.select(
                PRICES,
                value=prices,
                label="Prices",
                on_change=lambda event: ui.navigate.to(address(path, timeframe=timeframe, prices=event.value)),
            ).props("dense outlined options-dense").classes("field")
        if not bars:
            note(f"No such bars of {name} are stored: `forward-factor bars import` or `bars fetch` brings them.")
            return
        is_daily = timeframe == Timeframe.DAY
        instants = [f"{new_york_date(one.at)}" if is_daily else instant(one.at, visit.zone) for one in bars]
        last = bars[-1]
        with ui.element("div").classes("figures"):
            facts({"Last close": money(last.close)})
            facts({"Range": f"{money(last.low)} to {money(last.high)}"})
            facts({"Volume": f"{last.volume:,}"})
            facts({"Bar of": instants[-1]})
        left_out = max(0.0, 100.0 * (1.0 - SHOWN_AT_FIRST / len(bars)))
        words = f"Prices and volume of {name}, {len(bars)} bars up to {instants[-1]}; the last close is {last.close}"
        draw_chart(candle_options(bars, instants, visit.palette, left_out), visit.palette, words, 520)
        note(f"The newest {len(bars):,} bars; drag the slider's ends to see more or fewer.")
        if any(one.minutes for one in bars):
            note("Made from minutes where no such bar is stored.")
        for one in found.left_out:
            note(f"Not adjusted for the {one.action.kind} of {one.action.effective_on}: {one.why}.")
