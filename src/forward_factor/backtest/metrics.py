"""Figures of an equity curve and of a list of trades."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from forward_factor.backtest.fills import FILLS, Fill, entry_commission, profit
from forward_factor.backtest.intervals import Interval, bootstrap_mean, wilson
from forward_factor.backtest.rules import BacktestRules
from forward_factor.backtest.sharpe import Sharpe, sharpe_of
from forward_factor.backtest.trades import Trade
from forward_factor.core.arrays import FloatArray
from forward_factor.core.chain import new_york_date
from forward_factor.core.ticket import SHARES_A_CONTRACT

DAYS_A_YEAR = 365.25
SHORTEST_YEARS = 0.25
"""Less than a quarter of a year says nothing about a year."""


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The largest fall of equity from its highest row before.

    Attributes:
        share: of that highest row, decimal.
        from_day, to_day: of the high and of the low; None where equity never fell.

    """

    dollars: float
    share: float
    from_day: date | None
    to_day: date | None


@dataclass(frozen=True, slots=True)
class CurveFigures:
    """Figures of an equity curve; None where they cannot be had."""

    profit: float
    total_return: float
    cagr: float | None
    sharpe: Sharpe | None
    drawdown: Drawdown


@dataclass(frozen=True, slots=True)
class TradeFigures:
    """Figures of trades under one fill; dollars.

    Attributes:
        spread_cost_share: spread cost over the debits at mid, decimal; None without trades.

    """

    trades: int
    profit: float
    hit_rate: Interval | None
    mean_profit: Interval | None
    commissions: float
    spread_cost: float
    spread_cost_share: float | None


def curve_figures(days: Sequence[date], equity: FloatArray, bankroll: float) -> CurveFigures:
    """Return the figures of an equity curve, one row a day, that began at ``bankroll``."""
    if not days:
        return CurveFigures(0.0, 0.0, None, None, Drawdown(0.0, 0.0, None, None))
    years = (days[-1] - days[0]).days / DAYS_A_YEAR
    final = float(equity[-1])
    grown = years >= SHORTEST_YEARS and final > 0.0
    returns = np.diff(equity, prepend=bankroll) / bankroll
    return CurveFigures(
        profit=final - bankroll,
        total_return=final / bankroll - 1.0,
        cagr=(final / bankroll) ** (1.0 / years) - 1.0 if grown else None,
        sharpe=sharpe_of(returns, (len(days) - 1) / years) if years > 0.0 else None,
        drawdown=_drawdown(days, equity, bankroll),
    )


def _drawdown(days: Sequence[date], equity: FloatArray, bankroll: float) -> Drawdown:
    highs = np.maximum.accumulate(np.append(bankroll, equity))[1:]
    falls = highs - equity
    low = int(np.argmax(falls))
    if not falls[low] > 0.0:
        return Drawdown(0.0, 0.0, None, None)
    before = np.flatnonzero(equity[: low + 1] >= highs[low])
    high_day = days[int(before[0])] if len(before) else days[0]
    return Drawdown(float(falls[low]), float(falls[low] / highs[low]), high_day, days[low])


def trade_figures(trades: Sequence[Trade], fill: Fill, rules: BacktestRules) -> TradeFigures:
    """Return the figures of ``trades`` under one fill."""
    profits = [profit(trade, fill, rules.costs) for trade in trades]
    by_day: dict[date, list[float]] = defaultdict(list)
    for trade, won in zip(trades, profits, strict=True):
        by_day[new_york_date(trade.opening.entry.at)].append(won)
    at_mid = sum(profit(trade, Fill.MID, rules.costs) for trade in trades)
    debits = sum(trade.opening.debit_at_mid * SHARES_A_CONTRACT * trade.opening.contracts for trade in trades)
    total = sum(profits)
    return TradeFigures(
        trades=len(trades),
        profit=total,
        hit_rate=wilson(sum(won > 0.0 for won in profits), len(profits)),
        mean_profit=bootstrap_mean(list(by_day.values()), rules.seed),
        commissions=sum(2.0 * entry_commission(trade.opening, rules.costs) for trade in trades),
        spread_cost=at_mid - total,
        spread_cost_share=(at_mid - total) / debits if debits else None,
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Trades that have something in common, and what they made under each fill, dollars."""

    name: str
    trades: int
    hits: int
    profits: dict[Fill, float]


def group_trades(trades: Sequence[Trade], names: Sequence[str], fill: Fill, rules: BacktestRules) -> tuple[Group, ...]:
    """Return the trades by name, in the order of the names; hits are counted under ``fill``."""
    members: dict[str, list[Trade]] = defaultdict(list)
    for trade, name in zip(trades, names, strict=True):
        members[name].append(trade)
    return tuple(
        Group(
            name=name,
            trades=len(own),
            hits=sum(profit(trade, fill, rules.costs) > 0.0 for trade in own),
            profits={one: sum(profit(trade, one, rules.costs) for trade in own) for one in FILLS},
        )
        for name, own in sorted(members.items())
    )
