"""Trade by trade: every quote that was used, and how the P&L comes out of them."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.backtest import words
from forward_factor.backtest.fills import FILLS, Fill
from forward_factor.backtest.report.markup import Html, element, join, note, section, table
from forward_factor.backtest.results import BacktestResult, LegView, QuoteUsed, TradeView
from forward_factor.core.ticket import SHARES_A_CONTRACT


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
    return element("details", summary, _facts(one), _legs(one.legs), _arithmetic(one), id=f"trade-{one.number}")


def _facts(one: TradeView) -> Html:
    told = (
        f"FF {words.number(one.ff, 4)}: front vol {words.percent(one.front_iv, 2)}, back vol "
        f"{words.percent(one.back_iv, 2)}, forward vol {words.percent(one.sigma_fwd, 2)} (regime: {one.regime}). "
        f"Opened {words.instant(one.opened_at)} at spot {words.price(one.entry_spot)}, closed "
        f"{words.instant(one.closed_at)} at spot {words.price(one.exit_spot)}; exit day {one.exit_day}. "
        f"Largest loss {words.dollars(one.max_loss)}."
    )
    return element("p", told)


def _legs(legs: Sequence[LegView]) -> Html:
    head = ["leg", "when", "instant", "bid", "ask", *(f"at {fill}" for fill in FILLS)]
    rows = [row for leg in legs for row in (_quote_row(leg, leg.entry, "entry"), _quote_row(leg, leg.exit, "exit"))]
    return table(head, rows, texts=3)


def _quote_row(leg: LegView, quote: QuoteUsed, when: str) -> list[str]:
    strike = leg.strike if when == "entry" else leg.exit_strike
    name = f"{leg.expiry} {words.price(strike)} {leg.right}"
    done = leg.side if when == "entry" else {"buy": "sell", "sell": "buy"}[leg.side]
    return [
        f"{name}, {done}",
        when if quote.settled is None else f"{when}, settled",
        words.instant(quote.at),
        words.price(quote.bid),
        words.price(quote.ask),
        *(words.price(quote.prices[fill]) for fill in FILLS),
    ]


def _arithmetic(one: TradeView) -> Html:
    rows = [
        [
            fill,
            words.dollars(one.debits[fill]),
            words.dollars(one.credits[fill]),
            words.dollars(one.commissions),
            words.dollars(one.profits[fill]),
        ]
        for fill in FILLS
    ]
    more = f" (× {one.split_ratio} contracts at exit, after splits)" if one.split_ratio != 1 else ""
    caption = (
        f"{one.contracts} × {SHARES_A_CONTRACT} × the legs' prices{more}; P&L = closing brought − opening cost − "
        f"commissions"
    )
    return table(["fill", "opening cost", "closing brought", "commissions", "P&L"], rows, caption=caption)
