"""Trade by trade: every quote that was used, and how the P&L comes out of them."""

from __future__ import annotations

from forward_factor.backtest import words
from forward_factor.backtest.fills import Fill
from forward_factor.backtest.report.markup import Html, element, join, note, section, table
from forward_factor.backtest.results import BacktestResult, TradeView
from forward_factor.backtest.trade_rows import QUOTE_HEAD, SUM_HEAD, quote_rows, sum_rows, sum_words, trade_words


def trade_list(result: BacktestResult) -> Html:
    """Return all trades in the order of their entries, each to be opened."""
    if not result.trades:
        return section("Trades", element("p", "No trade was made."))
    return section(
        "Trades",
        note("Open one for every quote it rests on. Quotes are dollars a share; a contract is 100 shares."),
        join(_trade(one, result.fill) for one in result.trades),
    )


def _trade(one: TradeView, fill: Fill) -> Html:
    won = one.profits[fill]
    summary = element(
        "summary",
        element("span", f"#{one.number} {one.ticker} {one.pair}"),
        element("span", f"{one.opened_at:%Y-%m-%d} › {one.closed_at:%Y-%m-%d}", class_="wide"),
        element("span", words.words(one.exit_reason)),
        element("span", f"{one.contracts} × {one.structure}"),
        element("span", words.dollars(won), class_="gain" if won > 0.0 else "loss"),
    )
    return element(
        "details",
        summary,
        element("p", trade_words(one)),
        table(QUOTE_HEAD, quote_rows(one.legs), texts=3),
        _arithmetic(one),
        id=f"trade-{one.number}",
    )


def _arithmetic(one: TradeView) -> Html:
    return table(SUM_HEAD, sum_rows(one), caption=sum_words(one))
