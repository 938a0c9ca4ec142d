"""The watchlist: what is scanned for the person, how often, and what the last scans gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from nicegui import events, ui

from forward_factor.core.slots import next_due
from forward_factor.core.ticker import parse_ticker
from forward_factor.core.tiers import parse_tier
from forward_factor.errors import InvalidInput, InvalidTicker
from forward_factor.server.web.formats import MISSING, ago, factor, instant
from forward_factor.server.web.links import research_path, why_path
from forward_factor.server.web.parts import Column, Row, note, panel, table, title
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.ticker_box import split_tickers, ticker_box
from forward_factor.server.web.visit import Visit
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.list_watchlist import list_watchlist
from forward_factor.services.remove_from_watchlist import remove_from_watchlist
from forward_factor.services.views import CandidateView, WatchedTicker

MOST_AT_ONCE = 200
"""As many as the API takes."""
MOST_LISTED = 12
REFRESHED_EVERY_S = 20.0
_COLUMNS = (
    Column("ticker", "Ticker"),
    Column("ff", "Best FF", is_number=True, sort_by="ff_number"),
    Column("pair", "At"),
    Column("last", "Last scan", sort_by="last_number"),
    Column("next", "Next scan", sort_by="next_number"),
    Column("tier", "Tier"),
    Column("added", "Watched since", sort_by="added_number"),
    Column("actions", ""),
)
_TICKER = """<q-td :props="props"><a :href="props.row.why">{{ props.value }}</a>
<div v-if="props.row.fault" class="bad small">{{ props.row.fault }}</div></q-td>"""
_ACTIONS = """<q-td :props="props" auto-width><a :href="props.row.why" class="q-mr-sm wide-only">Why</a>
<a :href="props.row.research" class="q-mr-sm wide-only">Research</a>
<q-btn flat dense round icon="close" size="sm" :aria-label="'Remove ' + props.row.ticker"
 @click="$parent.$emit('remove', props.row.ticker)" /></q-td>"""
_FAILURES = {
    "unknown_ticker": "the provider does not know this ticker",
    "not_served": "no worker came to scan it",
    "gave_up": "its scan was given up after several tries",
}


@web_page("/watchlist", "Watchlist")
async def show_watchlist(visit: Visit) -> None:
    """Build the page."""
    title("Watchlist")
    await _Watchlist(visit).build()


class _Watchlist:
    """The page as it stands."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self._table: ui.table | None = None

    async def build(self) -> None:
        self._chooser()
        with ui.element("div").props("role=status aria-live=polite"):
            self._said = ui.row().classes("said bar")
        self._list = ui.element("div")
        await self._draw()
        self.visit.every(REFRESHED_EVERY_S, self._refresh)

    def _chooser(self) -> None:
        with panel("Add tickers"):
            with ui.element("div").classes("bar"):
                self._box = ticker_box(self.visit, "Tickers, e.g. AAPL MSFT BRK.B", self._add)
                ui.button("Add", on_click=self.visit.does(self._add)).props("unelevated no-caps")
            note(f"Paste a list if you like: up to {MOST_AT_ONCE} at once, parted by spaces, commas or lines.")

    async def _add(self) -> None:
        wanted = _parsed(split_tickers(str(self._box.value or "")))
        visit = self.visit
        added = await add_to_watchlist(visit.store, visit.backend.application.clock, visit.user.id, wanted)
        self._box.value = ""
        already = [one for one in wanted if one not in added]
        words = [f"Watching {_listed(added)} now."] if added else []
        words += [f"Already on your list: {_listed(already)}."] if already else []
        self._say(" ".join(words))
        await self._draw()

    async def _remove(self, ticker: str) -> None:
        removed = await remove_from_watchlist(self.visit.store, self.visit.user.id, [ticker])
        self._say(f"No longer watching {_listed(removed)}." if removed else "It was not on your list.", undo=removed)
        await self._draw()

    async def _undo(self, tickers: Sequence[str]) -> None:
        visit = self.visit
        back = [one.upper() for one in tickers]
        await add_to_watchlist(visit.store, visit.backend.application.clock, visit.user.id, back)
        self._say(f"Watching {_listed(back)} again.")
        await self._draw()

    def _say(self, words: str, undo: Sequence[str] = ()) -> None:
        self._said.clear()
        with self._said:
            ui.label(words)
            if undo:

                async def bring_back() -> None:
                    await self._undo(undo)

                ui.button("Undo", on_click=self.visit.does(bring_back)).props("flat dense no-caps")

    async def _draw(self) -> None:
        rows = await self._rows()
        self._list.clear()
        with self._list:
            self._table = None
            if not rows:
                _nothing_yet()
                return
            with panel():
                self._table = drawn = table(_COLUMNS, rows, "ticker", "Nothing is watched.")
                drawn.classes("acts").add_slot("body-cell-ticker", _TICKER)
                drawn.add_slot("body-cell-actions", _ACTIONS)
                drawn.on("remove", self._asked_to_remove)
            note("Best FF is the largest of the pairs and vol points you ask for, in the last scan.")

    def _asked_to_remove(self, event: events.GenericEventArguments) -> Any:
        ticker = str(event.args)

        async def remove() -> None:
            await self._remove(ticker)

        return self.visit.does(remove)()

    async def _refresh(self) -> None:
        """Bring the numbers up to date, and leave the table where it is."""
        rows = await self._rows()
        if bool(rows) is (self._table is None):  # the first came, or the last went, elsewhere
            await self._draw()
        elif self._table is not None and self._table.rows != rows:
            self._table.rows = rows

    async def _rows(self) -> list[Row]:
        visit = self.visit
        watched = await list_watchlist(visit.store, visit.user.id)
        names = [one.ticker for one in watched]
        found = _best(await visit.store.known_tickers.last_candidates(names), visit)
        failures = await visit.store.known_tickers.last_failures(names)
        return [_row(visit, one, found.get(one.ticker), failures.get(one.ticker)) for one in watched]


def _parsed(words: Sequence[str]) -> list[str]:
    """Return tickers; nothing is added where one of them is none.

    Raises:
        InvalidInput: naming those that are none.

    """
    if not words:
        raise InvalidInput("name a ticker, such as AAPL")
    if len(words) > MOST_AT_ONCE:
        raise InvalidInput(f"{MOST_AT_ONCE} tickers at once are enough, not {len(words)}")
    tickers, wrong = [], []
    for word in words:
        try:
            tickers.append(parse_ticker(word))
        except InvalidTicker:
            wrong.append(word[:20])
    if wrong:
        raise InvalidInput(
            f"no ticker: {_listed(wrong)}. Use up to 15 letters, digits, '.', '-' or '_'; nothing was added"
        )
    return tickers


def _nothing_yet() -> None:
    with panel("Add your first ticker"):
        note(
            "Write a ticker above, such as AAPL, and press Enter. It is scanned while the market is open, and you are "
            "told when its front month is dear against the forward vol behind it."
        )


def _best(candidates: Sequence[CandidateView], visit: Visit) -> Mapping[str, CandidateView]:
    """Return, by ticker, the candidate with the largest factor of those the person asks for."""
    pairs = {pair.name for pair in visit.settings.pairs}
    points = {point.value for point in visit.settings.vol_points}
    best: dict[str, CandidateView] = {}
    for one in candidates:
        if one.pair in pairs and one.vol_point in points and _factor_of(one) >= _factor_of(best.get(one.ticker)):
            best[one.ticker] = one
    return best


def _factor_of(one: CandidateView | None) -> float:
    return -inf if one is None or one.ff is None else one.ff


def _row(visit: Visit, one: WatchedTicker, best: CandidateView | None, failure: str | None) -> Row:
    tier = parse_tier(one.tier)
    due = next_due(visit.backend.application.cadences.of(tier), visit.now)
    last = max((at for at in (one.last_scan_at, best.as_of if best else None) if at is not None), default=None)
    return {
        "ticker": one.ticker,
        "why": why_path(one.ticker),
        "research": research_path(one.ticker),
        "ff": factor(best.ff if best else None),
        "ff_number": best.ff if best else None,
        "pair": f"{best.pair} {best.vol_point}" if best else MISSING,
        "last": ago(last, visit.now) if last else "not yet",
        "last_number": last.timestamp() if last else None,
        "next": instant(due, visit.zone),
        "next_number": due.timestamp(),
        "tier": tier.value,
        "added": one.added_at.astimezone(visit.zone).date().isoformat() if one.added_at else MISSING,
        "added_number": one.added_at.timestamp() if one.added_at else None,
        "fault": ""
        if failure is None
        else f"Last scan failed: {_FAILURES.get(failure, failure.replace('_', ' '))}"[:120],
    }


def _listed(tickers: Sequence[str]) -> str:
    left = len(tickers) - MOST_LISTED
    return ", ".join(tickers[:MOST_LISTED]) + (f" and {left} more" if left > 0 else "")
