"""``watchlist``: which tickers the caller watches."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel, Field

from forward_factor.errors import NotFound
from forward_factor.server.deps import BackendOf, CallerOf, OpenStore
from forward_factor.server.inputs import Given, Ticker, TickerInPath
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.list_watchlist import list_watchlist
from forward_factor.services.remove_from_watchlist import remove_from_watchlist
from forward_factor.services.views import WatchedTicker

MOST_AT_ONCE = 200

router = APIRouter(prefix="/watchlist", tags=["watchlist"])


class Watchlist(BaseModel):
    """What the caller watches, by ticker."""

    items: Sequence[WatchedTicker]


class NewTickers(Given):
    """Tickers to watch."""

    tickers: list[Ticker] = Field(min_length=1, max_length=MOST_AT_ONCE, examples=[["AAPL", "BRK.B"]])


class AddedTickers(BaseModel):
    """What was added, and what was on the list already."""

    added: Sequence[str]
    already: Sequence[str]


@router.get("")
async def read_watchlist(store: OpenStore, caller: CallerOf) -> Watchlist:
    """List the caller's tickers, each with how often and when last it was scanned."""
    return Watchlist(items=await list_watchlist(store, caller.user.id))


@router.post("")
async def add_tickers(backend: BackendOf, store: OpenStore, caller: CallerOf, body: NewTickers) -> AddedTickers:
    """Watch tickers, all or none."""
    added = await add_to_watchlist(store, backend.application.clock, caller.user.id, body.tickers)
    return AddedTickers(added=added, already=[one for one in dict.fromkeys(body.tickers) if one not in added])


@router.delete("/{ticker}", status_code=HTTPStatus.NO_CONTENT)
async def remove_ticker(store: OpenStore, caller: CallerOf, ticker: TickerInPath) -> None:
    """Watch a ticker no longer."""
    if not await remove_from_watchlist(store, caller.user.id, [ticker]):
        raise NotFound(f"{ticker} is not on your watchlist")
