"""Telegram: a code that links a chat, the chats that are linked, and a pause of alerts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from nicegui import ui

from forward_factor.server.web.formats import instant
from forward_factor.server.web.parts import note, panel, subtitle, title
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.visit import Visit
from forward_factor.services.change_settings import change_settings
from forward_factor.services.chat_views import ChatView, LinkCodeView
from forward_factor.services.issue_link_code import issue_link_code
from forward_factor.services.list_chats import list_chats
from forward_factor.services.unlink_chat import unlink_chat

LOOKS_EVERY_S = 4.0
_NONE_LEFT = timedelta(0)


@web_page("/telegram", "Telegram")
async def show_telegram(visit: Visit) -> None:
    """Build the page."""
    title("Telegram")
    await _Telegram(visit).build()


class _Telegram:
    """The page as it stands: the code that was given, if any, and the chats."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._code: LinkCodeView | None = None
        self._known: Sequence[ChatView] = ()

    async def build(self) -> None:
        """Draw the page."""
        with ui.element("div").classes("grid"):
            with panel("Link a chat"):
                self._linking()
            with panel("Alerts"):
                self._pause()
        with panel("Your chats"):
            self._chats = ui.element("div").props("aria-live=polite")
        await self._refresh()
        self._visit.every(LOOKS_EVERY_S, self._refresh)
        ui.timer(1.0, self._count_down)

    def _linking(self) -> None:
        note(
            "Get a code, and send it to the bot within ten minutes, from the chat or group that is to have your alerts."
        )
        ui.button("Get a code", on_click=self._visit.does(self._issue)).props("unelevated no-caps").classes("below")
        self._shown = ui.element("div").props("aria-live=polite")
        self._left = ui.label().classes("muted")

    def _pause(self) -> None:
        async def change() -> None:
            visit = self._visit
            changes = {"alerts_paused": bool(switch.value)}
            defaults = visit.backend.application.account_settings
            visit.settings = await change_settings(visit.store, visit.user.id, changes, defaults)
            ui.notify("Alerts are paused." if switch.value else "Alerts come again.", type="positive")

        switch = ui.switch("Pause alerts", value=self._visit.settings.alerts_paused)
        switch.on_value_change(self._visit.does(change))
        note("Reminders of open positions still come.")
        ui.link("Quiet hours and all other rules", "/settings")

    async def _issue(self) -> None:
        visit = self._visit
        self._code = await issue_link_code(visit.store, visit.backend.application.clock, visit.user.id)
        words = f"/link {self._code.code}"
        self._shown.clear()
        with self._shown, ui.element("div").classes("bar"):
            ui.label(words).classes("code")
            ui.button("Copy", icon="content_copy", on_click=lambda: ui.clipboard.write(words)).props("flat no-caps")
        self._count_down()

    def _count_down(self) -> None:
        if self._code is None:
            return
        left = self._code.expires_at - self._visit.now
        if left <= _NONE_LEFT:
            self._forget("The code has expired: get a new one.")
        else:
            minutes, seconds = divmod(int(left.total_seconds()), 60)
            self._left.text = f"Good for one chat, for {minutes}:{seconds:02} more; an earlier code is of no use now."

    def _forget(self, words: str) -> None:
        self._code = None
        self._shown.clear()
        self._left.text = words

    async def _refresh(self) -> None:
        found = await list_chats(self._visit.store, self._visit.user.id)
        if self._code is not None and len(found) > len(self._known):
            self._forget("The chat is linked.")
        if found != self._known or not found:
            self._known = found
            self._draw(found)

    def _draw(self, chats: Sequence[ChatView]) -> None:
        self._chats.clear()
        with self._chats:
            if not chats:
                note("No chat is linked yet, so alerts are shown on these pages alone.")
            for one in chats:
                self._chat(one)

    def _chat(self, one: ChatView) -> None:
        name = one.title or f"Chat {one.chat_id}"
        with ui.element("div").classes("chat-row"):
            with ui.element("div"):
                ui.label(name).classes("strong")
                since = f"linked {instant(one.linked_at, self._visit.zone)}" if one.linked_at else "linked"
                note(since if one.is_active else f"{since}; it blocked the bot, and gets nothing until it writes again")
            unlink = ui.button("Unlink", on_click=lambda: self._ask(one, name)).props("outline no-caps")
            unlink.props["aria-label"] = f"Unlink {name}"

    def _ask(self, one: ChatView, name: str) -> None:
        async def unlink() -> None:
            await unlink_chat(self._visit.store, self._visit.user.id, one.chat_id)
            ui.notify("Unlinked.", type="positive")
            dialog.close()
            await self._refresh()

        with ui.dialog() as dialog, ui.card().classes("form-card"):
            subtitle(f"Unlink {name}?")
            note("It gets no more alerts; what is on its way to it is not sent. A new code links it again.")
            with ui.element("div").classes("form-row end"):
                ui.button("Keep it", on_click=dialog.close).props("flat no-caps")
                ui.button("Unlink", on_click=self._visit.does(unlink)).props("unelevated no-caps color=negative")
        dialog.on("hide", dialog.delete)
        dialog.open()
