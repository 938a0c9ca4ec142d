"""What to ask Polygon (now Massive) about the market: daily bars of all of it, prices, who has options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from forward_factor.providers.http import HttpRequest

LONGEST_LIST = 1_500
"""Characters of tickers in one address; proxies cut off addresses from 2,000 on."""


def daily_bars_request(day: date) -> HttpRequest:
    """Ask for the bars of all shares on a trading day; over the counter ones have no options and are left out."""
    return HttpRequest(
        path=f"/v2/aggs/grouped/locale/us/market/stocks/{day.isoformat()}",
        subject=f"daily bars of {day}",
        params=(("adjusted", "true"), ("include_otc", "false")),
    )


def prices_requests(symbols: Sequence[str]) -> Iterator[HttpRequest]:
    """Ask for the snapshots of the vendor's ``symbols``, as many at once as an address holds.

    An empty list would give the whole market, so there is no request for it.
    """
    for some in _batches(symbols):
        named = f"prices of {some[0]}" + (f" and {len(some) - 1} more" if len(some) > 1 else "")
        yield HttpRequest(
            path="/v2/snapshot/locale/us/markets/stocks/tickers", subject=named, params=(("tickers", ",".join(some)),)
        )


def one_contract_request(ticker: str, symbol: str) -> HttpRequest:
    """Ask for any one option contract on the vendor's ``symbol``."""
    return HttpRequest(
        path="/v3/reference/options/contracts",
        subject=f"{ticker} (options)",
        params=(("underlying_ticker", symbol), ("limit", "1")),
    )


def _batches(symbols: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    length = 0
    for symbol in symbols:
        if batch and length + len(symbol) + 1 > LONGEST_LIST:
            yield batch
            batch, length = [], 0
        batch.append(symbol)
        length += len(symbol) + 1
    if batch:
        yield batch
