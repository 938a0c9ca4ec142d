"""/history: what the user decided."""

from __future__ import annotations

from forward_factor.bot import messages
from forward_factor.bot.calls import Call, Desk, Reply
from forward_factor.services.list_decisions import list_decisions

MOST_DECISIONS = 15


async def history(desk: Desk, call: Call) -> Reply:
    """List decisions, the newest first."""
    page = await list_decisions(desk.store, call.user_id, limit=MOST_DECISIONS)
    return Reply(messages.history(page.decisions, has_more=page.next is not None))
