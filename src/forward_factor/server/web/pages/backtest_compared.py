"""Backtests side by side; imported before the page of one, for its address looks like that of a run."""

from __future__ import annotations

from nicegui import ui

from forward_factor.backtest import words
from forward_factor.backtest.figure_rows import figure_rows
from forward_factor.backtest.fills import FILLS, Fill
from forward_factor.errors import InvalidInput
from forward_factor.server.web.backtest_parts import compared_options, run_id_of, run_words, span_words, text_table
from forward_factor.server.web.charts import draw_chart
from forward_factor.server.web.parts import note, panel, title
from forward_factor.server.web.research_parts import address
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit
from forward_factor.services.backtest_views import Comparison
from forward_factor.services.compare_backtests import compare_backtests
from forward_factor.services.read_backtest import read_backtest_result


@web_page("/backtests/compare", "Backtests compared")
async def show_compared(visit: Visit, ids: str = "", fill: str = Fill.PARTIAL.value) -> None:
    """Build the page of several runs; ``ids`` are set apart by commas."""
    if fill not in list(FILLS):
        raise InvalidInput(f"a fill is one of {', '.join(FILLS)}")
    wanted = [run_id_of(one) for one in ids.split(",") if one]
    clock = visit.backend.application.clock
    found = await compare_backtests(visit.store, clock, visit.user.id, wanted)
    results = [await read_backtest_result(visit.store, clock, visit.user.id, one.run.id) for one in found.runs]
    names = _names(found)
    title("Backtests compared")
    with ui.element("div").classes("bar"):
        ui.link("All backtests", "/backtests")
    with panel(f"Return on the bankroll at {fill} fills"):
        with ui.element("div").classes("bar"):
            ui.select(
                {one.value: one.value for one in FILLS},
                value=fill,
                label="Fill",
                on_change=lambda event: ui.navigate.to(address("/backtests/compare", ids=ids, fill=event.value)),
            ).props("dense outlined options-dense").classes("field")
        curves = [
            (name, result.rules.size.bankroll, result.equity) for name, result in zip(names, results, strict=True)
        ]
        told = f"Returns of {len(names)} backtests by date"
        draw_chart(compared_options(curves, Fill(fill), visit.palette), visit.palette, told, 380)
    with panel("Figures"):
        runs = found.runs
        rows = [
            ["what", *(run_words(one.run.parameters) for one in runs)],
            ["dates", *(span_words(one.run.parameters) for one in runs)],
            *([words.words(name), *(one.differing[name] for one in runs)] for name in found.parameters),
            ["signals", *(f"{one.signals:,}" for one in runs)],
            ["trades", *(f"{one.figures[Fill(fill)].trades.trades:,}" for one in runs)],
            *figure_rows([one.figures[Fill(fill)] for one in runs], None),
            ["days invested", *(words.percent(one.exposure.days_invested) for one in runs)],
            ["at risk, on average", *(words.percent(one.exposure.mean_at_risk) for one in runs)],
            ["buy and hold", *(words.percent(one.hold.total_return) for one in runs)],
        ]
        text_table(["", *names], rows)
        note(
            "Who picks the best of several picks luck too: the more were tried, the less the best one's figures say. "
            "`forward-factor backtest --sweep` deflates the Sharpe ratio by the number of trials."
        )


def _names(found: Comparison) -> list[str]:
    return [f"#{place}" for place in range(1, len(found.runs) + 1)]
