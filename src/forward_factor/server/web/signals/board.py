"""A board that is looked at: its table, filters and what it says when it is empty, kept as the store is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from forward_factor.core.decisions import Decision
from forward_factor.core.market_hours import current_or_next_session, is_open
from forward_factor.errors import NotFound
from forward_factor.server.news import News
from forward_factor.server.web.formats import instant
from forward_factor.server.web.parts import note, title
from forward_factor.server.web.signals.choice import MOST_PAGES, ROWS_A_PAGE, Choice, parse_choice
from forward_factor.server.web.signals.columns import pagination, signals_table
from forward_factor.server.web.signals.decision_form import ask_decision
from forward_factor.server.web.signals.filters import Filters
from forward_factor.server.web.signals.rows import board_rows
from forward_factor.server.web.visit import Visit
from forward_factor.services.board_views import MOST_COUNTED, BoardPage
from forward_factor.services.list_watchlist import list_watchlist
from forward_factor.services.ports.board import SignalSort
from forward_factor.services.read_board import read_board

CSV_PATH = "/signals.csv"
OUT_OF_ORDER = timedelta(minutes=30)
"""Scans that end later may be of an earlier instant; what is older than that is not new but moved up."""


class Board:
    """The signals of one visit: a page of rows at a time, whatever there are in the store."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._choice = parse_choice(visit.path)
        self._known: set[str] = set()
        self._newest: datetime | None = None
        self._loads = 0

    async def build(self) -> None:
        """Draw it, and keep it as the store is from then on."""
        page = await self._read()
        self._take_note(page)
        with ui.element("div").classes("bar heading"):
            title("Signals")
            self._count = ui.label().classes("muted").props("aria-live=polite")
            self._csv = ui.link("CSV", CSV_PATH).props('download aria-label="Download these signals as CSV"')
        self._filters = Filters(self._visit, self._choice, self._choose)
        self._empty = ui.element("div").classes("panel empty")
        self._table = signals_table([], self._choice, page.count)
        self._table.on("request", self._visit.does(self._turn))
        self._table.on("place", self._visit.does(self._place))
        self._table.on("ignore", self._visit.does(self._ignore))
        self._dialogs = ui.element("div")
        await self._show(page, set())
        self._visit.on_news(self._renew)

    async def _read(self) -> BoardPage:
        query = self._choice.query(self._visit.user.id, self._visit.now)
        return await read_board(self._visit.store.board, self._visit.user.id, query)

    def _take_note(self, page: BoardPage) -> None:
        """Remember what the person has asked for and seen: the rest is new when it comes."""
        self._known |= {row.signal.id for row in page.rows}
        self._newest = max((row.signal.as_of for row in page.rows), default=None)

    def _new_of(self, page: BoardPage) -> set[str]:
        since = self._newest - OUT_OF_ORDER if self._newest else None
        fresh = (row.signal for row in page.rows if since is None or row.signal.as_of >= since)
        return {signal.id for signal in fresh} - self._known

    async def _load(self, *, marks_new: bool = False) -> None:
        """Read and show anew; of two that overlap the later one counts."""
        self._loads += 1
        mine = self._loads
        page = await self._read()
        if mine != self._loads:
            return
        if not marks_new:
            self._take_note(page)
        await self._show(page, self._new_of(page))

    async def _show(self, page: BoardPage, new: set[str]) -> None:
        self._choice = replace(self._choice, page=page.offset // ROWS_A_PAGE + 1)
        self._filters.show(self._choice)
        table, shown = self._table, min(page.count, MOST_PAGES * ROWS_A_PAGE)
        table.rows = board_rows(page.rows, self._visit.zone, new)
        table.pagination = pagination(self._choice, shown)
        table.set_visibility(bool(page.rows))
        self._count.text = _count_words(page.count, len(new))
        self._csv.props(f'href="{self._choice.as_path(CSV_PATH)}"')
        self._empty.set_visibility(not page.rows)
        self._empty.clear()
        if not page.rows:
            with self._empty:
                await self._say_why_empty()

    async def _choose(self, choice: Choice) -> None:
        self._choice = choice
        path = choice.as_path()
        self._visit.path = path
        ui.navigate.history.replace(path)
        await self._load()

    async def _turn(self, event: GenericEventArguments) -> None:
        asked: dict[str, Any] = event.args["pagination"]
        sort = next((one for one in SignalSort if one.value == asked.get("sortBy")), SignalSort.FOUND)
        page = min(max(int(asked.get("page") or 1), 1), MOST_PAGES)
        await self._choose(replace(self._choice, sort=sort, descending=bool(asked.get("descending")), page=page))

    async def _renew(self, *_news: News) -> None:
        await self._load(marks_new=True)

    async def _place(self, event: GenericEventArguments) -> None:
        await self._ask(event, Decision.PLACED)

    async def _ignore(self, event: GenericEventArguments) -> None:
        await self._ask(event, Decision.IGNORED)

    async def _ask(self, event: GenericEventArguments, decision: Decision) -> None:
        signal = await self._visit.store.records.signal(str(event.args))
        if signal is None:
            raise NotFound("this signal is gone: it was too old to be kept")
        with self._dialogs:
            await ask_decision(self._visit, signal, decision, self._renew)

    async def _say_why_empty(self) -> None:
        if self._choice.is_filtered:
            ui.label("No signal fits these filters.")
            ui.link("Show all signals", "/")
            return
        if not await list_watchlist(self._visit.store, self._visit.user.id):
            ui.label("Nothing is watched yet, so nothing is scanned for you.")
            ui.link("Add tickers to your watchlist", "/watchlist")
            return
        ui.label("No scan has found a signal yet.")
        note(_when_words(self._visit))
        ui.link("See why the last scans found none", "/why")


def _when_words(visit: Visit) -> str:
    if is_open(visit.now):
        return "The market is open: your tickers are scanned as they fall due, and signals appear here by themselves."
    opens = instant(current_or_next_session(visit.now).opens_at, visit.zone)
    return f"The market is closed: scans go on when it opens, on {opens}."


def _count_words(count: int, new: int) -> str:
    many = f"more than {MOST_COUNTED:,}" if count > MOST_COUNTED else f"{count:,}"
    return many + (f" · {new} new" if new else "")
