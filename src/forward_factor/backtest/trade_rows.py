"""A trade in words and as rows: every quote it rests on, and how its P&L comes out of them."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.backtest import words
from forward_factor.backtest.fills import FILLS
from forward_factor.backtest.results import LegView, QuoteUsed, TradeView
from forward_factor.core.ticket import SHARES_A_CONTRACT

QUOTE_HEAD = ("leg", "when", "instant", "bid", "ask", *(f"at {fill}" for fill in FILLS))
SUM_HEAD = ("fill", "opening cost", "closing brought", "commissions", "P&L")


def trade_words(one: TradeView) -> str:
    """Return why and when a trade was made and closed."""
    return (
        f"FF {words.number(one.ff, 4)}: front vol {words.percent(one.front_iv, 2)}, back vol "
        f"{words.percent(one.back_iv, 2)}, forward vol {words.percent(one.sigma_fwd, 2)} (regime: {one.regime}). "
        f"Opened {words.instant(one.opened_at)} at spot {words.price(one.entry_spot)}, closed "
        f"{words.instant(one.closed_at)} at spot {words.price(one.exit_spot)}; exit day {one.exit_day}. "
        f"Largest loss {words.dollars(one.max_loss)}."
    )


def quote_rows(legs: Sequence[LegView]) -> list[list[str]]:
    """Return every quote of a trade, a row a leg and instant; dollars a share."""
    return [row for leg in legs for row in (_quote_row(leg, leg.entry, "entry"), _quote_row(leg, leg.exit, "exit"))]


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


def sum_rows(one: TradeView) -> list[list[str]]:
    """Return what a trade cost and brought, a row a fill."""
    return [
        [
            fill.value,
            words.dollars(one.debits[fill]),
            words.dollars(one.credits[fill]),
            words.dollars(one.commissions),
            words.dollars(one.profits[fill]),
        ]
        for fill in FILLS
    ]


def sum_words(one: TradeView) -> str:
    """Return how the rows of ``sum_rows`` come out of the prices."""
    more = f" (× {one.split_ratio} contracts at exit, after splits)" if one.split_ratio != 1 else ""
    return (
        f"{one.contracts} × {SHARES_A_CONTRACT} × the legs' prices{more}; P&L = closing brought − opening cost − "
        f"commissions"
    )
