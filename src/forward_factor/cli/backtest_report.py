"""A backtest for a person at a terminal: figures of all fills, the curve, where it came from, the trades."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from forward_factor.backtest import words
from forward_factor.backtest.fills import FILLS
from forward_factor.backtest.metrics import CurveFigures, Group
from forward_factor.backtest.report.page import caveats
from forward_factor.backtest.results import BacktestResult, FillFigures, SweepResult, TradeView
from forward_factor.cli.console import counted, out
from forward_factor.cli.plots import draw_curve
from forward_factor.cli.tables import Column, draw_table

MOST_TICKERS, MOST_TRADES, MOST_TRIALS = 10, 20, 15


def print_backtest(result: BacktestResult, sweep: SweepResult | None) -> None:
    """Write the summary to stdout."""
    out.print(_data_line(result))
    out.print(_figures(result))
    out.print()
    days, equity = [row.day for row in result.equity], [getattr(row, result.fill) for row in result.equity]
    out.print(draw_curve(f"Equity at {result.fill}, dollars", days, equity, out.width))
    out.print()
    for title, groups in (("year", result.by_year), ("regime", result.by_regime), ("exit", result.by_exit)):
        if groups:
            out.print(_groups(title, groups))
    out.print(_signals(result))
    if result.trades:
        out.print()
        out.print(_trades(result))
    if sweep is not None:
        out.print()
        out.print(_trials(sweep))
        out.print(words.sweep_verdict(sweep))
    for caveat in caveats(result):
        out.print(Text(caveat, "yellow"))


def _data_line(result: BacktestResult) -> str:
    data = result.data
    tickers = ", ".join(data.tickers[:MOST_TICKERS]) + (" …" if len(data.tickers) > MOST_TICKERS else "")
    seen = f"{counted(data.snapshots, 'snapshot')} ({data.stale:,} stale) with {counted(data.quotes, 'quote')}"
    return f"{tickers}: {seen}, {words.instant(data.first_at)} to {words.instant(data.last_at)}"


def _figures(result: BacktestResult) -> Table:
    names = (
        "P&L", "return", "CAGR", "Sharpe ± error", "drawdown", "hit rate, 95 %", "mean P&L, 95 %", "spread cost",
        "… of the debits",
    )  # fmt: skip
    columns = [Column(f"{one.fill}", [*_curve(one.curve), *_of_trades(one)], is_number=True) for one in result.figures]
    hold = Column("buy and hold", [*_curve(result.hold), *([words.DASH] * 4)], is_number=True, rank=1)
    return draw_table(f"{counted(len(result.trades), 'trade')}", [Column("", names), *columns, hold])


def _curve(one: CurveFigures) -> list[str]:
    return [
        words.dollars(one.profit),
        words.percent(one.total_return, 2),
        words.percent(one.cagr, 2),
        words.sharpe(one.sharpe),
        words.drawdown(one.drawdown),
    ]


def _of_trades(one: FillFigures) -> list[str]:
    return [
        words.share_range(one.trades.hit_rate),
        words.dollar_range(one.trades.mean_profit),
        words.dollars(one.trades.spread_cost),
        words.percent(one.trades.spread_cost_share),
    ]


def _groups(title: str, groups: Sequence[Group]) -> Table:
    return draw_table(
        None,
        [
            Column(f"by {title}", [words.words(one.name) for one in groups]),
            Column("trades", [f"{one.trades}" for one in groups], is_number=True),
            Column("won", [f"{one.hits}" for one in groups], is_number=True),
            *(
                Column(f"P&L {fill}", [words.dollars(one.profits[fill]) for one in groups], is_number=True)
                for fill in FILLS
            ),
        ],
    )


def _signals(result: BacktestResult) -> str:
    skipped = ", ".join(f"{count:,} {words.words(why)}" for why, count in result.skipped.items())
    return f"{counted(result.signals, 'signal')}: {len(result.trades):,} entered" + (f", {skipped}" if skipped else "")


def _trades(result: BacktestResult) -> Table:
    shown = result.trades[:MOST_TRADES]
    more = f", the first {len(shown)}: --report or --json has all" if len(shown) < len(result.trades) else ""
    return draw_table(
        f"Trades{more}",
        [
            Column("#", [f"{one.number}" for one in shown], is_number=True),
            Column("ticker", [f"[bold]{one.ticker}[/]" for one in shown]),
            Column("pair", [one.pair for one in shown], rank=3),
            Column("opened", [f"{one.opened_at:%Y-%m-%d}" for one in shown]),
            Column("closed", [f"{one.closed_at:%Y-%m-%d}" for one in shown]),
            Column("strikes", [_strikes(one) for one in shown], is_number=True, rank=2),
            Column("n", [f"{one.contracts}" for one in shown], is_number=True),
            Column("FF", [words.number(one.ff, 3) for one in shown], is_number=True, rank=2),
            Column("exit", [words.words(one.exit_reason) for one in shown], rank=1),
            *(Column(f"{fill}", [words.dollars(one.profits[fill]) for one in shown], is_number=True) for fill in FILLS),
        ],
    )


def _strikes(one: TradeView) -> str:
    return " / ".join(f"{leg.strike:g}{leg.right}" for leg in one.legs[::2])


def _trials(sweep: SweepResult) -> Table:
    ranked = sorted(sweep.trials, key=lambda one: -(one.sharpe.value if one.sharpe else float("-inf")))[:MOST_TRIALS]
    return draw_table(
        f"Trials, the best {len(ranked)}" if len(ranked) < len(sweep.trials) else "Trials",
        [
            *(Column(name, [one.values[name] for one in ranked]) for name in sweep.trials[0].values),
            Column("trades", [f"{one.trades}" for one in ranked], is_number=True),
            Column("P&L", [words.dollars(one.profit) for one in ranked], is_number=True),
            Column("Sharpe ± error", [words.sharpe(one.sharpe) for one in ranked], is_number=True),
        ],
    )
