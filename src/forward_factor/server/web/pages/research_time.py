"""Research: a ticker's vols and forward factors through time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from nicegui import ui

from forward_factor.core.rules import VOL_POINTS
from forward_factor.core.standing import FEWEST_DAYS, Standing
from forward_factor.core.ticker import parse_ticker
from forward_factor.server.web.charts import draw_chart
from forward_factor.server.web.formats import factor, instant, percent
from forward_factor.server.web.parts import Column, Row, note, panel, table
from forward_factor.server.web.research_charts import days_options, series_options, structures_options, surface_options
from forward_factor.server.web.research_parts import (
    VOL_POINT_WORDS,
    address,
    coverage_words,
    known,
    pair_names,
    research_path,
    ticker_head,
)
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit
from forward_factor.services.chain_views import StructureView
from forward_factor.services.daily_views import PairHistory, PairKey
from forward_factor.services.ports.records import SeriesFilter
from forward_factor.services.read_history import read_history
from forward_factor.services.read_pair_history import read_pair_history
from forward_factor.services.record_views import History

STANDINGS = (
    Column("name", ""),
    *(
        Column(name, label, is_number=True)
        for name, label in (("now", "Now"), ("rank", "Rank"), ("percentile", "Percentile"))
    ),
    *(
        Column(name, label, is_number=True)
        for name, label in (("low", "Lowest"), ("high", "Highest"), ("days", "Days"))
    ),
)
SPANS = {"7": "a week", "30": "a month", "91": "3 months", "365": "a year", "1826": "5 years"}
MOST_POINTS = 1_000
STRUCTURES_READ = 60
STRUCTURES_DRAWN = 6


@web_page("/research/{ticker}/time", "Research")
async def show_time(
    visit: Visit, ticker: str, pair: str | None = None, point: str | None = None, days: str = "365"
) -> None:
    """Build the page of a ticker through time."""
    name, pairs = parse_ticker(ticker), pair_names(visit)
    chosen, vol_point = known(pair, pairs), known(point, [one.value for one in VOL_POINTS])
    days = known(days, list(SPANS))
    until = visit.now + timedelta(seconds=1)
    since = until - timedelta(days=int(days))
    wanted = SeriesFilter(ticker=name, pair=chosen, vol_point=vol_point, since=since, until=until)
    history = await read_history(visit.store.records, wanted, MOST_POINTS)
    structures = await visit.store.chains.structures(name, since, until, STRUCTURES_READ)
    daily = await read_pair_history(visit.store.daily, PairKey(name, chosen, vol_point), since, visit.now)
    ticker_head(name, "/time")
    with panel():
        _choices(name, pairs, chosen, vol_point, days)
    if not structures:
        with panel():
            note(f"Nothing of {name} was recorded in {SPANS[days]}: take a longer span, or watch it and come back.")
            ui.link("To the watchlist", "/watchlist")
        return
    _ranks(visit, daily, SPANS[days])
    _pair(visit, history, chosen, vol_point)
    _structures(visit, name, structures)


def _choices(ticker: str, pairs: Sequence[str], pair: str, point: str, days: str) -> None:
    path, now = research_path(ticker, "/time"), {"pair": pair, "point": point, "days": days}

    def choice(key: str, label: str, options: dict[str, str]) -> None:
        ui.select(
            options,
            value=now[key],
            label=label,
            on_change=lambda event: ui.navigate.to(address(path, **{**now, key: event.value})),
        ).props("dense outlined options-dense").classes("field")

    with ui.element("div").classes("bar"):
        choice("pair", "Pair, days", {one: one for one in pairs})
        choice("point", "Vol point", {one.value: VOL_POINT_WORDS[one] for one in VOL_POINTS})
        choice("days", "Span", {key: f"The last {words.removeprefix('a ')}" for key, words in SPANS.items()})


def _ranks(visit: Visit, history: PairHistory, span: str) -> None:
    ranks = history.ranks
    with panel(f"Where it stands in {span}"):
        rows = [
            _standing_row(name, one, factor if name == "Forward factor" else percent)
            for name, one in (
                ("Vol at the money, 30 days", ranks.iv_30d),
                ("Front vol", ranks.front_iv),
                ("Forward factor", ranks.ff),
                ("Spread", ranks.bid_ask_pct),
            )
            if one is not None
        ]
        table(STANDINGS, rows, "name", "Nothing is recorded")
        note(
            f"Recorded: {coverage_words(ranks.coverage)}; the last reading {instant(ranks.as_of, visit.zone)}. One "
            f"value a New York day, its last; fewer than {FEWEST_DAYS} days have no rank. Rank: (now − lowest) / "
            "(highest − lowest). Percentile: share of the days before that were lower."
        )
        words = f"Vol at 30 days and of the front, by day, over {len(history.days)} days"
        draw_chart(days_options(history.days, visit.palette), visit.palette, words, 280)


def _standing_row(name: str, one: Standing, show: Callable[[float | None], str]) -> Row:
    return {
        "name": name,
        "now": show(one.now),
        "rank": percent(one.rank, 0),
        "percentile": percent(one.percentile, 0),
        "low": show(one.low),
        "high": show(one.high),
        "days": one.days,
    }


def _pair(visit: Visit, history: History, pair: str, point: str) -> None:
    with panel(f"{pair} at {point}"):
        points = history.points
        if not points:
            note("This pair and vol point was not looked at in this span: choose another.")
            return
        last = points[-1]
        words = f"Front, back and forward vol and the forward factor over time; the last factor is {factor(last.ff)}"
        draw_chart(series_options(points, visit.settings.ff_threshold, visit.palette), visit.palette, words, 460)
        if len(points) == MOST_POINTS:
            note(f"The newest {MOST_POINTS:,} readings, since {instant(points[0].as_of, visit.zone)}.")


def _structures(visit: Visit, ticker: str, structures: Sequence[StructureView]) -> None:
    words = [f"{one.as_of.astimezone(visit.zone):%Y-%m-%d %H:%M}" for one in structures]
    step = max(1, -(-len(structures) // STRUCTURES_DRAWN))
    places = list(range(len(structures) - 1, -1, -step))[::-1]
    with ui.element("div").classes("grid"):
        with panel("Term structures"):
            told = f"At-the-money vol of {ticker} by days to expiry at {len(places)} instants up to {words[-1]}"
            some = structures_options(
                [structures[one] for one in places], [words[one] for one in places], visit.palette
            )
            draw_chart(some, visit.palette, told, 360)
            note("The newest is drawn boldest.")
        with panel("At-the-money vol at fixed maturities"):
            told = f"A map of {ticker}'s at-the-money vol: {len(structures)} scans across, 7 to 120 days up"
            draw_chart(surface_options(structures, words, visit.palette), visit.palette, told, 360)
            note(f"{len(structures)} scans spread over the span; between expiries by total variance.")
