"""/why: what the last scan of a ticker found, gate by gate."""

from __future__ import annotations

from forward_factor.bot import messages
from forward_factor.bot.calls import Call, Desk, Reply
from forward_factor.bot.handlers.watch import parse_tickers
from forward_factor.errors import NotFound
from forward_factor.services.explain_ticker import Explanation, explain_ticker


async def why(desk: Desk, call: Call) -> Reply:
    """List the candidates of the last scan with their reasons."""
    return Reply(messages.explanation(await last_scan(desk, call)))


async def last_scan(desk: Desk, call: Call) -> Explanation:
    """Return the last scan of the ticker that was named; only who has an account may ask.

    Raises:
        InvalidInput: none was named, or no ticker.
        NotFound: it was not scanned yet, or the chat is nobody's.

    """
    _, ticker = call.user_id, parse_tickers(call.words)[0]
    try:
        return await explain_ticker(desk.store.findings, ticker)
    except NotFound:
        raise NotFound(f"{ticker} was not scanned yet: /add {ticker}, and it will be when the market is open") from None
