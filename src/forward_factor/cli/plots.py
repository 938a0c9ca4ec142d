"""Plots for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import plotext
from rich.text import Text

from forward_factor.services.views import CandidateView, ExpiryView

WIDEST = 100
CURVE_HEIGHT = 14
FEWEST_DAYS = 2
LEAST_MARGIN = 0.5


def draw_term_structure(
    title: str, expiries: Sequence[ExpiryView], pair: CandidateView | None, width: int, height: int = 16
) -> Text:
    """Return ATM vol in percent by days to expiry, with the forward segment of ``pair`` drawn in."""
    known = {one.dte: round(100 * one.atm_iv, 2) for one in expiries if one.atm_iv is not None}
    if len(known) <= 1:
        return Text(f"{title}: too few vol points to draw")
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(min(width, WIDEST), height)
    plotext.title(title)
    plotext.xlabel("days to expiry")
    plotext.plot(list(known), list(known.values()), marker="braille")
    plotext.scatter(list(known), list(known.values()))
    legend, levels = _draw_forward(pair)
    plotext.ylim(*_limits([*known.values(), *levels]))
    return Text.from_ansi(plotext.build()).append(f"\ndots: ATM vol, %{legend}")


def draw_curve(title: str, days: Sequence[date], values: Sequence[float], width: int) -> Text:
    """Return a line over dates."""
    if len(days) < FEWEST_DAYS:
        return Text(f"{title}: too few days to draw")
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(min(width, WIDEST), CURVE_HEIGHT)
    plotext.title(title)
    first = days[0].toordinal()
    places = [day.toordinal() - first for day in days]
    plotext.plot(places, list(values), marker="braille")
    shown = sorted({0, len(days) // 2, len(days) - 1})
    plotext.xticks([places[one] for one in shown], [f"{days[one]}" for one in shown])
    return Text.from_ansi(plotext.build())


def _draw_forward(pair: CandidateView | None) -> tuple[str, list[float]]:
    """Draw the forward vol of ``pair``; return its words for the legend, and its level."""
    if pair is None or not (pair.sigma_fwd and pair.front_dte and pair.back_dte):
        return "", []
    level = round(100 * pair.sigma_fwd, 2)
    plotext.plot([pair.front_dte, pair.back_dte], [level, level], marker="hd")
    return f"; bar: forward vol from day {pair.front_dte} to {pair.back_dte}: {level:.1f} %", [level]


def _limits(values: Sequence[float]) -> tuple[float, float]:
    margin = max(LEAST_MARGIN, 0.05 * (max(values) - min(values)))
    return min(values) - margin, max(values) + margin
