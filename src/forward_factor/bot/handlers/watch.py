"""/add, /remove, /list, and /watchlist with the same words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from forward_factor.bot import messages
from forward_factor.bot.calls import Call, Desk, Reply
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.list_watchlist import list_watchlist
from forward_factor.services.remove_from_watchlist import remove_from_watchlist

MOST_TICKERS = 50


async def add(desk: Desk, call: Call) -> Reply:
    """Put tickers on the watchlist, all or none."""
    wanted = parse_tickers(call.words)
    added = await add_to_watchlist(desk.store, desk.clock, call.user_id, wanted)
    return Reply(messages.added(added, [one for one in wanted if one not in added]))


async def remove(desk: Desk, call: Call) -> Reply:
    """Take tickers off the watchlist, all or none."""
    unwanted = parse_tickers(call.words)
    removed = await remove_from_watchlist(desk.store, call.user_id, unwanted)
    gone = {one.upper() for one in removed}
    return Reply(messages.removed(removed, [one for one in unwanted if one not in gone]))


async def list_(desk: Desk, call: Call) -> Reply:
    """List the watchlist."""
    return Reply(messages.watchlist(await list_watchlist(desk.store, call.user_id)))


async def watchlist(desk: Desk, call: Call) -> Reply:
    """Do what the first word says: add, remove, or list, which nothing says too."""
    word, rest = (call.words[0].lower(), call.words[1:]) if call.words else ("list", ())
    handlers = {"add": add, "remove": remove, "list": list_}
    if word not in handlers:
        raise InvalidInput("say /watchlist add AAPL, /watchlist remove AAPL or /watchlist list")
    return await handlers[word](desk, replace(call, words=tuple(rest)))


def parse_tickers(words: Sequence[str]) -> list[str]:
    """Return tickers, with commas or without, each once.

    Raises:
        InvalidInput: there is none, one is no ticker, or there are too many.

    """
    named = [part for word in words for part in word.split(",") if part]
    if not named:
        raise InvalidInput("name a ticker, e.g. AAPL")
    if len(named) > MOST_TICKERS:
        raise InvalidInput(f"{MOST_TICKERS} tickers at once are enough, not {len(named)}")
    return list(dict.fromkeys(map(parse_ticker, named)))
