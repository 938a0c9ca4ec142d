"""Colours, for what style sheets don't reach: charts are drawn by the browser on a canvas. The same as in site.css."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """One scheme; every text colour has a contrast of 4.5 or more on ``surface`` (WCAG AA).

    Attributes:
        series: colours of lines and bars, told apart by people who see few colours too.

    """

    is_dark: bool
    surface: str
    text: str
    muted: str
    line: str
    accent: str
    good: str
    bad: str
    warn: str
    series: tuple[str, ...]


LIGHT = Palette(
    is_dark=False,
    surface="#ffffff",
    text="#17202a",
    muted="#566270",
    line="#dbe1e7",
    accent="#0f6b5c",
    good="#12703f",
    bad="#b3261e",
    warn="#8a5300",
    series=("#0f6b5c", "#c2570c", "#2f5fb3", "#8e3b8c", "#6b6f00"),
)
DARK = Palette(
    is_dark=True,
    surface="#171d24",
    text="#e6ebf0",
    muted="#a3b0bd",
    line="#313b46",
    accent="#5fd0b8",
    good="#6fd69a",
    bad="#ff8f85",
    warn="#f3bd62",
    series=("#5fd0b8", "#ffab6b", "#8ab4ff", "#e0a1de", "#d5d85c"),
)
