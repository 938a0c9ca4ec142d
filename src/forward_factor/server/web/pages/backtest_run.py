"""One backtest: how far it is, and what came out, down to every quote."""

from __future__ import annotations

from nicegui import events, ui

from forward_factor.backtest import words
from forward_factor.backtest.figure_rows import figure_rows
from forward_factor.backtest.report.page import SHARES, caveats, described_rules
from forward_factor.backtest.results import BacktestResult, TradeView
from forward_factor.backtest.trade_rows import QUOTE_HEAD, SUM_HEAD, quote_rows, sum_rows, sum_words, trade_words
from forward_factor.errors import NotFound
from forward_factor.server.web.backtest_parts import (
    TRADES,
    equity_options,
    group_table,
    run_id_of,
    run_words,
    span_words,
    text_table,
    trade_row,
)
from forward_factor.server.web.charts import draw_chart
from forward_factor.server.web.formats import instant
from forward_factor.server.web.parts import facts, note, panel, table, title
from forward_factor.server.web.research_parts import address
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit
from forward_factor.services.backtest_views import RunDetails, RunState, RunView
from forward_factor.services.read_backtest import NO_RUN, read_backtest, read_backtest_result

EVERY_S = 1.5
MOST_TRADES = 1_000
TRADES_A_PAGE = 25
_QUOTES = """<q-td :props="props"><q-btn flat dense no-caps color="primary" label="Quotes"
 :aria-label="'Quotes of trade ' + props.row.number" @click="() => $parent.$emit('quotes', props.row.number)"></q-btn>
</q-td>"""


@web_page("/backtests/{run_id}", "Backtest")
async def show_run(visit: Visit, run_id: str) -> None:
    """Build the page of one run."""
    found = await _read(visit, run_id_of(run_id))
    run = found.run
    title(f"Backtest of {run_words(run.parameters)}")
    note(f"{span_words(run.parameters)}; begun {instant(run.created_at, visit.zone)}")
    _actions(visit, run)
    if run.state is RunState.RUNNING:
        _progress(visit, run)
    elif run.state is RunState.FAILED:
        with panel("It failed"):
            ui.label(run.error or "Nothing says why.").classes("bad").props("role=alert")
    elif found.result is None:
        with panel():
            note("It was stored by another version of this program: run it again.")
    else:
        _result(visit, run, found.result)


async def _read(visit: Visit, run_id: str) -> RunDetails:
    return await read_backtest(visit.store, visit.backend.application.clock, visit.user.id, run_id)


def _actions(visit: Visit, run: RunView) -> None:
    is_running = run.state is RunState.RUNNING

    async def delete() -> None:
        if not await visit.backend.backtests.delete(visit.store, visit.user.id, run.id):
            raise NotFound(NO_RUN)
        ui.navigate.to("/backtests")

    with ui.element("div").classes("bar form-end"):
        ui.link("All backtests", "/backtests")
        ui.link("Change and run again", address("/backtests", like=run.id))
        if run.state is RunState.DONE:
            ui.link("Report, one page to keep", f"/backtests/{run.id}/report", new_tab=True)
        ui.button("Cancel" if is_running else "Delete", on_click=visit.does(delete)).props("no-caps flat dense")


def _progress(visit: Visit, run: RunView) -> None:
    with panel("Under way"):
        bar = ui.linear_progress(run.progress, show_value=False).props('rounded aria-label="Share done"')
        told = ui.label(_progress_words(run)).props("role=status")

    async def look() -> None:
        now = (await _read(visit, run.id)).run
        if now.state is not RunState.RUNNING:
            ui.navigate.reload()
            return
        bar.set_value(now.progress)
        told.set_text(_progress_words(now))

    visit.every(EVERY_S, look)


def _progress_words(run: RunView) -> str:
    return f"{100 * run.progress:.0f} % of the recorded chains are read. It goes on when this page is closed."


def _result(visit: Visit, run: RunView, result: BacktestResult) -> None:
    for one in (*caveats(result), *run.warnings):
        ui.label(one).classes("caveat")
    with panel("Figures under all fills"):
        head = ["", *(f"{one.fill} ({words.percent(one.spread_share, 0)})" for one in result.figures), "buy and hold"]
        text_table(head, figure_rows(result.figures, result.hold))
        note(SHARES)
        stake = result.exposure
        note(
            f"A position was open on {words.percent(stake.days_invested)} of days; at risk on average "
            f"{words.percent(stake.mean_at_risk)} of the bankroll, {words.percent(stake.most_at_risk)} at most."
        )
    with panel("Equity"):
        told = f"Equity by date under each fill beside buy-and-hold; {len(result.equity)} days"
        draw_chart(equity_options(result, visit.palette), visit.palette, told, 360)
    with ui.element("div").classes("pair"):
        for name, groups in (
            ("Year of exit", result.by_year),
            ("Front vol at entry, thirds", result.by_regime),
            ("Ticker", result.by_ticker),
            ("Exit", result.by_exit),
        ):
            with panel():
                group_table(name, groups)
    _what_it_hangs_on(result)
    _trades(visit, run, result)
    with ui.element("div").classes("grid"):
        with panel("Rules"):
            facts(dict(described_rules(result.rules)))
        with panel("Data"):
            _data(result)


def _what_it_hangs_on(result: BacktestResult) -> None:
    top = result.contributors
    with ui.element("div").classes("grid"):
        with panel("What it hangs on"):
            if not top.numbers:
                note("No trade was made.")
            else:
                best = ", ".join(f"#{number}" for number in top.numbers)
                ui.label(
                    f"The best trades are {best}: {words.percent(top.share_of_gains)} of all gains at {result.fill}. "
                    f"Without the best one the P&L is {words.dollars(top.without_best)}."
                )
        with panel("What became of the signals"):
            rows = [
                ["signals", f"{result.signals:,}"],
                ["entered", f"{len(result.trades):,}"],
                *([words.words(why), f"{count:,}"] for why, count in result.skipped.items()),
            ]
            text_table(["", "number"], rows)


def _data(result: BacktestResult) -> None:
    data = result.data
    some = ", ".join(data.tickers[:40]) + (f" and {len(data.tickers) - 40} more" if len(data.tickers) > 40 else "")  # noqa: PLR2004
    facts(
        {
            "tickers": some,
            "snapshots": f"{data.snapshots:,}, of which {data.stale:,} stale and left out",
            "quotes": f"{data.quotes:,}",
            "first": words.instant(data.first_at),
            "last": words.instant(data.last_at),
        }
    )


def _trades(visit: Visit, run: RunView, result: BacktestResult) -> None:
    with panel("Trades"):
        shown = result.trades[:MOST_TRADES]
        drawn = table(TRADES, [trade_row(one) for one in shown], "number", "No trade was made").classes("acts")
        drawn.pagination = {"rowsPerPage": TRADES_A_PAGE}
        drawn.props(remove="hide-pagination").add_slot("body-cell-quotes", _QUOTES)

        async def open_quotes(event: events.GenericEventArguments) -> None:
            whole = await read_backtest_result(visit.store, visit.backend.application.clock, visit.user.id, run.id)
            trade = next((one for one in whole.trades if one.number == event.args), None)
            if trade is not None:
                _quotes_of(trade)

        drawn.on("quotes", visit.does(open_quotes))
        if len(result.trades) > len(shown):
            note(f"The first {len(shown):,} of {len(result.trades):,}; the report has them all.")


def _quotes_of(one: TradeView) -> None:
    """Show every quote a trade rests on, and how its P&L comes out of them."""
    with ui.dialog(value=True) as dialog, ui.card().classes("wide-card"):
        ui.label(f"#{one.number} {one.ticker} {one.pair}, {one.contracts} × {one.structure}").classes("subtitle")
        ui.label(trade_words(one))
        text_table(QUOTE_HEAD, quote_rows(one.legs), 3)
        text_table(SUM_HEAD, sum_rows(one))
        note(f"Quotes are dollars a share. {sum_words(one)}.")
        ui.button("Close", on_click=dialog.close).props("no-caps flat")
