"""History: what the person decided, what came of it, and what the ignored signals would have come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nicegui import events, ui

from forward_factor.server.web.charts import draw_chart, line, time_axis
from forward_factor.server.web.decision_rows import (
    COLUMNS,
    KINDS,
    MOST_SHOWN,
    Kind,
    Wanted,
    newest_decisions,
    row_of,
)
from forward_factor.server.web.formats import MISSING, money, percent
from forward_factor.server.web.outcomes_panel import OutcomesPanel
from forward_factor.server.web.parts import note, panel, table, title
from forward_factor.server.web.position_form import PositionForm
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.read_decision import read_decision

DEBOUNCE_MS = 250
ROWS_A_PAGE = 25
_TICKER = """<q-td :props="props"><a v-if="props.row.signal" :href="props.row.signal">{{ props.value }}</a>
<span v-else>{{ props.value }}</span></q-td>"""
_PNL = """<q-td :props="props" class="num"><span :class="props.row.tone">{{ props.value }}</span></q-td>"""
_NOTES = """<q-td :props="props" class="notes">{{ props.value }}</q-td>"""
_ACTIONS = """<q-td :props="props" auto-width><q-btn flat dense no-caps color="primary" label="Change"
 :aria-label="'Change the decision on ' + props.row.ticker" @click="$parent.$emit('change', props.row.id)" /></q-td>"""


@web_page("/history", "History")
async def show_history(visit: Visit) -> None:
    """Build the page."""
    title("History")
    decisions = await newest_decisions(visit.store, visit.user.id)
    if not decisions:
        with panel("Nothing decided yet"):
            note("Place or ignore a signal, here or in Telegram, and it stands in this list with what came of it.")
            ui.link("Go to the signals", "/")
        return
    await _History(visit, decisions).build()


class _History:
    """The page as it stands: decisions that were read, and which of them are shown."""

    def __init__(self, visit: Visit, decisions: Sequence[DecisionView]) -> None:
        self._visit = visit
        self._decisions = list(decisions)

    async def build(self) -> None:
        """Draw the page."""
        self._figures = ui.element("div")
        await self._draw_figures()
        with panel():
            self._filters()
            self._table = table(COLUMNS, self._rows(), "id", "None of your decisions is like that.")
            self._table.props(remove="hide-pagination").props("rows-per-page-label=Rows")
            self._table.pagination = {"rowsPerPage": ROWS_A_PAGE}
            for name, slot in (("ticker", _TICKER), ("pnl", _PNL), ("notes", _NOTES), ("actions", _ACTIONS)):
                self._table.add_slot(f"body-cell-{name}", slot)
            self._table.classes("acts").on("change", self._asked_to_change)
        if len(self._decisions) >= MOST_SHOWN:
            note(f"Shown are the newest {MOST_SHOWN:,}; the CSV file has all.")
        OutcomesPanel(self._visit, self._decisions)

    def _filters(self) -> None:
        with ui.element("div").classes("bar"):
            self._kind = ui.toggle({kind.value: words for kind, words in KINDS.items()}, value=Kind.ALL.value)
            self._kind.props("no-caps unelevated").classes("kinds").on_value_change(self._filter)
            self._text = ui.input("Ticker or notes", on_change=self._filter).classes("ticker-box")
            self._text.props(f"outlined dense clearable debounce={DEBOUNCE_MS} maxlength=60")
            ui.link("CSV file", "/history.csv").props("download")

    def _filter(self) -> None:
        self._table.rows = self._rows()

    def _rows(self) -> list[dict[str, Any]]:
        wanted = Wanted(Kind(self._kind.value), str(self._text.value or ""))
        return [row_of(one, self._visit.zone) for one in self._decisions if wanted.has(one)]

    def _asked_to_change(self, event: events.GenericEventArguments) -> Any:
        decision_id = str(event.args)

        async def change() -> None:
            decision = await read_decision(self._visit.store, self._visit.user.id, decision_id)
            PositionForm(self._visit, decision, self._reload)

        return self._visit.does(change)()

    async def _reload(self) -> None:
        self._decisions = await newest_decisions(self._visit.store, self._visit.user.id)
        self._filter()
        await self._draw_figures()

    async def _draw_figures(self) -> None:
        stats = await self._visit.store.stats.of_user(self._visit.user.id, self._visit.now)
        self._figures.clear()
        with self._figures:
            with ui.element("div").classes("figures"):
                _figure("P&L, closed positions", money(stats.pnl), _tone(stats.pnl))
                _figure("With a gain", percent(stats.hit_rate, 0))
                _figure("Open positions", f"{stats.open_positions:,}")
                _figure("Placed", f"{stats.placed:,}")
                _figure("Ignored", f"{stats.ignored:,}")
            _draw_profit(self._visit, self._decisions)


def _figure(name: str, value: str, tone: str = "") -> None:
    with panel():
        ui.label(name).classes("muted")
        ui.label(value).classes(f"figure {tone}")


def _tone(pnl: float | None) -> str:
    return "" if pnl is None else ("good" if pnl >= 0 else "bad")


def _draw_profit(visit: Visit, decisions: Sequence[DecisionView]) -> None:
    """Draw the sum of profits, each where its position was closed."""
    closed = sorted((one.closed_at, one.pnl) for one in decisions if one.closed_at and one.pnl is not None)
    if not closed:
        return
    total, points = 0.0, []
    for at, pnl in closed:
        total += pnl
        points.append([at.timestamp() * 1000, round(total, 2)])
    options = {
        "grid": {"left": 8, "right": 24, "top": 24, "bottom": 8, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": time_axis(axisLabel={"hideOverlap": True, "color": visit.palette.muted}),
        "yAxis": {"type": "value", "axisLabel": {"formatter": "${value}"}},
        "series": [line("Sum of P&L", points, step="end", areaStyle={"opacity": 0.12})],
    }
    words = f"Sum of the P&L of {len(closed)} closed positions, now {money(total) if closed else MISSING}"
    with panel("Sum of P&L, dollars"):
        draw_chart(options, visit.palette, words, 240)
