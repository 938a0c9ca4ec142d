"""/pause and /resume: alerts stop, and come again."""

from __future__ import annotations

from forward_factor.bot import messages
from forward_factor.bot.calls import Call, Desk, Reply
from forward_factor.services.change_settings import change_settings


async def pause(desk: Desk, call: Call) -> Reply:
    """Let no alerts come; reminders still do."""
    return await _set(desk, call, is_paused=True)


async def resume(desk: Desk, call: Call) -> Reply:
    """Let alerts come again."""
    return await _set(desk, call, is_paused=False)


async def _set(desk: Desk, call: Call, *, is_paused: bool) -> Reply:
    defaults = desk.application.account_settings
    await change_settings(desk.store, call.user_id, {"alerts_paused": is_paused}, defaults)
    return Reply(messages.paused(is_paused=is_paused))
