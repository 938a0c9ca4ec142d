"""/term: a picture of a ticker's term structure."""

from __future__ import annotations

import asyncio

from forward_factor.bot import messages
from forward_factor.bot.calls import Call, Desk, Reply
from forward_factor.bot.handlers.why import last_scan
from forward_factor.bot.pictures import draw_term_structure
from forward_factor.core.rules import VolPoint
from forward_factor.services.explain_ticker import Explanation
from forward_factor.services.views import CandidateView


async def term(desk: Desk, call: Call) -> Reply:
    """Draw the last scan's vols by expiry, with the dearest pair's forward vol; beside the event loop."""
    found = await last_scan(desk, call)
    pair = dearest_pair(found)
    picture = await asyncio.to_thread(draw_term_structure, found, pair)
    return Reply(messages.caption(found, pair), picture=picture)


def dearest_pair(found: Explanation) -> CandidateView | None:
    """Return the candidate at the money with the largest forward factor."""
    known = [one for one in found.candidates if one.vol_point == VolPoint.ATM.value and one.ff is not None]
    return max(known, key=lambda one: one.ff or 0.0, default=None)
