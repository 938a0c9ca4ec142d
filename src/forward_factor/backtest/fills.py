"""What a leg is traded at, and what a trade made, under each assumption about fills."""

from __future__ import annotations

from enum import StrEnum

from forward_factor.backtest.rules import Costs
from forward_factor.backtest.trades import ExitPrice, Opening, Trade
from forward_factor.core.ticket import SHARES_A_CONTRACT, Quote


class Fill(StrEnum):
    """Where between mid and touch orders are filled."""

    MID = "mid"
    PARTIAL = "partial"
    TOUCH = "touch"


FILLS = tuple(Fill)


def spread_share(fill: Fill, costs: Costs) -> float:
    """Return the share of the half-spread a leg pays: 0 at mid, 1 at the touch."""
    return {Fill.MID: 0.0, Fill.PARTIAL: costs.partial_share, Fill.TOUCH: 1.0}[fill]


def traded_at(quote: Quote, side: int, share: float) -> float:
    """Return the price of buying (``side`` 1) or selling (-1) at ``mid + side x share x (ask - bid) / 2``."""
    if share == 1.0:
        return quote.ask if side > 0 else quote.bid
    return quote.mid + side * share * (quote.ask - quote.bid) / 2.0


def closed_at(price: ExitPrice, sign: int, share: float) -> float:
    """Return the price a leg was closed at; ``sign`` is the one it was opened with."""
    if price.settled is not None:
        return price.settled
    if price.quote is None:
        raise ValueError("a leg is closed at a quote or settled")
    return traded_at(price.quote, -sign, share)


def entry_cost(opening: Opening, share: float) -> float:
    """Return what one contract of every leg cost, dollars a share."""
    legs = zip(opening.legs, opening.entry.quotes, strict=True)
    return sum(leg.sign * traded_at(quote, leg.sign, share) for leg, quote in legs)


def exit_value(trade: Trade, share: float) -> float:
    """Return what closing brought, dollars a share of those at entry."""
    standing = trade.closing.standing
    legs = zip(standing.legs, trade.closing.prices, strict=True)
    return standing.ratio * sum(leg.sign * closed_at(price, leg.sign, share) for leg, price in legs)


def entry_commission(opening: Opening, costs: Costs) -> float:
    """Return the commission of opening, dollars."""
    return costs.commission * opening.contracts * len(opening.legs)


def commissions(trade: Trade, costs: Costs) -> float:
    """Return the commissions of opening and of closing, for as many contracts as there were then; dollars."""
    return entry_commission(trade.opening, costs) * (1 + trade.closing.standing.ratio)


def profit(trade: Trade, fill: Fill, costs: Costs) -> float:
    """Return the P&L of a trade after commissions, dollars; touch <= partial <= mid for every trade."""
    share, opening = spread_share(fill, costs), trade.opening
    gained = exit_value(trade, share) - entry_cost(opening, share)
    return SHARES_A_CONTRACT * opening.contracts * gained - commissions(trade, costs)
