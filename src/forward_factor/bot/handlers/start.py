"""/start: a new account for a new chat, a greeting for a known one; with a code, a link."""

from __future__ import annotations

from forward_factor.bot import messages
from forward_factor.bot.calls import Call, Desk, Reply
from forward_factor.bot.handlers.link import link
from forward_factor.services.register_chat import register_chat


async def start(desk: Desk, call: Call) -> Reply:
    """Register the chat where anyone may, unless it is somebody's; a group is only ever linked."""
    if call.words:  # Telegram's deep links, t.me/BOT?start=CODE
        return await link(desk, call)
    if call.linked is not None:
        return Reply(messages.welcome(is_new=False))
    if call.is_group or not desk.application.settings.registration_open:
        return Reply(messages.how_to_link(is_group=call.is_group))
    await register_chat(desk.store, desk.clock, desk.application.account_settings, call.chat)
    return Reply(messages.welcome(is_new=True))
