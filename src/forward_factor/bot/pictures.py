"""Pictures of term structures, as PNG."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from forward_factor.core.arrays import FloatArray
from forward_factor.notify.messages import new_york_time
from forward_factor.services.explain_ticker import Explanation
from forward_factor.services.views import CandidateView, ExpiryView

_SIZE_INCHES, _DOTS_AN_INCH = (8.0, 5.0), 120
_POINTS, _PAIR = "#1f5fa8", "#c1440e"


def draw_term_structure(found: Explanation, pair: CandidateView | None) -> bytes:
    """Return a picture of vols by days to expiry, with what bid and ask say of each, and a pair's forward vol.

    Nothing is shared between calls, so threads may draw at once.
    """
    figure = Figure(figsize=_SIZE_INCHES, dpi=_DOTS_AN_INCH, layout="constrained")
    canvas, axes = FigureCanvasAgg(figure), figure.subplots()
    known = [one for one in found.term_structure if one.atm_iv is not None]
    if known:
        _draw_vols(axes, known)
    else:
        axes.text(0.5, 0.5, "no implied vols in this scan", ha="center", transform=axes.transAxes)
    if pair is not None:
        _draw_pair(axes, pair)
    axes.set_title(_plain(f"{found.ticker}: implied vol by expiry, {new_york_time(found.as_of)}"))
    axes.set_xlabel("days to expiry")
    axes.set_ylabel("implied vol at the money, %")
    axes.grid(visible=True, alpha=0.3)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc="best")
    picture = BytesIO()
    canvas.print_png(picture)  # type: ignore[no-untyped-call]
    return picture.getvalue()


def _draw_vols(axes: Axes, expiries: list[ExpiryView]) -> None:
    dte = [one.dte for one in expiries]
    mid = _percents([one.atm_iv for one in expiries])
    below = _bars(mid - _percents([one.atm_iv_bid for one in expiries]))
    above = _bars(_percents([one.atm_iv_ask for one in expiries]) - mid)
    axes.errorbar(dte, mid, yerr=np.vstack([below, above]), fmt="o-", color=_POINTS, capsize=3, label="mid, bid to ask")


def _draw_pair(axes: Axes, pair: CandidateView) -> None:
    if pair.front_dte is None or pair.back_dte is None or pair.sigma_fwd is None:
        return
    forward = 100 * pair.sigma_fwd
    axes.plot([pair.front_dte, pair.back_dte], _percents([pair.front_iv, pair.back_iv]), "D", color=_PAIR, markersize=7)
    label = _plain(f"{pair.pair} forward {forward:.1f} %, FF {pair.ff or 0.0:.3f}")
    axes.hlines(forward, pair.front_dte, pair.back_dte, color=_PAIR, linewidth=3, label=label)


def _percents(values: list[float | None]) -> FloatArray:
    return 100 * np.array([np.nan if one is None else one for one in values], dtype=np.float64)


def _bars(lengths: FloatArray) -> FloatArray:
    """Return lengths of error bars: none where a side is not known, or lies on the wrong side."""
    return np.maximum(np.nan_to_num(lengths), 0.0)


def _plain(text: str) -> str:
    """Return text in which nothing is taken for a formula."""
    return text.replace("$", r"\$")
