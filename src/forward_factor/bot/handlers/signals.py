"""/signals: the newest signals, of one ticker or of those that are watched."""

from __future__ import annotations

from forward_factor.bot import messages
from forward_factor.bot.calls import Call, Desk, Reply
from forward_factor.bot.handlers.watch import parse_tickers
from forward_factor.notify.buttons import decision_row
from forward_factor.services.list_watchlist import list_watchlist

MOST_SIGNALS, MOST_BUTTONS = 10, 5


async def signals(desk: Desk, call: Call) -> Reply:
    """List signals, the newest first, the first few with buttons."""
    if call.words:
        tickers, about = parse_tickers(call.words), "of " + ", ".join(parse_tickers(call.words)[:5])
    else:
        watched = await list_watchlist(desk.store, call.user_id)
        tickers, about = [one.ticker for one in watched], "of the tickers you watch"
    found = await desk.store.findings.signals_of(tickers, MOST_SIGNALS)
    rows = [decision_row(one.id, f"{one.ticker[:15]} {(one.pair or '')[:7]}".strip()) for one in found[:MOST_BUTTONS]]
    return Reply(messages.signals(found, about), tuple(row for row in rows if row))
