"""Signals: the page one comes home to."""

from __future__ import annotations

from forward_factor.server.web.routing import web_page
from forward_factor.server.web.signals.board import Board
from forward_factor.server.web.visit import Visit


@web_page("/", "Signals")
async def show_signals(visit: Visit) -> None:
    """Build the page."""
    await Board(visit).build()
