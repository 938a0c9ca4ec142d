"""Bars drawn in the terminal: closes as a line, volumes below it."""

from __future__ import annotations

from collections.abc import Sequence

import plotext
from rich.text import Text

from forward_factor.cli.plots import WIDEST
from forward_factor.core.bars import Timeframe
from forward_factor.core.chain import new_york_date
from forward_factor.services.record_views import BarView

PRICE_HEIGHT, VOLUME_HEIGHT = 14, 7
FEWEST = 2


def draw_bars(title: str, timeframe: Timeframe, bars: Sequence[BarView], width: int) -> Text:
    """Return closes and volumes by time; the axis counts bars, so closed hours take no room."""
    if len(bars) < FEWEST:
        return Text(f"{title}: too few bars to draw")
    places = list(range(len(bars)))
    _begin(title, PRICE_HEIGHT, width)
    plotext.plot(places, [bar.close for bar in bars], marker="braille")
    plotext.xticks([])
    price = Text.from_ansi(plotext.build())
    _begin("volume, millions", VOLUME_HEIGHT, width)
    plotext.bar(places, [bar.volume / 1e6 for bar in bars], marker="sd", width=1 / 2)
    shown = sorted({0, len(bars) // 2, len(bars) - 1})
    plotext.xticks(shown, [say_time(timeframe, bars[one]) for one in shown])
    return price.append("\n").append(Text.from_ansi(plotext.build()))


def say_time(timeframe: Timeframe, bar: BarView) -> str:
    """Return a day's New York date, or the instant in UTC."""
    return f"{new_york_date(bar.at)}" if timeframe is Timeframe.DAY else f"{bar.at:%Y-%m-%d %H:%MZ}"


def _begin(title: str, height: int, width: int) -> None:
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(min(width, WIDEST), height)
    plotext.title(title)
