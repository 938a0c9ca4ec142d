"""The account: its address, its password, its sessions, its data."""

from __future__ import annotations

from nicegui import ui

from forward_factor.server.web.parts import title
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit


@web_page("/account", "Account")
async def show_account(visit: Visit) -> None:
    """Build the page."""
    title("Account")
    ui.label(visit.user.email or visit.user.id)
