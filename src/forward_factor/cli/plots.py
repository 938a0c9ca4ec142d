"""Plots for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import plotext
from rich.text import Text

from forward_factor.services.views import CandidateView, ExpiryView


def draw_term_structure(
    title: str, expiries: Sequence[ExpiryView], pair: CandidateView | None, width: int, height: int = 16
) -> Text:
    """Return implied vol by days to expiry, with the forward segment of ``pair`` drawn in."""
    known = [one for one in expiries if one.atm_iv is not None]
    if len(known) <= 1:
        return Text(f"{title}: too few vol points to draw")
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(min(width, 100), height)
    plotext.title(title)
    plotext.xlabel("days to expiry")
    plotext.plot([one.dte for one in known], [100 * (one.atm_iv or 0.0) for one in known], marker="braille")
    plotext.scatter([one.dte for one in known], [100 * (one.atm_iv or 0.0) for one in known], label="ATM vol %")
    if pair is not None and pair.sigma_fwd and pair.front_dte and pair.back_dte:
        level = 100 * pair.sigma_fwd
        plotext.plot([pair.front_dte, pair.back_dte], [level, level], marker="hd", label=f"forward vol {level:.1f} %")
    return Text.from_ansi(plotext.build())
