"""/settings and /set."""

from __future__ import annotations

from forward_factor.bot import messages
from forward_factor.bot.calls import Call, Desk, Reply
from forward_factor.errors import InvalidInput
from forward_factor.services.change_settings import change_settings
from forward_factor.services.read_settings import read_settings


async def settings(desk: Desk, call: Call) -> Reply:
    """List the settings."""
    return Reply(messages.settings(await read_settings(desk.store, call.user_id, desk.application.account_settings)))


async def set_(desk: Desk, call: Call) -> Reply:
    """Change one setting."""
    name, *value = call.words or ("",)
    if not value:
        raise InvalidInput("say /set NAME VALUE; /settings lists the names")
    defaults = desk.application.account_settings
    name = name.strip("=:").lower()
    changed = await change_settings(desk.store, call.user_id, {name: " ".join(value).lstrip("= ")}, defaults)
    return Reply(messages.setting(name, changed))
