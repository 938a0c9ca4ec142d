"""What the pages of backtests are put together from: figures in columns, equity, trades with every quote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from nicegui import ui

from forward_factor.backtest import words
from forward_factor.backtest.fills import FILLS, Fill
from forward_factor.backtest.metrics import Group
from forward_factor.backtest.request import BacktestRequest
from forward_factor.backtest.results import BacktestResult, EquityRow, TradeView
from forward_factor.core.accounts import is_storable
from forward_factor.errors import NotFound
from forward_factor.server.web.charts import line, percent_axis, time_axis
from forward_factor.server.web.palette import Palette
from forward_factor.server.web.parts import Column, Row, table
from forward_factor.services.backtest_views import RunState, RunView
from forward_factor.services.read_backtest import NO_RUN

MOST_POINTS = 1_000
LONGEST_ID = 200
STATES = {RunState.RUNNING: "running", RunState.DONE: "done", RunState.FAILED: "failed"}
Options = dict[str, Any]


def run_id_of(text: str) -> str:
    """Return the id of a run as it stands in a path.

    Raises:
        NotFound: no run can have it.

    """
    if not 0 < len(text) <= LONGEST_ID or not is_storable(text):
        raise NotFound(NO_RUN)
    return text


def run_words(request: BacktestRequest) -> str:
    """Return in a line what a run tests."""
    tickers = ", ".join(request.tickers[:4]) + (" …" if len(request.tickers) > 4 else "")  # noqa: PLR2004
    threshold = "" if request.threshold is None else f", FF ≥ {request.threshold:g}"
    return f"{tickers or 'all tickers'}: {', '.join(request.pair)} {request.structure}{threshold}"


def span_words(request: BacktestRequest) -> str:
    """Return the dates of a run."""
    if request.start is None and request.end is None:
        return "all dates"
    return f"{request.start or 'the first'} to {request.end or 'the last'}"


def run_row(run: RunView, created: str) -> Row:
    """Return a run as a row of the list."""
    headline = run.headline
    state = f"{100 * run.progress:.0f} %" if run.state is RunState.RUNNING else STATES[run.state]
    return {
        "id": run.id,
        "path": f"/backtests/{run.id}",
        "created": created,
        "at": run.created_at.timestamp(),
        "what": f"{run_words(run.parameters)}, {run.parameters.fill} fills",
        "span": span_words(run.parameters),
        "state": state,
        "trades": headline.trades if headline else None,
        "profit": words.dollars(headline.profit, 0) if headline else words.DASH,
        "profit_sort": headline.profit if headline else None,
        "sharpe": words.sharpe(headline.sharpe) if headline else words.DASH,
        "sharpe_sort": headline.sharpe.value if headline and headline.sharpe else None,
        "hits": words.share_range(headline.hit_rate) if headline else words.DASH,
        "hits_sort": headline.hit_rate.value if headline and headline.hit_rate else None,
    }


def equity_options(result: BacktestResult, palette: Palette) -> Options:
    """Return equity under each fill, and buy-and-hold, in dollars by date."""
    rows = thinned(result.equity)
    named = [(fill.value, fill.value) for fill in FILLS] + [("buy and hold", "hold")]
    dashed = {"lineStyle": {"type": "dashed", "width": 1.5}}
    return {
        "grid": {"left": 72, "right": 16, "top": 58, "bottom": 32},
        "legend": {"type": "scroll", "top": 0, "left": 0},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": time_axis(),
        "yAxis": {"type": "value", "scale": True, "name": "$", "nameTextStyle": {"align": "left"}},
        "series": [
            line(name, [[_at(row.day), round(getattr(row, key), 2)] for row in rows])
            | {"color": palette.series[place], "showSymbol": len(rows) == 1}
            | (dashed if key == "hold" else {})
            for place, (name, key) in enumerate(named)
        ],
    }


def compared_options(curves: Sequence[tuple[str, float, Sequence[EquityRow]]], fill: Fill, palette: Palette) -> Options:
    """Return the returns of several runs on their bankrolls; a curve is a name, a bankroll and the rows."""
    return {
        "grid": {"left": 60, "right": 16, "top": 58, "bottom": 32},
        "legend": {"type": "scroll", "top": 0, "left": 0},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": time_axis(),
        "yAxis": percent_axis("Return"),
        "series": [
            line(name, [[_at(row.day), _return(getattr(row, fill.value), bankroll)] for row in thinned(rows)])
            | {
                "color": palette.series[place % len(palette.series)],
                "showSymbol": False,
                "lineStyle": {"type": "solid" if place < len(palette.series) else "dashed"},
            }
            for place, (name, bankroll, rows) in enumerate(curves)
        ],
    }


def _return(equity: float, bankroll: float) -> float:
    return round(100.0 * (equity / bankroll - 1.0), 3)


def _at(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def thinned(rows: Sequence[EquityRow]) -> Sequence[EquityRow]:
    """Return at most about ``MOST_POINTS`` rows, the last always among them."""
    step = max(1, -(-len(rows) // MOST_POINTS))
    return rows[::-1][::step][::-1]


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> ui.table:
    """Draw rows of texts in their own order; all columns but the first ``texts`` hold numbers."""
    columns = [Column(f"c{place}", name, is_number=place >= texts) for place, name in enumerate(head)]
    values = [{"key": key, **{f"c{place}": one for place, one in enumerate(row)}} for key, row in enumerate(rows)]
    drawn = table(columns, values, "key", "None").classes("stays")
    drawn.columns = [{**one, "sortable": False} for one in drawn.columns]
    return drawn


def group_table(name: str, groups: Sequence[Group]) -> None:
    """Draw where the money came from, by year, regime, ticker or exit."""
    head = [name, "trades", "won", *(f"P&L {fill}" for fill in FILLS)]
    rows = [
        [
            words.words(one.name),
            f"{one.trades}",
            f"{one.hits}",
            *(words.dollars(one.profits[fill], 0) for fill in FILLS),
        ]
        for one in groups
    ]
    text_table(head, rows)


def trade_row(one: TradeView) -> Row:
    """Return a trade as a row of the list."""
    profits = {fill.value: words.dollars(one.profits[fill], 0) for fill in FILLS}
    return {
        "number": one.number,
        "ticker": one.ticker,
        "pair": one.pair,
        "opened": f"{one.opened_at:%Y-%m-%d}",
        "closed": f"{one.closed_at:%Y-%m-%d}",
        "exit": words.words(one.exit_reason.value),
        "size": f"{one.contracts} × {one.structure}",
        "ff": round(one.ff, 3),
        **profits,
        **{f"{fill.value}_sort": round(one.profits[fill], 2) for fill in FILLS},
    }


TRADES = (
    Column("number", "#", is_number=True),
    Column("ticker", "Ticker"),
    Column("pair", "Pair"),
    Column("opened", "Opened"),
    Column("closed", "Closed"),
    Column("exit", "Exit"),
    Column("size", "Contracts"),
    Column("ff", "FF", is_number=True),
    *(Column(fill.value, f"P&L {fill}", is_number=True, sort_by=f"{fill.value}_sort") for fill in FILLS),
    Column("quotes", ""),
)
