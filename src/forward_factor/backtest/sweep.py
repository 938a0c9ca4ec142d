"""Parameter sweeps: every combination a trial, and what the best of them is worth given how many there were."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import sqrt

import numpy as np

from forward_factor.backtest.book import Book
from forward_factor.backtest.fills import FILLS, Fill
from forward_factor.backtest.metrics import curve_figures
from forward_factor.backtest.results import SweepResult, TrialView
from forward_factor.backtest.rules import BacktestRules
from forward_factor.backtest.sharpe import deflated_sharpe, expected_best
from forward_factor.core.pair_rules import parse_pairs
from forward_factor.core.rules import VolPoint
from forward_factor.core.structure import Structure
from forward_factor.errors import InvalidInput

MOST_TRIALS = 1_000
Change = Callable[[BacktestRules, str], BacktestRules]


def _of_entry(name: str, read: Callable[[str], object]) -> Change:
    return lambda rules, text: replace(rules, entry=replace(rules.entry, **{name: read(text)}))  # type: ignore[arg-type]


def _of_exit(name: str, read: Callable[[str], object]) -> Change:
    return lambda rules, text: replace(rules, exit=replace(rules.exit, **{name: read(text)}))  # type: ignore[arg-type]


def _none_or_float(text: str) -> float | None:
    return None if text == "none" else float(text)


CHANGES: Mapping[str, Change] = {
    "pair": _of_entry("pairs", parse_pairs),
    "structure": _of_entry("structure", Structure),
    "vol-point": _of_entry("vol_point", VolPoint),
    "threshold": _of_entry("threshold", float),
    "stability": _of_entry("stability", int),
    "exit-days": _of_exit("days_before_expiry", int),
    "target": _of_exit("target", _none_or_float),
    "stop": _of_exit("stop", _none_or_float),
}
"""What may be swept, and how a value of it changes the rules; ``none`` is no target or stop."""


def combinations(axes: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Return every combination of the axes' values, the last axis fastest.

    Raises:
        InvalidInput: an axis is not known or has no value, or there are too many combinations.

    """
    unknown = [name for name in axes if name not in CHANGES]
    if unknown or not all(axes.values()):
        raise InvalidInput(f"a sweep is NAME=VALUE,VALUE with a name of {', '.join(CHANGES)}")
    count = int(np.prod([len(values) for values in axes.values()], dtype=np.float64))
    if count > MOST_TRIALS:
        raise InvalidInput(f"a sweep of {count:,} trials is too large: {MOST_TRIALS:,} at most")
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def changed(rules: BacktestRules, values: Mapping[str, str]) -> BacktestRules:
    """Return ``rules`` with the values of one combination.

    Raises:
        InvalidInput: a value cannot be read, or the values don't go together.

    """
    for name, text in values.items():
        try:
            rules = CHANGES[name](rules, text)
        except ValueError:
            raise InvalidInput(f"{ascii(text)[:40]} is no value of {name}") from None
    return rules


def sum_up(books: Sequence[Book], values: Sequence[Mapping[str, str]], fill: Fill, stated_trials: int) -> SweepResult:
    """Return the trials with the deflated Sharpe of the best one.

    Args:
        books: that have ended, one a combination of ``values``.
        values: what each trial changed.
        fill: under which they are compared.
        stated_trials: how many trials the user says were made, these included.

    """
    trials = [_trial(book, own, fill) for book, own in zip(books, values, strict=True)]
    count = max(len(trials), stated_trials)
    rated = [(trial.sharpe.a_row, place) for place, trial in enumerate(trials) if trial.sharpe is not None]
    if not rated:
        return SweepResult(tuple(trials), count, None, None, None)
    _, best = max(rated, key=lambda one: (one[0], -one[1]))
    winner = trials[best].sharpe
    ratios = [ratio for ratio, _ in rated]
    rows_a_year = (winner.value / winner.a_row) ** 2 if winner is not None and winner.a_row else 0.0
    return SweepResult(
        trials=tuple(trials),
        trial_count=count,
        best=best,
        expected_best=expected_best(ratios, count) * sqrt(rows_a_year),
        deflated=None if winner is None else deflated_sharpe(winner, ratios, count),
    )


def _trial(book: Book, values: Mapping[str, str], fill: Fill) -> TrialView:
    bankroll, place = book.rules.size.bankroll, FILLS.index(fill)
    equity = np.array([bankroll + row.profits[place] for row in book.rows])
    figures = curve_figures([row.day for row in book.rows], equity, bankroll)
    return TrialView(dict(values), len(book.trades), figures.profit, figures.sharpe)
