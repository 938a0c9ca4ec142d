"""All pages of the site, in one list: those who walk it and those who picture it go by the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageOf:
    """A page, and what its picture is called."""

    name: str
    path: str


PLAIN = (PageOf("login", "/login"), PageOf("register", "/register"))
"""What is seen without a session."""


def pages(signal_id: str, ticker: str, run_id: str | None = None) -> Sequence[PageOf]:
    """Return what an administrator sees; ``run_id`` is a backtest's."""
    return (
        PageOf("signals", "/"),
        PageOf("signal", f"/signals/{signal_id}"),
        PageOf("why", f"/why/{ticker}"),
        PageOf("watchlist", "/watchlist"),
        PageOf("history", "/history"),
        PageOf("research", f"/research/{ticker}"),
        PageOf("research-time", f"/research/{ticker}/time"),
        PageOf("research-prices", f"/research/{ticker}/prices"),
        PageOf("research-quality", f"/research/{ticker}/quality"),
        PageOf("backtests", "/backtests"),
        *([PageOf("backtest", f"/backtests/{run_id}")] if run_id else []),
        PageOf("settings", "/settings"),
        PageOf("telegram", "/telegram"),
        PageOf("account", "/account"),
        PageOf("admin", "/admin"),
        PageOf("admin-store", "/admin/store"),
        PageOf("admin-users", "/admin/users"),
    )
