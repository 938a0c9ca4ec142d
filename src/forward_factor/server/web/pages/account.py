"""The account: its address, its password, its sessions, its data, its end."""

from __future__ import annotations

from nicegui import ui

from forward_factor.server.web.formats import instant
from forward_factor.server.web.parts import facts, note, panel, title
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit

_DONE = {"password": "The password is changed. Every other session has ended."}


@web_page("/account", "Account")
async def show_account(visit: Visit, done: str = "") -> None:
    """Build the page; ``done`` names what was done just now."""
    title("Account")
    if done in _DONE:
        ui.label(_DONE[done]).classes("said").props("role=status")
    with panel():
        user = visit.user
        facts({
            "E-mail": user.email or "none: known from Telegram alone",
            "Role": user.role.value,
            "Since": instant(user.created_at, visit.zone),
        })  # fmt: skip
    with ui.element("div").classes("grid"):
        with panel("Password"):
            note("Changing it ends all other sessions, and all tokens of programs.")
            ui.link("Change the password", "/account/password")
        with panel("Sessions"):
            note("Log out this browser, every other one, and every program with a token of yours.")
            with ui.element("form").props("method=post action=/account/sessions"):
                ui.element("button").props("type=submit").classes("plain-button").add_slot(
                    "default", "Log out everywhere"
                )
        with panel("Your data"):
            note("All that is kept about you, as one JSON file; hashes of secrets are left out.")
            ui.link("Download it", "/account.json").props("download")
        with panel("Telegram"):
            note("Chats that alerts go to.")
            ui.link("Link or unlink a chat", "/telegram")
        with panel("Delete the account"):
            note("The account goes with all that is of it. The password is asked for first.")
            ui.link("Delete it", "/account/delete").classes("bad")
