"""The table of signals: its columns, and the few cells that are more than a text.

Templates hold no data, and no component where an element will do: a page draws each of them fifty times.
"""

from __future__ import annotations

from typing import Any

from nicegui import ui

from forward_factor.server.web.parts import Row
from forward_factor.server.web.signals.choice import ROWS_A_PAGE, Choice
from forward_factor.services.ports.board import SignalSort

_SORTABLE = {one.value for one in SignalSort}
_NUMBERS = {"spread", "quality", "forward", "vols"}
_COLUMNS = {
    "found": "Found",
    "ticker": "Ticker",
    "pair": "Pair",
    "expiries": "Front / back",
    "ff": "Forward factor",
    "vols": "IVs, %",
    "forward": "Fwd vol",
    "spread": "Spread",
    "quality": "Quality",
    "own": "Decision",
}
_FOUND = """<q-td :props="props"><span :title="props.row.found_full">{{ props.row.found }}</span></q-td>"""
_TICKER = """<q-td :props="props">
<a class="ticker" :href="'/signals/' + encodeURIComponent(props.row.id)">{{ props.row.ticker }}</a>
<span v-if="props.row.is_new" class="chip fresh-chip">new</span>
<span v-if="props.row.is_discovery" class="chip" title="Found by discovery: nobody watches it">discovery</span>
<span v-if="props.row.earnings" class="chip warn" title="An announcement lies before the back expiry">
{{ props.row.earnings }}</span>
</q-td>"""
_PAIR = """<q-td :props="props">{{ props.row.pair }} <span class="muted small">{{ props.row.point }}</span></q-td>"""
_EXPIRIES = (
    """<q-td :props="props">{{ props.row.expiries }} <span class="muted small">{{ props.row.dte }} d</span></q-td>"""
)
_FF = """<q-td :props="props"><span class="ff-cell"><b>{{ props.row.ff }}</b>
<svg v-if="props.row.bar" class="ff-bar" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
<rect class="ff-zero" :x="props.row.bar.zero" y="0" width="0.8" height="12" />
<rect class="ff-range" :x="props.row.bar.x" y="3" :width="props.row.bar.width" height="6" />
<rect class="ff-mid" :x="props.row.bar.mid - 0.8" y="1" width="1.6" height="10" /></svg>
<span class="muted small">{{ props.row.range }}</span></span></q-td>"""
_OWN = """<q-td :props="props">
<span v-if="props.row.own_kind === 'none'" class="decide">
<button type="button" class="place" :aria-label="'Place ' + props.row.ticker"
 @click="$parent.$emit('place', props.row.id)">Place</button>
<button type="button" class="ignore" :aria-label="'Ignore ' + props.row.ticker"
 @click="$parent.$emit('ignore', props.row.id)">Ignore</button></span>
<a v-else :class="['chip', 'own-' + props.row.own_kind]" :href="'/signals/' + encodeURIComponent(props.row.id)"
>{{ props.row.own }}</a></q-td>"""
_PAGES = """<span class="small muted paging-words">
{{ (props.pagination.page - 1) * props.pagination.rowsPerPage + 1 }}–{{
 Math.min(props.pagination.page * props.pagination.rowsPerPage, props.pagination.rowsNumber) }} of {{
 props.pagination.rowsNumber }}</span>
<q-btn v-if="props.pagesNumber > 2" icon="first_page" flat round dense aria-label="First page"
 :disable="props.isFirstPage" @click="props.firstPage" />
<q-btn v-if="props.pagesNumber > 1" icon="chevron_left" flat round dense aria-label="Page before"
 :disable="props.isFirstPage" @click="props.prevPage" />
<q-btn v-if="props.pagesNumber > 1" icon="chevron_right" flat round dense aria-label="Next page"
 :disable="props.isLastPage" @click="props.nextPage" />
<q-btn v-if="props.pagesNumber > 2" icon="last_page" flat round dense aria-label="Last page"
 :disable="props.isLastPage" @click="props.lastPage" />"""
SLOTS = {"found": _FOUND, "ticker": _TICKER, "pair": _PAIR, "expiries": _EXPIRIES, "ff": _FF, "own": _OWN}


def signals_table(rows: list[Row], choice: Choice, count: int) -> ui.table:
    """Draw the table of one page; sorting and paging are asked of the server, by the event ``request``."""
    table = ui.table(
        columns=[_column(name, label) for name, label in _COLUMNS.items()],
        rows=rows,
        row_key="id",
        pagination=pagination(choice, count),
    )
    for name, template in SLOTS.items():
        table.add_slot(f"body-cell-{name}", template)
    table.add_slot("pagination", _PAGES)
    table.props(":table-row-class-fn=\"row => row.is_new ? 'fresh' : ''\" :rows-per-page-options=[]")
    return table.props('flat dense binary-state-sort aria-label="Signals"').classes("data signals")


def pagination(choice: Choice, count: int) -> dict[str, Any]:
    """Return where the table is, as Quasar takes it."""
    return {
        "sortBy": choice.sort.value,
        "descending": choice.descending,
        "page": choice.page,
        "rowsPerPage": ROWS_A_PAGE,
        "rowsNumber": count,
    }


def _column(name: str, label: str) -> dict[str, Any]:
    is_number = name in _NUMBERS
    return {
        "name": name,
        "label": label,
        "field": name,
        "align": "right" if is_number else "left",
        "classes": f"c-{name}{' num' if is_number else ''}",
        "headerClasses": "num" if is_number else "",
        "sortable": name in _SORTABLE,
    }
