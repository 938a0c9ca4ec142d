"""Backtests: the form, and the list of what a user had run."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from forward_factor.backtest.fills import FILLS
from forward_factor.backtest.request import BacktestRequest
from forward_factor.core.rules import VOL_POINTS
from forward_factor.core.structure import Structure
from forward_factor.errors import InvalidInput, NotFound
from forward_factor.server.web.backtest_form import COSTS, ENTRY, EXIT, SIZE, NumberField, filled_in, read_form
from forward_factor.server.web.backtest_parts import run_id_of, run_row
from forward_factor.server.web.formats import instant
from forward_factor.server.web.parts import Column, note, panel, table, title
from forward_factor.server.web.research_parts import address
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit
from forward_factor.services.backtest_views import RUNS_KEPT, RunState, RunView
from forward_factor.services.compare_backtests import MOST_COMPARED
from forward_factor.services.list_backtests import list_backtests
from forward_factor.services.read_backtest import read_backtest

EVERY_S = 2.0
RUNS = (
    Column("created", "Begun", sort_by="at"),
    Column("what", "What"),
    Column("span", "Dates"),
    Column("state", "State"),
    Column("trades", "Trades", is_number=True),
    Column("profit", "P&L", is_number=True, sort_by="profit_sort"),
    Column("sharpe", "Sharpe ± s.e.", is_number=True, sort_by="sharpe_sort"),
    Column("hits", "Hit rate (95 %)", is_number=True, sort_by="hits_sort"),
)
_LINK = '<q-td :props="props"><a :href="props.row.path">{{ props.row.created }}</a></q-td>'
_MARK = '<q-checkbox dense v-model="props.selected" :aria-label="{}"></q-checkbox>'
_POINTS = {"ATM": "At the money", "35d_put": "35Δ put", "35d_call": "35Δ call"}
_STRUCTURES = {"call": "Call calendar", "put": "Put calendar", "double": "Double, 35Δ put and call"}


@web_page("/backtests", "Backtests")
async def show_backtests(visit: Visit, like: str | None = None) -> None:
    """Build the page; ``like`` is a run whose parameters fill the form."""
    runs = await _runs(visit)
    request = await _request_like(visit, like)
    title("Backtests")
    note("The rule of the signals on the chains this installation recorded: entries by the live engine, honest fills.")
    with panel("New backtest"):
        _form(visit, request)
    with panel("Your backtests"):
        _list(visit, runs)


async def _runs(visit: Visit) -> list[RunView]:
    return list(await list_backtests(visit.store, visit.backend.application.clock, visit.user.id))


async def _request_like(visit: Visit, like: str | None) -> BacktestRequest:
    if like is None:
        return BacktestRequest()
    found = await read_backtest(visit.store, visit.backend.application.clock, visit.user.id, run_id_of(like))
    return found.run.parameters


def _form(visit: Visit, request: BacktestRequest) -> None:
    values = filled_in(request)
    fields: dict[str, ValueElement[Any]] = {}

    def text(name: str, label: str, hint: str = "", props: str = "") -> None:
        made = ui.input(label=label, value=values[name]).props(f"dense outlined {props}").classes("form-field")
        fields[name] = made.props(f'hint="{hint}"') if hint else made

    def choice(name: str, label: str, options: dict[str, str]) -> None:
        made = ui.select(options, value=values[name], label=label)
        fields[name] = made.props("dense outlined options-dense").classes("form-field")

    def numbers(some: tuple[NumberField, ...]) -> None:
        for one in some:
            made = ui.number(label=one.label, value=values[one.name], min=one.low, max=one.high, step=one.step)
            fields[one.name] = made.props(f'dense outlined hint="{one.hint}"').classes("form-field")

    with ui.element("div").classes("form-grid"):
        text("tickers", "Tickers", "AAPL, META; empty: all that are recorded", "maxlength=4000")
        text("start", "First day", props="type=date stack-label")
        text("end", "Last day", props="type=date stack-label")
        text("pair", "Pairs, days", "30/60, or 30/60±5/10; several by commas", "maxlength=200")
        choice("structure", "Structure", {one.value: _STRUCTURES[one.value] for one in Structure})
        choice("vol_point", "Vol point", {one.value: _POINTS[one.value] for one in VOL_POINTS})
        numbers(ENTRY[:1])
        choice("fill", "Fill shown first", {one.value: one.value for one in FILLS})
    with ui.expansion("Gates, exits, size, costs").classes("more"):
        for name, some in (("Entry", ENTRY[1:]), ("Exit", EXIT), ("Size and limits", SIZE), ("Costs", COSTS)):
            ui.label(name).classes("subtitle").props("role=heading aria-level=3")
            with ui.element("div").classes("form-grid"):
                numbers(some)
        with ui.element("div").classes("form-grid"):
            text("provider", "Provider", "Whose chains, where several recorded a ticker", "maxlength=40")

    async def begin() -> None:
        asked = read_form({name: one.value for name, one in fields.items()})
        run = await visit.backend.backtests.request(visit.store, visit.user.id, asked)
        ui.navigate.to(f"/backtests/{run.id}")

    with ui.element("div").classes("bar form-end"):
        ui.button("Run", icon="play_arrow", on_click=visit.does(begin)).props("no-caps unelevated")
        note("One at a time, in the background; shares and factors are decimals (0.2 = 20 %).")


def _list(visit: Visit, runs: list[RunView]) -> None:
    drawn = table(RUNS, _rows(visit, runs), "id", "None yet: fill in the form and run one")
    drawn.props("selection=multiple").add_slot("body-cell-created", _LINK)
    drawn.add_slot("header-selection", _MARK.format("'Mark all'"))
    drawn.add_slot("body-selection", _MARK.format("'Mark ' + props.row.what"))

    async def compare() -> None:
        chosen = [str(row["id"]) for row in drawn.selected]
        if not 2 <= len(chosen) <= MOST_COMPARED:  # noqa: PLR2004 - one alone is not compared
            raise InvalidInput(f"mark 2 to {MOST_COMPARED} that are done")
        ui.navigate.to(address("/backtests/compare", ids=",".join(chosen)))

    async def delete() -> None:
        chosen = [str(row["id"]) for row in drawn.selected]
        if not chosen:
            raise InvalidInput("mark those to delete")
        gone = [await visit.backend.backtests.delete(visit.store, visit.user.id, run_id_of(one)) for one in chosen]
        if not any(gone):
            raise NotFound("they are gone already")
        drawn.selected = []
        await refresh()

    async def refresh() -> None:
        found = _rows(visit, await _runs(visit))
        if found != drawn.rows:
            drawn.rows = found
        clock.active = any(str(row["state"]).endswith("%") for row in found)

    with ui.element("div").classes("bar form-end"):
        ui.button("Compare the marked", on_click=visit.does(compare)).props("no-caps outline")
        ui.button("Delete the marked", on_click=visit.does(delete)).props("no-caps flat")
        note(f"Your newest {RUNS_KEPT} are kept.")
    clock: Any = visit.every(EVERY_S, refresh)
    clock.active = any(one.state is RunState.RUNNING for one in runs)


def _rows(visit: Visit, runs: list[RunView]) -> list[dict[str, Any]]:
    return [run_row(one, instant(one.created_at, visit.zone)) for one in runs]
