"""The figures, trades, legs and equity of a backtest as frames of fixed columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import polars as pl

from forward_factor.backtest.fills import FILLS
from forward_factor.backtest.intervals import Interval
from forward_factor.backtest.metrics import CurveFigures
from forward_factor.backtest.results import BacktestResult, FillFigures, QuoteUsed, TradeView

_NUMBER, _WHOLE, _TEXT, _DAY = pl.Float64(), pl.Int64(), pl.String(), pl.Date()
_INSTANT = pl.Datetime("us", "UTC")
_MONEY = ("debits", "credits", "profits")

_SUMMARY = {
    "fill": _TEXT, "spread_share": _NUMBER, "trades": _WHOLE,
    **dict.fromkeys(("profit", "total_return", "cagr", "sharpe", "sharpe_error", "drawdown"), _NUMBER),
    **dict.fromkeys(("hit_rate", "hit_rate_low", "hit_rate_high"), _NUMBER),
    **dict.fromkeys(("mean_profit", "mean_profit_low", "mean_profit_high"), _NUMBER),
    **dict.fromkeys(("commissions", "spread_cost", "spread_cost_share"), _NUMBER),
}  # fmt: skip
_TRADES = {
    "number": _WHOLE, "ticker": _TEXT, "pair": _TEXT, "structure": _TEXT, "contracts": _WHOLE, "opened_at": _INSTANT,
    "closed_at": _INSTANT, "exit_reason": _TEXT, "front_expiry": _DAY, "back_expiry": _DAY, "exit_day": _DAY,
    **dict.fromkeys(("entry_spot", "exit_spot", "ff", "front_iv", "back_iv", "sigma_fwd"), _NUMBER), "regime": _TEXT,
    "max_loss": _NUMBER, "commissions": _NUMBER,
    **{f"{money[:-1]}_{fill}": _NUMBER for money in _MONEY for fill in FILLS},
}  # fmt: skip
_USED: dict[str, pl.DataType] = {
    "at": _INSTANT, "bid": _NUMBER, "ask": _NUMBER, "settled": _NUMBER, **dict.fromkeys(FILLS, _NUMBER),
}  # fmt: skip
_LEGS = {
    "number": _WHOLE, "ticker": _TEXT, "expiry": _DAY, "strike": _NUMBER, "right": _TEXT, "side": _TEXT,
    **{f"{side}_{name}": kind for side in ("entry", "exit") for name, kind in _USED.items()},
}  # fmt: skip
_EQUITY = {
    "day": _DAY, **dict.fromkeys((*FILLS, "hold"), _NUMBER), "open_positions": _WHOLE, "at_risk": _NUMBER,
}  # fmt: skip


def summary_frame(result: BacktestResult) -> pl.DataFrame:
    """Return a row a fill, and one of buy-and-hold."""
    rows = [_curve(one.fill, one.curve) | _of_trades(one) for one in result.figures]
    return _frame([*rows, _curve("hold", result.hold)], _SUMMARY)


def trades_frame(result: BacktestResult) -> pl.DataFrame:
    """Return a row a trade."""
    return _frame([_trade(one) for one in result.trades], _TRADES)


def legs_frame(result: BacktestResult) -> pl.DataFrame:
    """Return a row a leg of a trade."""
    return _frame([leg for trade in result.trades for leg in _legs(trade)], _LEGS)


def equity_frame(result: BacktestResult) -> pl.DataFrame:
    """Return a row a day."""
    return _frame([asdict(one) for one in result.equity], _EQUITY)


def _frame(rows: list[dict[str, Any]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=pl.Schema(schema))


def _curve(name: str, one: CurveFigures) -> dict[str, Any]:
    return {
        "fill": str(name),
        "profit": one.profit,
        "total_return": one.total_return,
        "cagr": one.cagr,
        "sharpe": one.sharpe.value if one.sharpe else None,
        "sharpe_error": one.sharpe.standard_error if one.sharpe else None,
        "drawdown": one.drawdown.share,
    }


def _of_trades(one: FillFigures) -> dict[str, Any]:
    return {
        "spread_share": one.spread_share,
        "trades": one.trades.trades,
        **_interval("hit_rate", one.trades.hit_rate),
        **_interval("mean_profit", one.trades.mean_profit),
        "commissions": one.trades.commissions,
        "spread_cost": one.trades.spread_cost,
        "spread_cost_share": one.trades.spread_cost_share,
    }


def _interval(name: str, one: Interval | None) -> dict[str, float | None]:
    if one is None:
        return {}
    return {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}


def _trade(one: TradeView) -> dict[str, Any]:
    money = {f"{name[:-1]}_{fill}": getattr(one, name)[fill] for name in _MONEY for fill in FILLS}
    plain = {name: getattr(one, name) for name in _TRADES if name not in money}
    return plain | money | {"structure": str(one.structure), "exit_reason": str(one.exit_reason)}


def _legs(trade: TradeView) -> Iterator[dict[str, Any]]:
    for leg in trade.legs:
        yield {
            "number": trade.number,
            "ticker": trade.ticker,
            "expiry": leg.expiry,
            "strike": leg.strike,
            "right": leg.right,
            "side": leg.side,
            **_quote("entry", leg.entry),
            **_quote("exit", leg.exit),
        }


def _quote(side: str, one: QuoteUsed) -> dict[str, Any]:
    prices = {f"{side}_{fill}": one.prices[fill] for fill in FILLS}
    return {f"{side}_{name}": getattr(one, name) for name in ("at", "bid", "ask", "settled")} | prices
