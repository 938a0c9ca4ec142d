"""The parts of the page that sum up: figures of all fills, groups, skips, contributors, sweeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from forward_factor.backtest import words
from forward_factor.backtest.fills import FILLS
from forward_factor.backtest.metrics import CurveFigures, Group
from forward_factor.backtest.report.markup import Html, element, note, section, table
from forward_factor.backtest.results import BacktestResult, FillFigures, SweepResult


def figures_by_fill(result: BacktestResult) -> Html:
    """Return all figures, a column a fill with the share of the half-spread it pays, buy-and-hold beside them."""
    fills, hold = result.figures, result.hold
    rows = [
        ["P&L", *(words.dollars(one.curve.profit) for one in fills), words.dollars(hold.profit)],
        ["return on the bankroll", *_curves(fills, hold, _total_return)],
        ["CAGR", *_curves(fills, hold, _cagr)],
        ["Sharpe ± standard error", *_curves(fills, hold, _sharpe)],
        ["… corrected for autocorrelation", *_curves(fills, hold, _corrected)],
        ["… autocorrelation of lag one", *_curves(fills, hold, _autocorrelation)],
        ["largest drawdown", *_curves(fills, hold, _drawdown)],
        ["… from high to low", *_curves(fills, hold, _drawdown_days)],
        ["hit rate (95 %)", *(words.share_range(one.trades.hit_rate) for one in fills), words.DASH],
        ["mean P&L a trade (95 %)", *(words.dollar_range(one.trades.mean_profit) for one in fills), words.DASH],
        ["commissions", *(words.dollars(one.trades.commissions) for one in fills), words.DASH],
        ["spread cost", *(words.dollars(one.trades.spread_cost) for one in fills), words.DASH],
        ["… of the debits", *(words.percent(one.trades.spread_cost_share) for one in fills), words.DASH],
    ]
    head = [
        "",
        *(f"{one.fill} ({words.percent(one.spread_share, 0)})" for one in fills),
        "buy and hold",
    ]
    return table(head, rows)


def _curves(fills: Sequence[FillFigures], hold: CurveFigures, show: Callable[[CurveFigures], str]) -> list[str]:
    return [show(curve) for curve in (*(one.curve for one in fills), hold)]


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


def groups(result: BacktestResult) -> Html:
    """Return where the money was made: by year, regime, ticker and exit."""
    named = (
        ("year of exit", result.by_year),
        ("front vol at entry, thirds", result.by_regime),
        ("ticker", result.by_ticker),
        ("exit", result.by_exit),
    )
    return section("Where it came from", *(_group_table(name, own) for name, own in named))


def _group_table(name: str, own: Sequence[Group]) -> Html:
    head = [name, "trades", "won", *(f"P&L {fill}" for fill in FILLS)]
    rows = [
        [words.words(one.name), f"{one.trades}", f"{one.hits}", *(words.dollars(one.profits[fill]) for fill in FILLS)]
        for one in own
    ]
    return table(head, rows)


def contributors(result: BacktestResult) -> Html:
    """Return how much hangs on few trades."""
    top = result.contributors
    if not top.numbers:
        return Html()
    best = ", ".join(f"#{number}" for number in top.numbers)
    text = (
        f"The best trades are {best}: {words.percent(top.share_of_gains)} of all gains at {result.fill}. "
        f"Without the best one the P&L is {words.dollars(top.without_best)}."
    )
    return section("What it hangs on", element("p", text))


def signals(result: BacktestResult) -> Html:
    """Return what became of every signal."""
    rows = [["entered", f"{len(result.trades)}"], *([words.words(why), f"{n}"] for why, n in result.skipped.items())]
    return section(
        "What became of the signals", element("p", f"{result.signals} signals."), table(["", "signals"], rows)
    )


def sweep_part(sweep: SweepResult | None) -> Html:
    """Return all trials of a sweep, the best first."""
    if sweep is None:
        return Html()
    ranked = sorted(sweep.trials, key=lambda one: -(one.sharpe.value if one.sharpe else float("-inf")))
    names = list(sweep.trials[0].values)
    rows = [
        [
            *(trial.values[name] for name in names),
            f"{trial.trades}",
            words.dollars(trial.profit),
            words.sharpe(trial.sharpe),
        ]
        for trial in ranked
    ]
    return section(
        "Parameter sweep",
        element("p", words.sweep_verdict(sweep)),
        table([*names, "trades", "P&L", "Sharpe"], rows, texts=len(names)),
    )


def exposure(result: BacktestResult) -> Html:
    """Return how much was at stake."""
    one = result.exposure
    return note(
        f"Exposure: a position open on {words.percent(one.days_invested)} of days; at risk on average "
        f"{words.percent(one.mean_at_risk)} of the bankroll, {words.percent(one.most_at_risk)} at most."
    )


def facts(pairs: Sequence[tuple[str, str]]) -> Html:
    """Return names with their values."""
    return element("dl", *(one for name, value in pairs for one in (element("dt", name), element("dd", value))))
