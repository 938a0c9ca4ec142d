"""Signals: the page one comes home to."""

from __future__ import annotations

from forward_factor.server.web.parts import note, title
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit


@web_page("/", "Signals")
async def show_signals(visit: Visit) -> None:
    """Build the page."""
    title("Signals")
    note(f"Signed in as {visit.user.email}.")
