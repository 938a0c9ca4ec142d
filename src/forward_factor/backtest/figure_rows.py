"""Figures of fills as rows of a table, in words: the same in the report, on the page and in a comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from forward_factor.backtest import words
from forward_factor.backtest.metrics import CurveFigures
from forward_factor.backtest.results import FillFigures


def figure_rows(fills: Sequence[FillFigures], hold: CurveFigures | None) -> list[list[str]]:
    """Return rows of a name and its figures, one for each of ``fills`` and one for buy-and-hold where it is given."""
    beside = [words.DASH] if hold else []
    return [
        ["P&L", *(words.dollars(one.curve.profit) for one in fills), *([words.dollars(hold.profit)] if hold else [])],
        ["return on the bankroll", *_curves(fills, hold, _total_return)],
        ["CAGR", *_curves(fills, hold, _cagr)],
        ["Sharpe ± standard error", *_curves(fills, hold, _sharpe)],
        ["… corrected for autocorrelation", *_curves(fills, hold, _corrected)],
        ["… autocorrelation of lag one", *_curves(fills, hold, _autocorrelation)],
        ["largest drawdown", *_curves(fills, hold, _drawdown)],
        ["… from high to low", *_curves(fills, hold, _drawdown_days)],
        ["hit rate (95 %)", *(words.share_range(one.trades.hit_rate) for one in fills), *beside],
        ["mean P&L a trade (95 %)", *(words.dollar_range(one.trades.mean_profit) for one in fills), *beside],
        ["commissions", *(words.dollars(one.trades.commissions) for one in fills), *beside],
        ["spread cost", *(words.dollars(one.trades.spread_cost) for one in fills), *beside],
        ["… of the debits", *(words.percent(one.trades.spread_cost_share) for one in fills), *beside],
    ]


def _curves(fills: Sequence[FillFigures], hold: CurveFigures | None, show: Callable[[CurveFigures], str]) -> list[str]:
    curves = [one.curve for one in fills]
    return [show(curve) for curve in ([*curves, hold] if hold else curves)]


def _total_return(curve: CurveFigures) -> str:
    return words.percent(curve.total_return, 2)


def _cagr(curve: CurveFigures) -> str:
    return words.percent(curve.cagr, 2)


def _sharpe(curve: CurveFigures) -> str:
    return words.sharpe(curve.sharpe)


def _corrected(curve: CurveFigures) -> str:
    return words.number(None if curve.sharpe is None else curve.sharpe.corrected)


def _autocorrelation(curve: CurveFigures) -> str:
    return words.number(None if curve.sharpe is None else curve.sharpe.autocorrelation)


def _drawdown(curve: CurveFigures) -> str:
    return words.drawdown(curve.drawdown)


def _drawdown_days(curve: CurveFigures) -> str:
    one = curve.drawdown
    return words.DASH if one.to_day is None else f"{one.from_day} to {one.to_day}"
