"""From a finished book to its result."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from forward_factor.backtest.book import Book
from forward_factor.backtest.engine import Observed, scan_rules
from forward_factor.backtest.fills import (
    FILLS,
    Fill,
    closed_at,
    commissions,
    entry_cost,
    exit_value,
    profit,
    spread_share,
    traded_at,
)
from forward_factor.backtest.metrics import Group, curve_figures, group_trades, trade_figures
from forward_factor.backtest.results import (
    BacktestResult,
    Contributors,
    DataView,
    EquityRow,
    Exposure,
    FillFigures,
    LegView,
    QuoteUsed,
    TradeView,
)
from forward_factor.backtest.rules import BacktestRules, Costs
from forward_factor.backtest.trades import Trade
from forward_factor.core.arrays import FloatArray
from forward_factor.core.chain import new_york_date
from forward_factor.core.ticket import SHARES_A_CONTRACT

REGIMES = ("low", "middle", "high")
TOP = 5


class _Numbered(NamedTuple):
    trade: Trade
    regime: str


def summarise(book: Book, observed: Observed, fill: Fill) -> BacktestResult:
    """Return the result of a book that has ended; ``fill`` is the one to put first."""
    rules = book.rules
    trades = sorted(book.trades, key=lambda one: (one.opening.entry.at, one.opening.ticker, one.opening.pair))
    numbered = [_Numbered(trade, _regime(trade, rules, observed)) for trade in trades]
    equity = _equity_rows(book, observed)
    days = [row.day for row in equity]
    curves = {
        one: curve_figures(days, np.array([getattr(row, one) for row in equity]), _bankroll(rules)) for one in FILLS
    }

    def grouped(names: Sequence[str]) -> tuple[Group, ...]:
        return group_trades(trades, names, fill, rules)

    return BacktestResult(
        rules=replace(rules, gates=replace(scan_rules([rules]), ff_threshold=rules.entry.threshold)),
        fill=fill,
        data=_data(observed),
        signals=book.signals,
        skipped={reason.value: count for reason, count in sorted(book.skipped.items())},
        figures=tuple(
            FillFigures(one, spread_share(one, rules.costs), curves[one], trade_figures(trades, one, rules))
            for one in FILLS
        ),
        hold=curve_figures(days, np.array([row.hold for row in equity]), _bankroll(rules)),
        exposure=_exposure(equity, rules),
        by_year=grouped([f"{new_york_date(trade.closing.at).year}" for trade in trades]),
        by_regime=_in_order(grouped([one.regime for one in numbered]), REGIMES),
        by_ticker=grouped([trade.opening.ticker for trade in trades]),
        by_exit=grouped([trade.closing.reason.value for trade in trades]),
        contributors=_contributors(trades, fill, rules),
        trades=tuple(_trade_view(number, one, rules.costs) for number, one in enumerate(numbered, start=1)),
        equity=tuple(equity),
    )


def _bankroll(rules: BacktestRules) -> float:
    return rules.size.bankroll


def _data(observed: Observed) -> DataView:
    return DataView(
        tickers=tuple(sorted(observed.underlyings)),
        first_at=observed.first_at,
        last_at=observed.last_at,
        snapshots=observed.snapshots,
        stale=observed.stale,
        repeated=observed.repeated,
        quotes=observed.quotes,
        spot_jumps=tuple(observed.jumps),
        hindsight_earnings=observed.hindsight,
    )


def _equity_rows(book: Book, observed: Observed) -> list[EquityRow]:
    bankroll, tickers = _bankroll(book.rules), len(observed.underlyings)
    rows = []
    for row, hold in zip(book.rows, observed.holds, strict=True):
        mid, partial, touch = (bankroll + row.profits).tolist()
        held = bankroll * (hold.ratios + tickers - hold.seen) / tickers
        rows.append(EquityRow(row.day, mid, partial, touch, held, row.open_positions, row.at_risk))
    return rows


def _regime(trade: Trade, rules: BacktestRules, observed: Observed) -> str:
    """Return the third of all the pair's front vols that the one at entry lies in."""
    opening = trade.opening
    known = observed.front_vols[opening.ticker, opening.pair, rules.entry.points[0]]
    bounds = np.quantile(known, [1.0 / 3.0, 2.0 / 3.0]).tolist()
    return REGIMES[bisect_right(bounds, opening.front_iv)]


def _in_order(groups: Sequence[Group], names: Sequence[str]) -> tuple[Group, ...]:
    return tuple(sorted(groups, key=lambda group: names.index(group.name)))


def _exposure(equity: Sequence[EquityRow], rules: BacktestRules) -> Exposure:
    if not equity:
        return Exposure(0.0, 0.0, 0.0)
    at_risk: FloatArray = np.array([row.at_risk for row in equity]) / _bankroll(rules)
    invested = np.array([row.open_positions > 0 for row in equity])
    return Exposure(float(invested.mean()), float(at_risk.mean()), float(at_risk.max()))


def _contributors(trades: Sequence[Trade], fill: Fill, rules: BacktestRules) -> Contributors:
    profits = [profit(trade, fill, rules.costs) for trade in trades]
    best = sorted(range(len(trades)), key=lambda place: -profits[place])[:TOP]
    gains = sum(won for won in profits if won > 0.0)
    won_by_best = sum(max(profits[place], 0.0) for place in best)
    return Contributors(
        numbers=tuple(place + 1 for place in best),
        share_of_gains=won_by_best / gains if gains else None,
        without_best=sum(profits) - max(profits, default=0.0),
    )


def _trade_view(number: int, numbered: _Numbered, costs: Costs) -> TradeView:
    trade, opening, closing = numbered.trade, numbered.trade.opening, numbered.trade.closing
    lots = SHARES_A_CONTRACT * opening.contracts
    shares = {fill: spread_share(fill, costs) for fill in FILLS}
    return TradeView(
        number=number,
        ticker=opening.ticker,
        pair=opening.pair,
        structure=opening.structure,
        contracts=opening.contracts,
        opened_at=opening.entry.at,
        closed_at=closing.at,
        exit_reason=closing.reason,
        front_expiry=opening.legs[0].expiry,
        back_expiry=opening.legs[1].expiry,
        exit_day=opening.exits_on,
        entry_spot=opening.entry.spot,
        exit_spot=closing.spot,
        ff=opening.ff,
        front_iv=opening.front_iv,
        back_iv=opening.back_iv,
        sigma_fwd=opening.sigma_fwd,
        regime=numbered.regime,
        max_loss=opening.max_loss,
        commissions=commissions(trade, costs),
        split_ratio=closing.standing.ratio,
        debits={fill: lots * entry_cost(opening, share) for fill, share in shares.items()},
        credits={fill: lots * exit_value(trade, share) for fill, share in shares.items()},
        profits={fill: profit(trade, fill, costs) for fill in FILLS},
        legs=tuple(_leg_view(trade, place, shares) for place in range(len(opening.legs))),
    )


def _leg_view(trade: Trade, place: int, shares: dict[Fill, float]) -> LegView:
    opening, closing = trade.opening, trade.closing
    leg, entered, left = opening.legs[place], opening.entry.quotes[place], closing.prices[place]
    entry_prices = {fill: traded_at(entered, leg.sign, share) for fill, share in shares.items()}
    exit_prices = {fill: closed_at(left, leg.sign, share) for fill, share in shares.items()}
    bid, ask = (None, None) if left.quote is None else (left.quote.bid, left.quote.ask)
    return LegView(
        expiry=leg.expiry,
        strike=leg.strike,
        exit_strike=closing.standing.legs[place].strike,
        right="C" if leg.is_call else "P",
        side="buy" if leg.sign > 0 else "sell",
        entry=QuoteUsed(opening.entry.at, entered.bid, entered.ask, None, entry_prices),
        exit=QuoteUsed(closing.quoted_at, bid, ask, left.settled, exit_prices),
    )
