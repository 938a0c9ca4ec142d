"""The parts of the page that sum up: figures of all fills, groups, skips, contributors, sweeps."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.backtest import words
from forward_factor.backtest.figure_rows import figure_rows
from forward_factor.backtest.fills import FILLS
from forward_factor.backtest.metrics import Group
from forward_factor.backtest.report.markup import Html, element, note, section, table
from forward_factor.backtest.results import BacktestResult, SweepResult


def figures_by_fill(result: BacktestResult) -> Html:
    """Return all figures, a column a fill with the share of the half-spread it pays, buy-and-hold beside them."""
    head = [
        "",
        *(f"{one.fill} ({words.percent(one.spread_share, 0)})" for one in result.figures),
        "buy and hold",
    ]
    return table(head, figure_rows(result.figures, result.hold))


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
