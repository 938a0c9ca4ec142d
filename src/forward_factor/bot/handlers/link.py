"""/link: the chat becomes a user's by a code; without one, a code for another chat."""

from __future__ import annotations

from forward_factor.bot import messages
from forward_factor.bot.calls import Call, Desk, Reply
from forward_factor.errors import LinkRefused
from forward_factor.services.issue_link_code import issue_link_code
from forward_factor.services.link_chat import link_chat


async def link(desk: Desk, call: Call) -> Reply:
    """Use a code, or give one."""
    if call.words:
        if not desk.patience.allows_guess(call.chat.chat_id):
            raise LinkRefused("too many codes were tried: wait ten minutes")
        return Reply(messages.linked(await link_chat(desk.store, desk.clock, " ".join(call.words), call.chat)))
    if call.linked is None or call.is_group:  # a code in a group would be everybody's
        return Reply(messages.how_to_link(is_group=call.is_group))
    return Reply(messages.link_code(await issue_link_code(desk.store, desk.clock, call.user_id)))
